import type { Target } from '@certherd/handshake/outside/ask-places';
import { messageOf } from '../failure.ts';
import { keepLooking } from '../keep-looking.ts';
import type { Clock, Log } from '../ports.ts';
import type { TargetRow, Targets } from '../store/targets.ts';
import type { SeenTarget } from './seen.ts';
import { parseTarget } from './target.ts';
import { nextState } from './target-state.ts';

interface Needs {
  targets: Targets;
  /** Who asks for this row: undefined where it is not this collector's turn, or nobody is there. Its answer is undefined where there was no look: it is tried again. */
  askerOf: (row: TargetRow) => ((target: Target) => Promise<SeenTarget | undefined>) | undefined;
  /** Ids of targets of whose names a host proves something younger, with since when (milliseconds since 1970): they are asked before their time. */
  overtaken: () => ReadonlyMap<number, number>;
  clock: Clock;
  log: Log;
  /** Something was seen and kept. */
  changed: () => void;
}

/** How often it is looked which targets are due: one that was just added waits no longer. */
const lookMs = 2_000;

/** No host's proofs have a target asked more often: it is the least interval that commands give. */
const overtakenMs = 10_000;

/** Where there was no look the next try comes after two seconds, four, eight, and so on up to this, or to the interval. */
const longestRetryMs = 60_000;

/** Targets that are asked at the same time by the collector, and by one agent; handshakes keep to a pace of their own. */
const atOnce = 32;
export const atOnceOfAgent = 4;

/**
 * Asks each target when its interval is over since it was asked last. Times are of the database, so that another collector that leads, or that an agent
 * comes to, goes on. Returns what stops it.
 */
export function keepTargets({ targets, overtaken, askerOf, clock, log, changed }: Needs): () => void {
  /** By what is asked there: the vantage. */
  const running = new Map<number, string>();
  /** Rows whose last try was no look, and how many there were since one was. */
  const lost = new Map<number, { tries: number; againAt: number }>();
  const looking = keepLooking({ clock, log }, lookMs, look, 'targets cannot be read: trying again');
  return looking.stop;

  async function look(): Promise<void> {
    const now = clock.now();
    const rows = await targets.all();
    const after = overtaken();
    for (const id of lost.keys()) if (!rows.some((row) => row.id === id)) lost.delete(id);
    const isResting = ({ id }: TargetRow) => clock.monotonic() < (lost.get(id)?.againAt ?? -Infinity);
    const isWanted = (row: TargetRow) => row.wanted > 0 || isOvertaken(row, after.get(row.id), now);
    const due = rows
      .filter((row) => !running.has(row.id) && !isResting(row) && (isWanted(row) || isDue(row, now)))
      .sort(
        (one, other) => Number(isWanted(other)) - Number(isWanted(one)) || (one.askedAt ?? 0) - (other.askedAt ?? 0),
      );
    for (const row of due) if (!looking.isStopped() && hasRoom(row.vantage)) void ask(row);
  }

  function hasRoom(vantage: string): boolean {
    const there = [...running.values()].filter((one) => one === vantage).length;
    return there < (vantage === 'collector' ? atOnce : atOnceOfAgent);
  }

  async function ask(row: TargetRow): Promise<void> {
    const asker = askerOf(row);
    if (!asker) return;
    running.set(row.id, row.vantage);
    try {
      const parsed = parseTarget(row.target, { ports: [443] });
      const [target] = parsed.ok ? parsed.value : [];
      if (!target) return log.warn({ target: row.target }, 'a target cannot be read');
      // A proof that comes while it is asked is after it: nobody can tell what was shown then.
      const at = clock.now();
      const seen = await asker(target);
      // Meanwhile another collector may have come to ask it.
      if (!seen) return rest(row);
      lost.delete(row.id);
      if (looking.isStopped() || !askerOf(row)) return;
      const { state, changed: changes } = nextState(row.seen, seen, at);
      const kept = await targets.keep(row, at, state, changes);
      if (kept.ok) changed();
      else log.warn({ target: row.target, reason: kept.failure.reason }, 'what was seen is not kept');
    } catch (error) {
      log.warn({ target: row.target, detail: messageOf(error) }, 'a target could not be asked');
    } finally {
      running.delete(row.id);
    }
  }

  function rest({ id, everyMs }: TargetRow): void {
    const tries = (lost.get(id)?.tries ?? 0) + 1;
    const restMs = Math.min(lookMs * 2 ** (tries - 1), longestRetryMs, everyMs);
    lost.set(id, { tries, againAt: clock.monotonic() + restMs });
  }
}

/** A clock that was ahead when it was asked last does not keep it from being asked. */
function isDue({ askedAt, everyMs }: TargetRow, now: number): boolean {
  return askedAt === undefined || now >= askedAt + everyMs || askedAt > now + everyMs;
}

/** The row is fresher than what is known of it elsewhere. */
function isOvertaken({ askedAt = 0 }: TargetRow, since: number | undefined, now: number): boolean {
  return since !== undefined && askedAt < since && now >= askedAt + overtakenMs;
}
