import { Instant } from '@certherd/protocol/certificate';
import { Severity } from '@certherd/protocol/finding';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };

/** All that a screen on a wall shows, and nothing else of the estate. Texts are raw. */
export const WallView = Type.Object(
  {
    version: Type.Literal(1),
    at: Instant,
    hosts: Type.Object({ all: Type.Integer(), connected: Type.Integer() }, closed),
    endpoints: Type.Object({ all: Type.Integer(), proved: Type.Integer() }, closed),
    /** Each proved endpoint was looked at since; absent: none is proved. */
    lookedAt: Type.Optional(Instant),
    /** The served certificate that ends first. */
    next: Type.Optional(Type.Object({ name: Type.String(), notAfter: Instant }, closed)),
    /** How many things need a person. */
    pressing: Type.Integer(),
    /** The most urgent of them first, at most four. */
    needs: Type.Array(
      Type.Object(
        {
          /** The same while it is the same thing; says nothing of it. */
          key: Type.String({ pattern: '^[0-9a-f]{16}$' }),
          severity: Severity,
          name: Type.String(),
          owner: Type.Optional(Type.String()),
          cause: Type.String(),
          life: Type.Optional(Type.Object({ notBefore: Instant, notAfter: Instant }, closed)),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type WallView = Static<typeof WallView>;
