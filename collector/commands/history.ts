import { jsonLine } from '@certherd/command-line/printable';
import { standingOverTime, timeToServed, timeToServedOverall } from '../present/past.ts';
import { keepHistory } from '../serve/host-histories.ts';
import { took } from '../wording/duration.ts';
import { counted } from '../wording/words.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { storeOf } from './database.ts';
import { printTable } from './print-table.ts';

export interface HistoryOptions extends JsonOptions {
  days?: string | undefined;
}

const dayMs = 86_400_000;

/** `history`: how many findings stood at the end of each day, and how long renewed certificates took to reach the clients. */
export async function tellHistory(options: HistoryOptions, console: Console): Promise<number> {
  const days = /^[1-9]\d{0,2}$/.test(options.days ?? '28') ? Number(options.days ?? '28') : Infinity;
  if (days > 730) {
    console.complain(`--days: expected a number from 1 to 730, found ${JSON.stringify(options.days)}`);
    return exitCodes.usage;
  }
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  const now = console.clock.now();
  const { hosts } = await store.facts();
  const history = await keepHistory({ hosts: async () => hosts, changes: store.changes, now: () => now })(days);
  await store.close();
  if (options.json) {
    console.print(jsonLine(history));
    return exitCodes.ok;
  }
  const over = standingOverTime(history.findings, now - days * dayMs, now, days);
  const served = new Map(timeToServed(history.servings).map((one) => [dateOf(one.at), one]));
  printTable(
    ['AT (UTC)', 'CRITICAL', 'UNKNOWN', 'WARNING', 'RENEWED', 'HALF WITHIN', '95 % WITHIN'],
    over.at.map((at, index) => {
      const day = served.get(dateOf(at));
      return [
        new Date(at).toISOString().slice(0, 16).replace('T', ' '),
        ...[over.critical, over.unknown, over.warning].map((counts) => String(counts[index] ?? 0)),
        String(day?.count ?? 0),
        day ? took(day.half) : '',
        day ? took(day.most) : '',
      ];
    }),
    console,
  );
  const all = timeToServedOverall(history.servings);
  console.print(
    all
      ? `\nFrom issued to served, ${counted(all.count, 'endpoint')}: half within ${took(all.half)}, 95 % within ${took(all.most)}, the slowest ${took(all.slowest)}${all.waiting > 0 ? `; ${counted(all.waiting, 'endpoint')} not yet, or never with that certificate` : ''}.`
      : `\nNothing was renewed in ${counted(days, 'day')}.`,
  );
  return exitCodes.ok;
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
