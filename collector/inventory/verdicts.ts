import type { ListedFacts } from '../store/facts.ts';
import type { ListChanges } from './compare.ts';
import type { Seen } from './seen.ts';
import type { Sheet } from './sheet.ts';
import { toldDate } from './told-date.ts';

/** What an import says of one row. */
export interface Verdict {
  /** In the file; undefined: it is only in the list before. */
  line?: number;
  name?: string;
  verdict: 'new' | 'same' | 'wrong' | 'gone';
  /** Why it is wrong. */
  why?: string;
  /** What the list says. */
  expiration?: string;
  /** Hosts that serve the name; undefined: no agent sees it. */
  hostNames?: readonly string[];
  /** The first end of what they serve. */
  servedUntil?: string;
  /** The list says another day, or one that cannot be told. */
  differs: boolean;
}

/** Of each row of the sheet in its order, then of what would be gone. */
export function verdictsOf(
  { rows }: Sheet,
  { same, gone }: ListChanges,
  seen: (name: string) => Seen | undefined,
): Verdict[] {
  const known = new Set(same);
  return [
    ...rows.map(({ line, row }): Verdict => {
      if (!row.ok) return { line, verdict: 'wrong', why: row.failure, differs: false };
      return { line, verdict: known.has(row.value) ? 'same' : 'new', ...seenOf(row.value, seen(row.value.name)) };
    }),
    ...gone.map((row): Verdict => ({ verdict: 'gone', ...seenOf(row, seen(row.name)) })),
  ];
}

function seenOf({ name, expiration }: ListedFacts, seen: Seen | undefined) {
  const { hostNames, servedUntil } = seen ?? {};
  return {
    name,
    expiration,
    ...(hostNames && { hostNames }),
    ...(servedUntil !== undefined && { servedUntil }),
    differs: servedUntil !== undefined && expiration !== '' && toldDate(expiration) !== servedUntil.slice(0, 10),
  };
}
