import { aligned } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import type { Verdict } from '../inventory/verdicts.ts';

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
