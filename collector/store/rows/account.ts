import type { Role } from '../../accounts/role.ts';
import type { Actor, ApiToken, AuditEntry, User, WebSession } from '../accounts.ts';
import type { AuditAction } from '../audit-words.ts';

/** As both databases give it. */
export interface RawUser {
  name: string;
  role: Role;
  password: string | null;
  issuer: string | null;
  subject: string | null;
  created_at: number;
}

export interface RawSession {
  name: string;
  role: Role;
  created_at: number;
  seen_at: number;
  ends_at: number;
}

export interface RawApiToken {
  name: string;
  role: Role;
  created_by: string;
  created_at: number;
  expires_at: number;
  used_at: number | null;
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

export function readUser({ name, role, password, issuer, subject, created_at }: RawUser): User {
  return {
    name,
    role,
    password: password ?? undefined,
    identity: issuer === null || subject === null ? undefined : { issuer, subject },
    createdAt: created_at,
  };
}

export function readSession({ name, role, created_at, seen_at, ends_at }: RawSession): WebSession {
  return { user: name, role, createdAt: created_at, seenAt: seen_at, endsAt: ends_at };
}

export function readApiToken({ name, role, created_by, created_at, expires_at, used_at }: RawApiToken): ApiToken {
  return {
    name,
    role,
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
