import type { AuditEntry } from '../store/accounts.ts';

/** An entry of the history as it is shown. */
export function auditView({ id, at, actor, via, action, subject, detail }: AuditEntry & { id: number }) {
  return { id, at: new Date(at).toISOString(), actor, via, action, subject, detail };
}
