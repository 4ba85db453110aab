import type { Refused } from '@certherd/protocol/frame';

/** A fleet whose collector ends and comes back: what decides how long all of them take, without a single socket. */
export interface StormWish {
  agents: number;
  /** Of the collector's processor, for each that comes back, in milliseconds. */
  workMs: number;
  /** In which nobody listens. */
  downMs: number;
  /** Places in the kernel's queue of the listening socket. */
  places: number;
  /** Milliseconds to wait after so many failures in a row. */
  delay: (failures: number, random: number, refused?: Refused) => number;
  /** What each agent is told by a collector that ends in good order; without it, it was killed. */
  told?: (agent: number) => Refused | undefined;
}

export interface Storm {
  /** From when the collector listens until the last agent is back. */
  allBackMs: number;
  /** Of it, how long the collector had nothing to do. */
  idleMs: number;
  tries: number;
}

/** An agent gives a connection so long (agent/system/collector-socket.ts). */
const patienceMs = 10_000;
/** Linux sends a SYN that nobody answers again so long after the one before (RFC 6298 2.1 and 5.5). */
const synAgainMs = [1_000, 2_000, 4_000];
/** Of an agent's work, what one that has given up costs. */
const lostShare = 0.2;
const ticksPerMs = 10;

interface Try {
  until: number;
  isOver: boolean;
  done: () => void;
}

/** Plays it by the kernel's rules: a SYN that finds no place is dropped, whoever has one waits in order, and a collector does one thing at a time. */
export function storm({ agents, workMs, downMs, places, delay, told }: StormWish): Storm {
  const due = new Map<number, (() => void)[]>();
  let tick = 0;
  let seed = 1;
  let back = 0;
  let tries = 0;
  let busyTicks = 0;
  let isBusy = false;
  const queue: Try[] = [];
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return seed / 0x8000_0000;
  };
  const after = (ms: number, task: () => void) => {
    const at = tick + Math.max(1, Math.round(ms * ticksPerMs));
    const others = due.get(at);
    if (others) others.push(task);
    else due.set(at, [task]);
  };
  for (let agent = 0; agent < agents; agent++) {
    const refused = told?.(agent);
    after(refused ? delay(0, random(), refused) : random() * 2_000, () => attempt(0));
  }
  for (; back < agents; tick++) {
    for (const task of due.get(tick) ?? []) task();
    due.delete(tick);
  }
  const allBackMs = tick / ticksPerMs - downMs;
  return { allBackMs, idleMs: allBackMs - busyTicks / ticksPerMs, tries };

  function attempt(failures: number): void {
    tries += 1;
    const again = () => after(delay(failures + 1, random()), () => attempt(failures + 1));
    if (tick < downMs * ticksPerMs) return again();
    const one: Try = { until: tick + patienceMs * ticksPerMs, isOver: false, done: () => (back += 1) };
    after(patienceMs, () => {
      if (one.isOver) return;
      one.isOver = true;
      again();
    });
    knock(one, 0);
  }

  function knock(one: Try, sent: number): void {
    const next = synAgainMs[sent];
    if (queue.length < places) {
      queue.push(one);
      if (!isBusy) serve();
    } else if (next !== undefined) after(next, () => knock(one, sent + 1));
  }

  function serve(): void {
    const one = queue.shift();
    isBusy = one !== undefined;
    if (!one) return;
    const isLost = one.isOver || one.until - tick < workMs * ticksPerMs;
    const ms = isLost ? workMs * lostShare : workMs;
    busyTicks += Math.round(ms * ticksPerMs);
    if (!isLost) one.isOver = true;
    after(ms, () => {
      if (!isLost) one.done();
      serve();
    });
  }
}
