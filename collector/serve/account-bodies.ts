import { Instant } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';
import { Role } from '../accounts/role.ts';

const closed = { additionalProperties: false };
const version = Type.Literal(1);
const name = Type.String({ minLength: 1, maxLength: 64, description: 'Lower-case letters, digits and . _ @ + -' });

/** Somebody who may sign in. */
export const UserView = Type.Object(
  {
    name,
    role: Role,
    /** `link`: not before a password is set by the link; `elsewhere`: a proxy, or a provider that has not named them yet. */
    signsIn: Type.Enum(['password', 'provider', 'link', 'elsewhere']),
    createdAt: Instant,
    disabledAt: Type.Optional(Instant),
    inviteEndsAt: Type.Optional(Instant),
    sessions: Type.Integer(),
    seenAt: Type.Optional(Instant),
    apiTokens: Type.Integer(),
  },
  closed,
);
export type UserView = Static<typeof UserView>;

/** POST /api/v1/users. */
export const UserBody = Type.Object(
  {
    name,
    role: Role,
    /** With a link by which they set a password; false: they sign in elsewhere. */
    invite: Type.Boolean(),
  },
  closed,
);
export type UserBody = Static<typeof UserBody>;

/** PATCH /api/v1/users/NAME: one of both. */
export const UserChangeBody = Type.Object(
  { role: Type.Optional(Role), disabled: Type.Optional(Type.Boolean()) },
  { ...closed, minProperties: 1, maxProperties: 1 },
);
export type UserChangeBody = Static<typeof UserChangeBody>;

/** What is told once: the path, below this collector's address, of a link that sets a password. */
export const Invite = Type.Object({ path: Type.String(), expiresAt: Instant }, closed);
export type Invite = Static<typeof Invite>;

export const UserMade = Type.Object({ version, name, invite: Type.Optional(Invite) }, closed);
export type UserMade = Static<typeof UserMade>;

/** A browser that is signed in. */
export const SessionView = Type.Object(
  {
    /** Names it; no cookie can be made of it. */
    id: Type.String(),
    createdAt: Instant,
    seenAt: Instant,
    endsAt: Instant,
    address: Type.String(),
    /** It is the one that asks. */
    own: Type.Boolean(),
  },
  closed,
);
export type SessionView = Static<typeof SessionView>;

/** An API token; nobody has the token itself. */
export const ApiTokenView = Type.Object(
  {
    name,
    role: Role,
    /** Whose it is: it may no more than they, and goes with them. Absent: nobody's. */
    user: Type.Optional(Type.String()),
    createdBy: Type.String(),
    createdAt: Instant,
    expiresAt: Instant,
    usedAt: Type.Optional(Instant),
  },
  closed,
);
export type ApiTokenView = Static<typeof ApiTokenView>;

/** POST /api/v1/api-tokens. */
export const ApiTokenBody = Type.Object(
  { name, role: Role, days: Type.Integer({ minimum: 1, maximum: 3650 }) },
  closed,
);
export type ApiTokenBody = Static<typeof ApiTokenBody>;

/** The token itself, which is told this once. */
export const ApiTokenMade = Type.Object(
  { version, name, role: Role, token: Type.String(), expiresAt: Instant },
  closed,
);
export type ApiTokenMade = Static<typeof ApiTokenMade>;
