import Type, { type Static } from 'typebox';

/** How the agent stands with its collector. `until`: milliseconds since 1970. */
export const ConnectionState = Type.Union([
  Type.Object({ state: Type.Literal('not-enrolled') }),
  Type.Object({ state: Type.Enum(['connecting', 'connected']), authority: Type.String() }),
  Type.Object({ state: Type.Literal('waiting'), authority: Type.String(), why: Type.String(), until: Type.Number() }),
]);
export type ConnectionState = Static<typeof ConnectionState>;
