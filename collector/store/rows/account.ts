import type { Role } from '../../accounts/role.ts';
import { reaches } from '../../accounts/roles.ts';
import type { Actor, ApiToken, AuditEntry, User, UserState, WebSession } from '../accounts.ts';
import type { AuditAction } from '../audit-words.ts';

/** As both databases give it. */
export interface RawUser {
  name: string;
  role: Role;
  password: string | null;
  issuer: string | null;
  subject: string | null;
  created_at: number;
  disabled_at: number | null;
  elsewhere: number;
}

export interface RawUserState extends RawUser {
  sessions: number;
  seen_at: number | null;
  api_tokens: number;
  invite_ends_at: number | null;
}

export interface RawSession {
  name: string;
  role: Role;
  created_at: number;
  seen_at: number;
  ends_at: number;
  address: string;
}

export interface RawApiToken {
  name: string;
  role: Role;
  created_by: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
  web_user: string | null;
  user_role: Role | null;
}

export interface RawAudit {
  id: number;
  at: number;
  actor: string;
  via: Actor['via'];
  action: AuditAction;
  subject: string;
  detail: string;
}

export function readUser(raw: RawUser): User {
  const { name, role, password, issuer, subject, created_at, disabled_at, elsewhere } = raw;
  return {
    name,
    role,
    password: password ?? undefined,
    identity: issuer === null || subject === null ? undefined : { issuer, subject },
    createdAt: created_at,
    ...(elsewhere !== 0 && { elsewhere: true }),
    ...(disabled_at !== null && { disabledAt: disabled_at }),
  };
}

export function readUserState(row: RawUserState): UserState {
  return {
    ...readUser(row),
    sessions: row.sessions,
    seenAt: row.seen_at ?? undefined,
    apiTokens: row.api_tokens,
    inviteEndsAt: row.invite_ends_at ?? undefined,
  };
}

export function readSession({ name, role, created_at, seen_at, ends_at, address }: RawSession): WebSession {
  return { user: name, role, createdAt: created_at, seenAt: seen_at, endsAt: ends_at, address };
}

export function readApiToken(row: RawApiToken): ApiToken {
  const { name, role, user_role: owns, created_by, created_at, expires_at, used_at, web_user } = row;
  return {
    name,
    role: owns === null || reaches(owns, role) ? role : owns,
    ...(web_user !== null && { user: web_user }),
    createdBy: created_by,
    createdAt: created_at,
    expiresAt: expires_at,
    usedAt: used_at ?? undefined,
  };
}

export function readAudit({ detail, ...entry }: RawAudit): AuditEntry & { id: number } {
  const texts: Record<string, string> = JSON.parse(detail);
  return { ...entry, detail: texts };
}
