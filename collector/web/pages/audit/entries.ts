import type { AuditView } from '../../../serve/api/views.ts';
import { anywhere, daysBetween } from '../../../present/audit.ts';

export type Entry = AuditView;

export interface AuditAnswer {
  readonly version: 1;
  readonly items: readonly Entry[];
  /** Behind which entry the next page begins; absent: that was the last one. */
  readonly next?: number;
}

/** As many as a spreadsheet is good for. */
const mostLines = 20_000;

/** The address of what a view of the page wants: `actor` and `subject` anywhere in the text, days in UTC, both included. */
export function addressFor(view: URLSearchParams): string {
  const query = new URLSearchParams({ limit: '100' });
  for (const name of ['actor', 'subject']) {
    const text = view.get(name)?.trim() ?? '';
    if (text !== '') query.set(name, anywhere(text));
  }
  for (const name of ['action', 'via']) {
    const word = view.get(name) ?? '';
    if (word !== '') query.set(name, word);
  }
  const { since, until } = daysBetween(view.get('since'), view.get('until'));
  if (since !== undefined) query.set('since', new Date(since).toISOString());
  if (until !== undefined) query.set('until', new Date(until).toISOString());
  return `/api/v1/audit?${query}`;
}

/** One page, from behind that entry on; undefined: the collector did not answer. */
export async function readPage(address: string, cursor: number | undefined): Promise<AuditAnswer | undefined> {
  try {
    const response = await fetch(cursor === undefined ? address : `${address}&cursor=${cursor}`, { cache: 'no-store' });
    const answer: AuditAnswer = await response.json();
    return response.ok ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** Everything that fits, as far as a spreadsheet takes it. */
export async function allOf(address: string): Promise<readonly Entry[] | undefined> {
  const entries: Entry[] = [];
  const large = address.replace('limit=100', 'limit=1000');
  let cursor: number | undefined;
  do {
    const page = await readPage(large, cursor);
    if (!page) return undefined;
    entries.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined && entries.length < mostLines);
  return entries;
}
