import { createHash } from 'node:crypto';
import type { LabelDraft, LabelRule, ListedFacts, TokenLabels } from '../facts.ts';

/** As both databases give it. */
export interface RawRule {
  id: number;
  scope: LabelRule['scope'];
  pattern: string;
  key: string;
  value: string;
  source: LabelRule['source'];
  set_by: string;
  set_at: number;
}

export function readRule({ set_by, set_at, ...row }: RawRule): LabelRule {
  return { ...row, setBy: set_by, setAt: set_at };
}

/** Names a rule as it stands: whoever has it has seen that very rule. */
export function labelTag(rule: LabelRule): string {
  const { id, scope, pattern, key, value, source, setBy, setAt } = rule;
  return digest([id, scope, pattern, key, value, source, setBy, setAt]);
}

/** Names an imported list as it stands. */
export function listTag(rows: readonly ListedFacts[]): string {
  return digest(rows.map(({ name, expiration, issuer, labels }) => [name, expiration, issuer, labels]));
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

export function readListed({ name, body }: { name: string; body: string }): ListedFacts {
  const rest: Omit<ListedFacts, 'name'> = JSON.parse(body);
  return { name, ...rest };
}

/**
 * What a token says of the host that enrols with it: a rule for the name that the host tells, in lower case. A name that would be a pattern, or that no
 * command could name again, gets none: a host labels nobody else.
 */
export function draftsOf({ by, values }: TokenLabels, hostName: string): LabelDraft[] {
  if (!/^[^\s\p{C}*]{1,253}$/u.test(hostName)) return [];
  const rule = { scope: 'host', pattern: hostName.toLowerCase(), source: 'enrolment', setBy: by } as const;
  return Object.entries(values).map(([key, value]) => ({ ...rule, key, value }));
}
