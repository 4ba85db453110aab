import type { Role } from '../accounts/role.ts';
import type { AuditAction, AuditWay } from './audit-words.ts';
import type { Kept } from './kept.ts';

export type { AuditAction };

/** Somebody who may sign in. Instants are milliseconds since 1970. */
export interface User {
  /** Lower case. */
  name: string;
  role: Role;
  /** argon2id as a PHC string; undefined: signs in elsewhere, or not before a link is used. */
  password: string | undefined;
  /** Who the OpenID provider says that this is, since its first sign-in. */
  identity: { issuer: string; subject: string } | undefined;
  createdAt: number;
  /** An admin said so: an OpenID provider, or a proxy, says who it is. Nobody else is bound to an identity by name. */
  elsewhere?: boolean;
  /** Since when they may not sign in; absent: they may. */
  disabledAt?: number;
}

/** How somebody stands, for who looks after users. */
export interface UserState extends User {
  /** Browsers that are signed in, and when one of them was last seen. */
  sessions: number;
  seenAt: number | undefined;
  /** API tokens of their own. */
  apiTokens: number;
  /** Until when there is a link by which they set a password. */
  inviteEndsAt: number | undefined;
}

/** A link by which somebody sets a password, to be kept together with them. */
export interface NewInvite {
  hash: Uint8Array;
  expiresAt: number;
  entry: AuditEntry;
}

/** What an admin changes of somebody. */
export type UserChange = { role: Role } | { disabledAt: number | undefined } | 'removed';

/** `last-admin`: nobody would be left who may let others in. */
export type UserChanged = 'done' | 'unknown' | 'last-admin';

/** A browser that signed in, and who it is now. */
export interface WebSession {
  user: string;
  role: Role;
  createdAt: number;
  seenAt: number;
  endsAt: number;
  /** From where it signed in. */
  address: string;
}

export interface ApiToken {
  name: string;
  /** Never more than its user's, of now. */
  role: Role;
  /** Whose it is; undefined: nobody's, as those that are made by command. */
  user?: string | undefined;
  createdBy: string;
  createdAt: number;
  expiresAt: number;
  /** About when it was last used. */
  usedAt: number | undefined;
}

/** How many tokens one user may have. */
export const mostApiTokens = 50;

/** `unknown`: whoever it would be of is gone, or disabled; `taken`: there is one of that name. */
export type ApiTokenAdded = 'done' | 'taken' | 'unknown' | 'too-many';

/** Who, and by which way. */
export interface Actor {
  actor: string;
  via: AuditWay;
}

export interface AuditEntry extends Actor {
  at: number;
  action: AuditAction;
  /** What it was done to: a user, a token, a pattern, a host. */
  subject: string;
  detail: Readonly<Record<string, string>>;
}

/** What of the history is wanted; what is absent fits all. In texts `*` stands for any characters, and letters are alike in both cases. */
export interface AuditFilter {
  actor?: string | undefined;
  subject?: string | undefined;
  action?: AuditAction | undefined;
  via?: AuditWay | undefined;
  /** Milliseconds since 1970: from this instant on. */
  since?: number | undefined;
  /** Before this one. */
  until?: number | undefined;
}

/** Who may open the page and the API, and what was changed by whom. A change is kept together with its entry in the history. False: there is no such one, or the name is taken. */
export interface Accounts {
  hasUsers: () => Promise<boolean>;
  /** By name. */
  users: () => Promise<User[]>;
  user: (name: string) => Promise<User | undefined>;
  userOf: (identity: { issuer: string; subject: string }) => Promise<User | undefined>;
  /** Both or neither. */
  addUser: (user: User, entry: AuditEntry, invite?: NewInvite) => Promise<Kept<boolean>>;
  /** Ends their sessions. */
  setRole: (name: string, role: Role, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Ends their sessions, and revokes their API tokens. */
  setPassword: (name: string, password: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Of who was made for it, and voids their link. Once: false where somebody else is bound already, or they have a password, or are disabled. */
  bindIdentity: (name: string, identity: { issuer: string; subject: string }) => Promise<Kept<boolean>>;
  removeUser: (name: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** By name; sessions that ended before `at` do not count. */
  userStates: (at: number) => Promise<UserState[]>;
  /** As `setRole` and `removeUser`, and never of the last admin who can sign in. Ends their sessions. */
  changeUser: (name: string, change: UserChange, entry: AuditEntry) => Promise<Kept<UserChanged>>;
  /** Takes the place of their link before; of nobody whom a provider knows. */
  invite: (name: string, hash: Uint8Array, expiresAt: number, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Whose link it is; undefined: it is over, or they may not sign in. */
  invited: (hash: Uint8Array, at: number) => Promise<string | undefined>;
  /** Spends the link for this password. Ends their sessions, and revokes their API tokens. */
  acceptInvite: (hash: Uint8Array, password: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Takes the place of the link before. */
  keepSetUp: (hash: string, expiresAt: number) => Promise<Kept<void>>;
  /** Is the link good? It is once, and only while there is no user. */
  isSetUp: (hash: string, at: number) => Promise<boolean>;
  /** Spends the link for the first user. */
  setUp: (hash: string, user: User, entry: AuditEntry) => Promise<Kept<boolean>>;
  addSession: (
    hash: Uint8Array,
    session: Pick<WebSession, 'user' | 'createdAt' | 'endsAt' | 'address'>,
    entry: AuditEntry,
  ) => Promise<Kept<boolean>>;
  session: (hash: Uint8Array) => Promise<WebSession | undefined>;
  noteSeen: (hash: Uint8Array, at: number) => Promise<Kept<void>>;
  endSession: (hash: Uint8Array, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Newest first. */
  sessionsOf: (user: string) => Promise<(WebSession & { hash: Uint8Array })[]>;
  /** All of one user; how many there were. */
  endSessions: (user: string, entry: AuditEntry) => Promise<Kept<number>>;
  /** Those that are over by then go, and their names with them. */
  addApiToken: (hash: Uint8Array, token: Omit<ApiToken, 'usedAt'>, entry: AuditEntry) => Promise<Kept<ApiTokenAdded>>;
  /** By name. */
  apiTokens: () => Promise<ApiToken[]>;
  apiToken: (hash: Uint8Array) => Promise<ApiToken | undefined>;
  noteUsed: (hash: Uint8Array, at: number) => Promise<Kept<void>>;
  revokeApiToken: (name: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  addAudit: (entry: AuditEntry) => Promise<Kept<void>>;
  /** Newest first; with `before` those that came before that entry. */
  audit: (before: number | undefined, limit: number, filter?: AuditFilter) => Promise<(AuditEntry & { id: number })[]>;
}
