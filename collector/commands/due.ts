import { jsonLine, printable } from '@certherd/command-line/printable';
import { counted } from '@certherd/command-line/words';
import { limitUses } from '../present/ca-limits.ts';
import { csvOf } from '../present/csv.ts';
import { type Due, dueAhead, type DueDay, weeksAhead } from '../present/due.ts';
import { type Leaf, leavesOf } from '../present/leaves.ts';
import { lifeBins } from '../present/life-histogram.ts';
import { type Console, exitCodes, type JsonOptions } from './command.ts';
import { readEstate } from './database.ts';
import { printHeading } from './print-facts.ts';
import { printTable } from './print-table.ts';
import { colours } from './toned.ts';

export interface DueOptions extends JsonOptions {
  weeks?: string | undefined;
  /** "2026-12-24": what comes due on that day. */
  day?: string | undefined;
  csv: boolean;
}

const shownNames = 3;

/** `due`: how many renew by themselves on each day ahead, and how many end because nothing renews them. */
export async function tellDue(options: DueOptions, console: Console): Promise<number> {
  const { weeks = '13', day, csv, json } = options;
  const count = /^[1-9]\d{0,2}$/.test(weeks) ? Number(weeks) : undefined;
  if (count === undefined)
    return wrong(`--weeks: expected a number from 1 to 999, found ${JSON.stringify(weeks)}`, console);
  if (day !== undefined && !isDay(day))
    return wrong(`--day: expected a day, as 2026-12-24, found ${JSON.stringify(day)}`, console);
  if (csv && json) return wrong('--csv: rows as a table; leave out --json', console);
  const read = await readEstate(options, console);
  if (!read) return exitCodes.config;
  const { estate, now } = read;
  const leaves = leavesOf(estate);
  const dues = dueAhead(leaves, now);
  const weeksShown = day === undefined ? weeksAhead(dues, now, count) : weeksAhead(dues, Date.parse(day), 1);
  const days = weeksShown
    .flat()
    .filter(({ date, renewals, ends }) => renewals.length + ends.length > 0 && (day === undefined || date === day));
  if (csv) console.print(sheetOf(days).trimEnd());
  else if (json)
    console.print(
      jsonLine({
        version: 1,
        at: estate.at,
        items: days.map(dayItem),
        limits: limitsOf(dues),
        shares: sharesOf(leaves, now),
      }),
    );
  else if (days.length === 0)
    console.print(
      day === undefined ? `Nothing comes due within ${counted(count, 'week')}.` : `Nothing comes due on ${day}.`,
    );
  else if (day !== undefined) tellDay(days, console);
  else {
    tell(days, dues, console);
    tellShares(leaves, now, console);
  }
  return exitCodes.ok;
}

function tell(days: readonly DueDay[], dues: readonly Due[], console: Console): void {
  printTable(
    ['DAY (UTC)', 'RENEW', 'END', 'NAMES THAT END, AND NOTHING RENEWS THEM'],
    days.map(({ date, renewals, ends }) => [date, String(renewals.length), String(ends.length), namesOf(ends)]),
    console,
  );
  printHeading("Against the limits of Let's Encrypt: the fullest window ahead", console);
  for (const { limit, count, most, from, subject } of limitsOf(dues)) {
    const room =
      count > most ? colours().red('over') : count * 2 > most ? colours().yellow('tight') : colours().green('enough');
    const where = count === 0 ? '' : `, from ${from?.slice(0, 10)}${subject === '' ? '' : `, ${printable(subject)}`}`;
    console.print(`  ${room}  ${count} of ${most} ${limit}${where}`);
  }
}

function namesOf(ends: readonly Due[]): string {
  const names = ends.slice(0, shownNames).map(({ leaf }) => leaf.name);
  return `${names.join(', ')}${ends.length > shownNames ? ` +${ends.length - shownNames}` : ''}`;
}

function tellDay(days: readonly DueDay[], console: Console): void {
  const all = days.flatMap(({ ends, renewals }) => [...ends, ...renewals]);
  printTable(
    ['NAME', 'WHAT', 'AT (UTC)', 'CA', 'OWNER'],
    all.map(({ what, at, leaf }) => [
      leaf.name,
      what === 'end' ? 'ends' : 'renews',
      new Date(at).toISOString().slice(11, 16),
      leaf.authority,
      leaf.labels['owner'] ?? '',
    ]),
    console,
  );
}

/** How much of their lives certificates have left, in tenths, what ends first at the top. */
function tellShares(leaves: readonly Leaf[], now: number, console: Console): void {
  printHeading('Life left, in shares of it', console);
  const tenths = Map.groupBy(sharesOf(leaves, now), ({ from }) => (from === undefined ? -1 : Math.floor(from * 10)));
  printTable(
    ['LEFT', 'RENEW THEMSELVES', 'BY HAND'],
    [...tenths].map(([tenth, bins]) => [
      tenth < 0 ? 'ended' : `${tenth * 10} to ${tenth * 10 + 10} %`,
      String(bins.reduce((sum, { automatic }) => sum + automatic, 0)),
      String(bins.reduce((sum, { manual }) => sum + manual, 0)),
    ]),
    console,
  );
}

function sharesOf(leaves: readonly Leaf[], now: number) {
  return lifeBins(leaves, now).map(({ from, automatic, manual }) => ({
    ...(from !== undefined && { from }),
    automatic,
    manual,
  }));
}

function limitsOf(dues: readonly Due[]) {
  return limitUses(dues).map(({ limit, count, from, subject }) => ({
    limit: limit.words,
    most: limit.most,
    count,
    ...(count > 0 && { from: new Date(from).toISOString() }),
    subject,
  }));
}

function dayItem({ date, renewals, ends }: DueDay): object {
  return { date, renewals: renewals.map(dueItem), ends: ends.map(dueItem) };
}

function dueItem({ at, leaf: { certificate, name, authority, labels } }: Due) {
  return {
    at: new Date(at).toISOString(),
    name,
    authority,
    fingerprint: certificate.fingerprint,
    ...(labels['owner'] !== undefined && { owner: labels['owner'] }),
  };
}

function sheetOf(days: readonly DueDay[]): string {
  const dues = days.flatMap(({ renewals, ends }) => [...ends, ...renewals]).sort((one, other) => one.at - other.at);
  return csvOf(
    ['at', 'what', 'name', 'ca', 'owner', 'fingerprint'],
    dues.map((due) => {
      const { at, name, authority, owner = '', fingerprint } = dueItem(due);
      return [at, due.what, name, authority, owner, fingerprint];
    }),
  );
}

/** What is no day of the calendar, as 30 February, Date takes for another. */
function isDay(text: string): boolean {
  const at = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? text : '');
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

function wrong(mistake: string, console: Console): number {
  console.complain(mistake);
  return exitCodes.usage;
}
