/** How fast handshakes may follow each other. */
export interface Pace {
  /** Handshakes begun a second, in all and at one address. */
  perSecond: number;
  perSecondOfAddress: number;
  /** Handshakes at the same time, in all and at one address. */
  atOnce: number;
  atOnceOfAddress: number;
}

/** The time that a pace keeps: milliseconds on a clock that never jumps. */
export interface PaceClock {
  monotonic: () => number;
  after: (ms: number, task: () => void) => () => void;
}

/** Has each task wait for its turn. */
export type InTurn = <T>(address: string, task: () => Promise<T>) => Promise<T>;

/** A second's worth may be made up for after a pause, and no more. */
const burstSeconds = 0.25;

interface Lane {
  waiting: { start: () => void; drop: () => void }[];
  running: number;
  /** By the monotonic clock: the next may begin then. */
  freeAt: number;
}

/**
 * Tasks of one address in their order, addresses in turn; nobody waits for an address that is not his. Once `isOver`, what waits is
 * rejected, and what runs goes on to its end.
 */
export function createPace(pace: Pace, clock: PaceClock, isOver: () => boolean = () => false): InTurn {
  const lanes = new Map<string, Lane>();
  let running = 0;
  let freeAt = Number.NEGATIVE_INFINITY;
  let cancel: (() => void) | undefined;

  return (address, task) =>
    new Promise((resolve, reject) => {
      const lane = lanes.get(address) ?? { waiting: [], running: 0, freeAt: Number.NEGATIVE_INFINITY };
      lanes.set(address, lane);
      const start = () => {
        task()
          .then(resolve, reject)
          .finally(() => {
            running--;
            lane.running--;
            look();
          });
      };
      lane.waiting.push({ start, drop: () => reject(new Error('the scan is over')) });
      look();
    });

  function look(): void {
    cancel?.();
    cancel = undefined;
    if (isOver()) for (const lane of lanes.values()) for (const { drop } of lane.waiting.splice(0)) drop();
    const now = clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const [address, lane] of lanes) {
      if (running >= pace.atOnce) return;
      if (freeAt > now) {
        next = freeAt;
        break;
      }
      if (lane.waiting.length === 0) {
        if (lane.running === 0 && lane.freeAt <= now) lanes.delete(address);
        continue;
      }
      if (lane.running >= pace.atOnceOfAddress) continue;
      if (lane.freeAt > now) {
        next = Math.min(next, lane.freeAt);
        continue;
      }
      // to the end of the line: the others have their turn before this address has another
      lanes.delete(address);
      lanes.set(address, lane);
      begin(lane, now);
    }
    if (Number.isFinite(next)) cancel = clock.after(Math.max(1, Math.ceil(next - now)), look);
  }

  function begin(lane: Lane, now: number): void {
    running++;
    lane.running++;
    freeAt = after(freeAt, now, pace.perSecond);
    lane.freeAt = after(lane.freeAt, now, pace.perSecondOfAddress);
    lane.waiting.shift()?.start();
  }
}

/** When the next may begin: what was not used before counts for a quarter of a second. */
function after(freeAt: number, now: number, perSecond: number): number {
  return Math.max(freeAt, now - burstSeconds * 1000) + 1000 / perSecond;
}
