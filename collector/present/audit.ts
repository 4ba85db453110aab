import type { AuditView } from '../serve/api/views.ts';
import { csvOf } from './csv.ts';

const dayMs = 86_400_000;

export function auditCsv(entries: readonly AuditView[]): string {
  return csvOf(
    ['when', 'who', 'by', 'what', 'of', 'detail'],
    entries.map(({ at, actor, via, action, subject, detail }) => [
      at,
      actor,
      via,
      action,
      subject,
      detailWords(detail),
    ]),
  );
}

export function detailWords(detail: AuditView['detail']): string {
  return Object.entries(detail)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}

/** What is looked for anywhere in a text, as the audit history's filter has it: "*" stands for any characters. */
export function anywhere(text: string): string {
  return text.includes('*') ? text : `*${text}*`;
}

/** Days in UTC, "2026-11-28", both included, as instants: from `since` on, and before `until`. Milliseconds since 1970; undefined: no such day. */
export function daysBetween(
  since: string | null | undefined,
  until: string | null | undefined,
): { since: number | undefined; until: number | undefined } {
  const last = dayOf(until);
  return { since: dayOf(since), until: last === undefined ? undefined : last + dayMs };
}

function dayOf(text: string | null | undefined): number | undefined {
  const at = /^\d{4}-\d\d-\d\d$/.test(text ?? '') ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
