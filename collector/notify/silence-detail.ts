import type { AuditEntry } from '../store/accounts.ts';
import type { Silence } from '../store/tell.ts';

/** A silence as the audit history tells it: `of` is what has to fit, as JSON. */
export function silenceDetail({ reason, until, match }: Silence): AuditEntry['detail'] {
  return { reason, until: new Date(until).toISOString(), of: JSON.stringify(match) };
}
