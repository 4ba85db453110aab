import { setTimeout as pause } from 'node:timers/promises';
import { EventKind } from '@certherd/protocol/event';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { fitsEvent, newestFirst, type WantedEvents } from '../present/past-events.ts';
import { eventView } from '../serve/assemble-estate.ts';
import type { EventView } from '../serve/estate.ts';
import type { EventFacts } from '../store/facts.ts';
import { absolute, took } from '../wording/duration.ts';
import { eventTone, kindName, type Tone } from '../wording/words.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { storeOf } from './database.ts';
import { toned } from './toned.ts';

export interface EventOptions extends JsonOptions {
  words: readonly string[];
  host?: string | undefined;
  kind?: string | undefined;
  outcome?: string | undefined;
  limit?: string | undefined;
  follow: boolean;
}

/** Of the newest so many are looked through. */
const lookedThrough = 10_000;
const lookMs = 500;

/** `events`: what happened, newest first; with `follow` in order of arrival, and what comes from now on until it is ended. */
export async function showEvents(options: EventOptions, console: Console): Promise<number> {
  const limit = /^[1-9]\d{0,3}$/.test(options.limit ?? '100') ? Number(options.limit ?? '100') : undefined;
  const wanted = wantedOf(options);
  if (limit === undefined)
    return wrong(`--limit: expected a number from 1 to 9999, found ${JSON.stringify(options.limit)}`, console);
  if (typeof wanted === 'string') return wrong(wanted, console);
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const store = await storeOf(config, console);
  try {
    const fits = (one: EventView) =>
      (options.host === undefined || one.hostName === options.host || one.agentId === options.host) &&
      fitsEvent(one, wanted);
    const found = byArrival(await store.events(undefined, lookedThrough));
    const rows = found.map(eventView).filter(fits);
    const print = (one: EventView) => console.print(options.json ? jsonLine(one) : eventLine(one));
    if (!options.follow) {
      const items = newestFirst(rows).slice(0, limit);
      if (options.json) console.print(jsonLine({ version: 1, items }));
      else if (items.length === 0) console.print(found.length === 0 ? 'Nothing has happened yet.' : 'No event fits.');
      else items.forEach(print);
      return exitCodes.ok;
    }
    rows.slice(-limit).forEach(print);
    await follow(store.events, found.at(-1)?.id ?? 0, (one) => fits(one) && print(one), console);
    return exitCodes.ok;
  } finally {
    await store.close();
  }
}

/** What arrives behind an event, until the process is asked to end. */
async function follow(
  events: (after: number, limit: number) => Promise<EventFacts[]>,
  last: number,
  take: (one: EventView) => unknown,
  console: Console,
): Promise<void> {
  const ending = new AbortController();
  void console.ended().then(() => ending.abort());
  // whoever read it has seen enough: `| head`
  process.stdout.once('error', () => ending.abort());
  for (let after = last; !ending.signal.aborted; ) {
    const found = await events(after, 1000);
    for (const one of found) take(eventView(one));
    after = found.at(-1)?.id ?? after;
    if (found.length === 0) await pause(lookMs, undefined, { signal: ending.signal }).catch(() => {});
  }
}

/** "2026-11-28 03:53:29 UTC  ok  web-1  renewal: shop was renewed (3.2 s)" */
export function eventLine(event: EventView): string {
  const tone = eventTone(event);
  const total = event.steps.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const told = `${event.hostName}  ${kindName(event.kind)}: ${event.summary}${total > 0 ? ` (${took(total)})` : ''}`;
  return `${absolute(event.at)}  ${toned(tone, outcomes[tone].padEnd(7))}  ${printable(told)}`;
}

const outcomes: Readonly<Record<Tone, string>> = {
  good: 'ok',
  critical: 'failed',
  warning: 'warning',
  notice: 'notice',
  unknown: 'lost',
};

function wantedOf({ words, kind = '', outcome = '' }: EventOptions): WantedEvents | string {
  if (kind !== '' && !EventKind.enum.some((one) => one === kind))
    return `--kind: expected one of ${EventKind.enum.join(', ')}, found ${JSON.stringify(kind)}`;
  if (outcome !== '' && outcome !== 'good' && outcome !== 'bad')
    return `--outcome: expected good or bad, found ${JSON.stringify(outcome)}`;
  return { kind, outcome, search: words.join(' ') };
}

function byArrival(events: readonly EventFacts[]): EventFacts[] {
  return events.toSorted((one, other) => one.id - other.id);
}

function wrong(mistake: string, console: Console): number {
  console.complain(mistake);
  return exitCodes.usage;
}
