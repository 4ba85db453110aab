import { messageOf } from '../failure.ts';
import type { Clock, Log } from '../ports.ts';
import type { TargetRow, Targets } from '../store/targets.ts';
import type { Probe } from './probe.ts';
import { parseTarget } from './target.ts';
import { nextState } from './target-state.ts';

interface Needs {
  targets: Targets;
  probe: Probe;
  clock: Clock;
  log: Log;
  /** Something was seen and kept. */
  changed: () => void;
}

/** How often it is looked which targets are due: one that was just added waits no longer. */
const lookMs = 2_000;

/** Targets that are asked at the same time; handshakes keep to a pace of their own. */
const atOnce = 32;

/**
 * Asks each target when its interval is over since it was asked last, for as long as this collector leads. Times are of the database, so that another
 * collector that leads goes on. Returns what stops it.
 */
export function keepTargets({ targets, probe, clock, log, changed }: Needs): () => void {
  const running = new Set<number>();
  let stopped = false;
  let cancel = clock.after(0, look);
  return () => {
    stopped = true;
    cancel();
  };

  function look(): void {
    begin()
      .catch((error: unknown) => log.warn({ detail: messageOf(error) }, 'targets cannot be read: trying again'))
      .finally(() => {
        if (!stopped) cancel = clock.after(lookMs, look);
      });
  }

  async function begin(): Promise<void> {
    const now = clock.now();
    const due = (await targets.all())
      .filter((row) => !running.has(row.id) && isDue(row, now))
      .sort((one, other) => Number(other.wanted) - Number(one.wanted) || (one.askedAt ?? 0) - (other.askedAt ?? 0));
    for (const row of due.slice(0, atOnce - running.size)) if (!stopped) void ask(row);
  }

  async function ask(row: TargetRow): Promise<void> {
    running.add(row.id);
    try {
      const parsed = parseTarget(row.target, { ports: [443] });
      const [target] = parsed.ok ? parsed.value : [];
      if (!target) return log.warn({ target: row.target }, 'a target cannot be read');
      const seen = await probe(target);
      const at = clock.now();
      const { state, changed: changes } = nextState(row.seen, seen, at);
      const kept = stopped ? undefined : await targets.keep(row.id, at, state, changes);
      if (kept?.ok) changed();
      if (kept && !kept.ok) log.warn({ target: row.target, reason: kept.failure.reason }, 'what was seen is not kept');
    } catch (error) {
      log.warn({ target: row.target, detail: messageOf(error) }, 'a target could not be asked');
    } finally {
      running.delete(row.id);
    }
  }
}

/** A clock that was ahead when it was asked last does not keep it from being asked. */
function isDue({ askedAt, everyMs, wanted }: TargetRow, now: number): boolean {
  return wanted || askedAt === undefined || now >= askedAt + everyMs || askedAt > now + everyMs;
}
