import type { LogSettings } from '../../config-transparency.ts';
import { messageOf } from '../../failure.ts';
import type { Clock, Log } from '../../ports.ts';
import { standsOtherwise, type Transparency } from '../../store/transparency.ts';
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

/** What one pass reads, and how fast: nobody notices it. */
const mostTiles = 64;
const betweenMs = 250;
/** So many logs are read at once: each has some MiB in memory meanwhile. */
const mostAtOnce = 8;
/** A log that is read for the first time: what was logged in its last minutes, or, of a small one, all. */
const firstEntries = 65_536;
/** What ended is of no use to anybody. */
const keptPastEndMs = 7 * 86_400_000;
const retryMs = 60_000;
/** A fleet that was just enrolled is looked for again soon: reading begins with it. */
const nothingYetMs = 2_000;

/** Reads each log on, beside the others, for as long as this collector leads. Returns what stops it. */
export function keepLogs({ logs, everyMs, transparency, connect, watched, clock, log, changed }: Needs): () => void {
  const connections = new Map<string, LogConnection>();
  let stopped = false;
  let isTidy = false;
  const waiting = new Set<() => void>();
  void repeat(tidy);
  for (const [lane, first] of logs.slice(0, mostAtOnce).entries()) {
    const due = new Map(
      [first, ...logs.slice(mostAtOnce).filter((_, at) => at % mostAtOnce === lane)].map((one) => [one, 0]),
    );
    void repeat(() => passOf(due));
  }
  return () => {
    stopped = true;
    for (const wake of waiting) wake();
    for (const { close } of connections.values()) close();
  };

  /** `once` says in how many milliseconds it is to be done again. */
  async function repeat(once: () => Promise<number>): Promise<void> {
    while (!stopped) {
      const again = await once().catch((error: unknown) => {
        log.warn({ detail: messageOf(error) }, 'transparency logs cannot be read: trying again');
        return retryMs;
      });
      await pause(again);
    }
  }

  /** One pass of the log that waits longest. `due`: not before this, on the monotonic clock. */
  async function passOf(due: Map<LogSettings, number>): Promise<number> {
    const [next] = [...due].sort(([, one], [, other]) => one - other);
    if (next && next[1] <= clock.monotonic()) {
      // An exception, too, is followed by a time without it.
      due.set(next[0], clock.monotonic() + retryMs);
      due.set(next[0], clock.monotonic() + (await pass(next[0])));
    }
    return Math.max(betweenMs, Math.min(...due.values()) - clock.monotonic());
  }

  async function tidy(): Promise<number> {
    if (!isTidy) isTidy = (await transparency.keepOnly(logs.map(({ origin }) => origin))).ok;
    // A host may have come to hold something since.
    if (await settle()) changed();
    return Math.min(everyMs, retryMs);
  }

  /** Is there something else to tell than before? */
  async function settle(): Promise<boolean> {
    const settled = await transparency.settle(clock.now() - keptPastEndMs);
    if (!settled.ok) return false;
    const { held, lost } = settled.value;
    if (lost > 0)
      log.warn({ lost }, 'more logged certificates than are kept: the oldest that no host holds are dropped');
    return held > 0 || lost > 0;
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
    const { found, leftOut = 0 } = passed;
    let { failure } = passed;
    let next = nextState(before, passed, now);
    const kept = await transparency.keep(origin, next, found).catch((error: unknown) => ({
      ok: false as const,
      failure: { reason: messageOf(error) },
    }));
    if (!kept.ok) {
      failure = { reason: 'not-kept', detail: `what was read is not kept: ${kept.failure.reason}` };
      // How far it was read stays as it was, with this beside it.
      next = nextState(
        before,
        { state: before ?? { proved: { size: 0, hashes: [] }, size: 0 }, found: [], failure },
        now,
      );
      await transparency.keep(origin, next, []);
    }
    if (failure) log.warn({ log: origin, ...failure }, 'a transparency log was not read to its end');
    if (leftOut > 0)
      log.warn({ log: origin, leftOut }, 'a log has more certificates with watched names than are kept at once');
    // What a host holds already is not told first.
    if (found.length > 0) await settle();
    if (found.length > 0 || standsOtherwise(before, next)) changed();
    if (failure) return Math.max(retryMs, connection.retryAfterMs() ?? 0);
    return passed.state.towards ? betweenMs : everyMs;
  }

  function pause(ms: number): Promise<void> {
    if (stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        cancel();
        waiting.delete(wake);
        resolve();
      };
      const cancel = clock.after(ms, wake);
      waiting.add(wake);
    });
  }
}
