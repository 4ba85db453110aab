import type { LogSettings } from '../../config-transparency.ts';
import { messageOf } from '../../failure.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Transparency } from '../../store/transparency.ts';
import type { LogConnection } from './get.ts';
import { nextState } from './log-state.ts';
import { readLog } from './read-log.ts';
import type { IsWatched } from './watched-names.ts';

interface Needs {
  logs: readonly LogSettings[];
  everyMs: number;
  transparency: Transparency;
  connect: (url: string) => LogConnection;
  /** Asked before each pass: what the fleet serves changes. Undefined: there is nothing to watch yet, and nothing is read. */
  watched: () => Promise<IsWatched | undefined>;
  clock: Clock;
  log: Log;
  /** Something was found, or a log cannot be read, or can be again. */
  changed: () => void;
}

/** What one pass reads, and how fast: a log of some hundred entries a second is kept up with, and nobody notices. */
const mostTiles = 64;
const betweenMs = 250;
/** A log that is read for the first time: what was logged in its last minutes, or, of a small one, all. */
const firstEntries = 65_536;
/** What ended is of no use to anybody. */
const keptPastEndMs = 7 * 86_400_000;
const retryMs = 60_000;
/** A fleet that was just enrolled is looked for again soon: reading begins with it. */
const nothingYetMs = 2_000;

/** Reads each log on, one after the other, for as long as this collector leads. Returns what stops it. */
export function keepLogs({ logs, everyMs, transparency, connect, watched, clock, log, changed }: Needs): () => void {
  const connections = new Map<string, LogConnection>();
  let stopped = false;
  let wake = () => {};
  void run();
  return () => {
    stopped = true;
    wake();
    for (const { close } of connections.values()) close();
  };

  async function run(): Promise<void> {
    /** By log: not before this, on the monotonic clock. */
    const due = new Map<string, number>();
    let isTidy = false;
    while (!stopped) {
      try {
        if (!isTidy) isTidy = (await transparency.keepOnly(logs.map(({ origin }) => origin))).ok;
        for (const one of logs) {
          if (stopped || (due.get(one.origin) ?? -Infinity) > clock.monotonic()) continue;
          due.set(one.origin, clock.monotonic() + (await pass(one)));
        }
        if (!stopped) await settle();
      } catch (error) {
        log.warn({ detail: messageOf(error) }, 'transparency logs cannot be read: trying again');
        await pause(retryMs);
      }
      await pause(Math.max(betweenMs, Math.min(...due.values(), clock.monotonic() + retryMs) - clock.monotonic()));
    }
  }

  /** A host may have come to hold something since. */
  async function settle(): Promise<void> {
    const settled = await transparency.settle(clock.now() - keptPastEndMs);
    if (settled.ok && settled.value > 0) changed();
  }

  /** In how many milliseconds it is to be read on. */
  async function pass(one: LogSettings): Promise<number> {
    const { origin, url } = one;
    const isWatched = await watched();
    if (!isWatched) return nothingYetMs;
    const before = (await transparency.logs()).find((row) => row.log === origin)?.state;
    const connection = connections.get(origin) ?? connect(url);
    connections.set(origin, connection);
    const get: LogConnection['get'] = async (path) => {
      await pause(betweenMs);
      return stopped ? { ok: false, failure: 'the collector stops' } : connection.get(path);
    };
    const now = clock.now();
    const passed = await readLog(before, { log: one, get, isWatched, mostTiles, firstEntries, now });
    if (stopped) return 0;
    const { found } = passed;
    let { failure } = passed;
    const kept = await transparency.keep(origin, nextState(before, passed, now), found);
    if (!kept.ok) {
      failure = { reason: 'not-kept', detail: `what was read is not kept: ${kept.failure.reason}` };
      // How far it was read stays as it was, with this beside it.
      const state = before ?? { proved: { size: 0, hashes: [] }, size: 0 };
      await transparency.keep(origin, nextState(before, { state, found: [], failure }, now), []);
    }
    if (failure) log.warn({ log: origin, ...failure }, 'a transparency log was not read to its end');
    if (found.length > 0 || failure?.detail !== before?.failure?.detail) changed();
    if (failure) return Math.max(retryMs, connection.retryAfterMs() ?? 0);
    return passed.state.towards ? betweenMs : everyMs;
  }

  function pause(ms: number): Promise<void> {
    if (stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve);
      wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
