import { event } from '../../../test/collector/helpers/example-snapshot.ts';
import { begin, enrol, type Wire } from '../../../test/collector/helpers/wire-agent.ts';
import { makeJoins, type Served } from '../fleet/served.ts';
import { memoryOf, spentBy } from '../footprint/process-cost.ts';

export const agents = 100;
export const perFrame = 10;
/** Events of one agent that are on their way, below the collector's window. */
export const unacked = 500;
const runMs = 15_000;
/** Until the collector's code is compiled. */
const warmMs = 3_000;

export interface Flood {
  /** Events that were acked, with those from before it was measured. */
  acked: number;
  /** While it was measured. */
  told: number;
  seconds: number;
  /** Of the collector's process. */
  cpuMicros: number;
  /** The most that it had of its own in each half of the time, MB. */
  memory: [number, number];
}

/** 100 agents enrol at a collector, and tell events as fast as they are acked. */
export async function flood(folder: string, served: Served): Promise<Flood> {
  const joins = await makeJoins(folder, agents);
  const wires = await Promise.all(joins.map(async (join) => begin(join, await enrol(join, 'web-1'))));
  const tellUntil = (until: number, from: number[]) =>
    Promise.all(wires.map((wire, index) => tell(wire, from[index] ?? 0, until)));
  const warm = await tellUntil(performance.now() + warmMs, []);
  const memory = watchMemory(served);
  const spentBefore = spentBy(served.pid).cpuMs;
  const began = performance.now();
  const all = await tellUntil(began + runMs, warm);
  const seconds = (performance.now() - began) / 1000;
  const cpuMicros = (spentBy(served.pid).cpuMs - spentBefore) * 1000;
  for (const wire of wires) wire.close();
  return { acked: total(all), told: total(all) - total(warm), seconds, cpuMicros, memory: memory() };
}

/** Goes on behind `from`; returns what is acked then. Whatever was sent is waited for. */
async function tell(wire: Wire, from: number, until: number): Promise<number> {
  let sent = from;
  let acked = from;
  while (performance.now() < until || acked < sent) {
    while (sent < acked + unacked && performance.now() < until) {
      const events = Array.from({ length: perFrame }, (_, index) => event(sent + index + 1));
      wire.send({ type: 'events', epoch: 'epoch-0001', events });
      sent += perFrame;
    }
    if (acked < sent) acked = (await wire.next('ack')).seq;
  }
  return acked;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, one) => sum + one, 0);
}

function watchMemory(served: Served): () => [number, number] {
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(memoryOf(served.pid).anonymous), 250);
  return () => {
    clearInterval(timer);
    const middle = seen.length >> 1;
    return [Math.max(...seen.slice(0, middle)), Math.max(...seen.slice(middle))];
  };
}
