import { randomBytes } from 'node:crypto';
import type { AuditAction, AuditEntry, User } from '../../../collector/store/accounts.ts';

/** What the history tells of a command of root’s. */
export const entry = (action: AuditAction, subject: string, at = 1_000): AuditEntry => ({
  at,
  actor: 'root',
  via: 'command',
  action,
  subject,
  detail: { role: 'viewer' },
});

/** A viewer with some password. */
export const user = (name: string, change: Partial<User> = {}): User => ({
  name,
  role: 'viewer',
  password: '$argon2id$v=19$…',
  identity: undefined,
  createdAt: 1_000,
  ...change,
});

/** Of a secret that nobody has. */
export const hash = () => randomBytes(32);
