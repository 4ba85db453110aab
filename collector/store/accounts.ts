import type { Role } from '../accounts/role.ts';
import type { Kept } from './kept.ts';

/** Somebody who may sign in. Instants are milliseconds since 1970. */
export interface User {
  /** Lower case. */
  name: string;
  role: Role;
  /** argon2id as a PHC string; undefined: signs in elsewhere. */
  password: string | undefined;
  /** Who the OpenID provider says that this is, since its first sign-in. */
  identity: { issuer: string; subject: string } | undefined;
  createdAt: number;
}

/** A browser that signed in, and who it is now. */
export interface WebSession {
  user: string;
  role: Role;
  createdAt: number;
  seenAt: number;
  endsAt: number;
}

export interface ApiToken {
  name: string;
  role: Role;
  createdBy: string;
  createdAt: number;
  expiresAt: number;
  /** About when it was last used. */
  usedAt: number | undefined;
}

/** What goes into the audit history. */
export type AuditAction =
  | 'set-up'
  | 'user-added'
  | 'user-role-changed'
  | 'user-password-changed'
  | 'user-removed'
  | 'signed-in'
  | 'signed-out'
  | 'sign-in-failed-too-often'
  | 'api-token-created'
  | 'api-token-revoked'
  | 'join-token-created'
  | 'labels-set'
  | 'labels-removed'
  | 'list-imported'
  | 'target-added'
  | 'target-removed'
  | 'host-revoked'
  | 'request-asked'
  | 'campaign-started'
  | 'campaign-paused'
  | 'campaign-resumed'
  | 'campaign-member-skipped'
  | 'campaign-aborted'
  | 'incident-acknowledged'
  | 'silence-added'
  | 'silence-ended';

/** Who, and by which way. */
export interface Actor {
  actor: string;
  /** `set-up`: the one-time link. `proxy`: a reverse proxy named who it is. `link`: one in a message, whose holder says who it is. */
  via: 'command' | 'page' | 'api-token' | 'proxy' | 'set-up' | 'link' | 'nobody';
}

export interface AuditEntry extends Actor {
  at: number;
  action: AuditAction;
  /** What it was done to: a user, a token, a pattern, a host. */
  subject: string;
  detail: Readonly<Record<string, string>>;
}

/** Who may open the page and the API, and what was changed by whom. A change is kept together with its entry in the history. False: there is no such one, or the name is taken. */
export interface Accounts {
  hasUsers: () => Promise<boolean>;
  /** By name. */
  users: () => Promise<User[]>;
  user: (name: string) => Promise<User | undefined>;
  userOf: (identity: { issuer: string; subject: string }) => Promise<User | undefined>;
  addUser: (user: User, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Ends their sessions. */
  setRole: (name: string, role: Role, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Ends their sessions. */
  setPassword: (name: string, password: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Once: false where somebody else is bound already. */
  bindIdentity: (name: string, identity: { issuer: string; subject: string }) => Promise<Kept<boolean>>;
  removeUser: (name: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** Takes the place of the link before. */
  keepSetUp: (hash: string, expiresAt: number) => Promise<Kept<void>>;
  /** Is the link good? It is once, and only while there is no user. */
  isSetUp: (hash: string, at: number) => Promise<boolean>;
  /** Spends the link for the first user. */
  setUp: (hash: string, user: User, entry: AuditEntry) => Promise<Kept<boolean>>;
  addSession: (
    hash: Uint8Array,
    session: Pick<WebSession, 'user' | 'createdAt' | 'endsAt'>,
    entry: AuditEntry,
  ) => Promise<Kept<boolean>>;
  session: (hash: Uint8Array) => Promise<WebSession | undefined>;
  noteSeen: (hash: Uint8Array, at: number) => Promise<Kept<void>>;
  endSession: (hash: Uint8Array, entry: AuditEntry) => Promise<Kept<boolean>>;
  addApiToken: (hash: Uint8Array, token: Omit<ApiToken, 'usedAt'>, entry: AuditEntry) => Promise<Kept<boolean>>;
  /** By name. */
  apiTokens: () => Promise<ApiToken[]>;
  apiToken: (hash: Uint8Array) => Promise<ApiToken | undefined>;
  noteUsed: (hash: Uint8Array, at: number) => Promise<Kept<void>>;
  revokeApiToken: (name: string, entry: AuditEntry) => Promise<Kept<boolean>>;
  addAudit: (entry: AuditEntry) => Promise<Kept<void>>;
  /** Newest first; with `before` those that came before that entry. */
  audit: (before: number | undefined, limit: number) => Promise<(AuditEntry & { id: number })[]>;
}
