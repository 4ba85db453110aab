import { RequestedVerb } from '@certherd/protocol/frame';
import { Instant } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';
import { Role } from '../accounts/role.ts';

const closed = { additionalProperties: false };

/** Who asks, at GET /api/v1/me. Anybody may ask. */
export const Me = Type.Object(
  {
    version: Type.Literal(1),
    /** Absent: nobody has signed in. */
    name: Type.Optional(Type.String()),
    /** What this page may do; absent: nothing before somebody signs in at /sign-in. */
    role: Type.Optional(Role),
    /** How the name is known; `open`: there are no accounts yet, and the page is for this machine alone. */
    by: Type.Enum(['session', 'token', 'proxy', 'open', 'nobody']),
    /** When the session is over at the latest. */
    endsAt: Type.Optional(Instant),
  },
  closed,
);
export type Me = Static<typeof Me>;

/** POST /api/v1/requests, for operators: asks something of a host. The answer is 202 with the request, as GET /api/v1/requests shows it. */
export const AskBody = Type.Object(
  {
    /** The host's name, or its agent's id. */
    host: Type.String({ minLength: 1, maxLength: 1024 }),
    verb: RequestedVerb,
    /** The id of something that the host itself reported; may be absent where there is only one. */
    subject: Type.Optional(Type.String({ maxLength: 9000 })),
    /** Why, for the history. */
    reason: Type.String({ minLength: 1, maxLength: 1000 }),
    /** The same key of the same person again is the same request, and is done once: make one for each press of a button. */
    key: Type.String({ minLength: 1, maxLength: 64 }),
    /** Not to be begun later than so many seconds from now; 600 where it is absent. */
    withinSeconds: Type.Optional(Type.Number({ minimum: 1, maximum: 86_400 })),
  },
  closed,
);
export type AskBody = Static<typeof AskBody>;

/** What is labelled: hosts, or server names, of this pattern; * stands for any characters. */
const place = { scope: Type.Enum(['host', 'name']), pattern: Type.String({ minLength: 1, maxLength: 253 }) };

/** POST /api/v1/labels, for operators. The answer is {version: 1, changed}: how many labels are not as before. */
export const LabelBody = Type.Object(
  {
    ...place,
    labels: Type.Record(Type.String({ maxLength: 32 }), Type.String({ maxLength: 500 }), { maxProperties: 50 }),
  },
  closed,
);
export type LabelBody = Static<typeof LabelBody>;

/** DELETE /api/v1/labels, for operators: takes labels of that very pattern away. The answer is {version: 1, changed}. */
export const UnlabelBody = Type.Object(
  { ...place, keys: Type.Array(Type.String({ maxLength: 32 }), { minItems: 1, maxItems: 50 }) },
  closed,
);
export type UnlabelBody = Static<typeof UnlabelBody>;

/** POST /api/v1/tokens, for admins: a join string, for one host. The answer is 201 with {version: 1, join, expiresAt}. */
export const TokenBody = Type.Object(
  {
    /** "HOST:PORT", where agents reach this collector; absent: public_address, else this machine. */
    url: Type.Optional(Type.String({ maxLength: 300 })),
    /** How long it may be used; an hour where it is absent. */
    lifeSeconds: Type.Optional(Type.Number({ minimum: 60, maximum: 30 * 86_400 })),
    /** What the host is labelled as it enrols. */
    labels: Type.Optional(
      Type.Record(Type.String({ maxLength: 32 }), Type.String({ maxLength: 500 }), { maxProperties: 50 }),
    ),
  },
  closed,
);
export type TokenBody = Static<typeof TokenBody>;
