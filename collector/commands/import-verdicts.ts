import { aligned } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { ListChanges } from '../inventory/compare.ts';
import type { Seen } from '../inventory/seen.ts';
import type { Sheet } from '../inventory/sheet.ts';
import { toldDate } from '../inventory/told-date.ts';
import type { ListedFacts } from '../store/facts.ts';

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

/** Lines for people: what is wrong, gone or differs before all, then what is new; at most `most` of each. */
export function verdictTable(verdicts: readonly Verdict[], most: number): string[] {
  const wrong = verdicts.filter(({ verdict }) => verdict === 'wrong');
  const gone = verdicts.filter(({ verdict }) => verdict === 'gone');
  const differing = verdicts.filter(({ verdict, differs }) => differs && verdict !== 'gone');
  const rest = verdicts.filter(({ verdict, differs }) => verdict === 'new' && !differs);
  const groups = [wrong, gone, differing, rest].filter((group) => group.length > 0);
  if (groups.length === 0) return [];
  const head = ['LINE', 'NAME', 'ROW', 'LIST SAYS', 'SERVED UNTIL', 'ON'];
  const rows = groups.flatMap((group) => [
    ...group.slice(0, most).map(cells),
    ...(group.length > most ? [['', `and ${group.length - most} more (--wide)`]] : []),
  ]);
  const columns = process.stdout.isTTY ? process.stdout.columns : undefined;
  return aligned(
    [head, ...rows].map((row) => row.map((text) => ({ text }))),
    { ...(columns !== undefined && { columns }), flexible: 1, ellipsis: '...' },
  );
}

function cells({ line, name = '', verdict, why, expiration = '', hostNames, servedUntil, differs }: Verdict): string[] {
  if (why !== undefined) return [String(line ?? ''), '', 'wrong', printable(why)];
  return [
    String(line ?? ''),
    printable(name),
    verdict,
    printable(expiration),
    servedUntil === undefined ? '' : `${servedUntil.slice(0, 10)}${differs ? ' differs' : ''}`,
    hostNames === undefined ? 'seen by no agent' : hostNames.map(printable).join(', '),
  ];
}
