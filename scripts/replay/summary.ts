import { columns } from '../stage/columns.ts';
import type { Played } from './outage.ts';

/** The table of what came of the replays and the last line, and whether all were detected and healed. */
export function summaryOf(played: readonly Played[]): { lines: string[]; allHealed: boolean } {
  const rows = played.map((one) => [
    one.name,
    inSeconds(one.detectedSeconds),
    one.code ?? '',
    inSeconds(one.healedSeconds),
    one.healed ? (one.healedBy ?? '') : '',
  ]);
  const good = played.filter(({ detected, healed }) => detected && healed).length;
  const table = columns([['OUTAGE', 'DETECTED', 'NAMED', 'HEALED', 'BY'], ...rows]);
  return {
    lines: [...table, '', `replay: ${played.length} outages, ${good} of them detected and healed`],
    allHealed: good === played.length && good > 0,
  };
}

function inSeconds(seconds: number | undefined): string {
  return seconds === undefined ? 'no' : `${seconds.toFixed(1)} s`;
}
