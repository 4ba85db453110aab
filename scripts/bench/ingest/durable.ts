import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { event } from '../../../test/collector/helpers/example-snapshot.ts';
import { begin, enrol, type Wire } from '../../../test/collector/helpers/wire-agent.ts';
import { makeJoins, type Served, serve } from '../fleet/served.ts';
import { memoryOf, spentBy } from '../footprint/process-cost.ts';
import type { Goal } from '../goal.ts';
import { bareLoop } from '../store/durable-ingest.ts';

const agents = 100;
const perFrame = 10;
/** Events of one agent that are on their way, below the collector's window. */
const unacked = 500;
const runMs = 15_000;
/** Until the collector's code is compiled. */
const warmMs = 3_000;

/**
 * The real collector, and 100 agents that tell as fast as they are acked: over TLS, checked, committed with fsync, acked. Against a loop
 * of better-sqlite3 that inserts the same rows in the same batches: processor time of the process that inserts.
 */
export async function durableIngest(folder: string, progress: (text: string) => void): Promise<Goal[]> {
  progress('ingest: 100 agents enrol, and tell');
  const served = await serve(folder);
  try {
    const joins = await makeJoins(folder, agents);
    const wires = await Promise.all(joins.map(async (join) => begin(join, await enrol(join, 'web-1'))));
    const warmUntil = performance.now() + warmMs;
    const warm = await Promise.all(wires.map((wire) => tell(wire, 0, warmUntil)));
    const memory = watchMemory(served);
    const spentBefore = spentBy(served.pid).cpuMs;
    const began = performance.now();
    const until = began + runMs;
    const acked = await Promise.all(wires.map((wire, index) => tell(wire, warm[index] ?? 0, until)));
    const stored = total(acked);
    const told = stored - total(warm);
    const seconds = (performance.now() - began) / 1000;
    const cpuMicros = (spentBy(served.pid).cpuMs - spentBefore) * 1000;
    const [firstHalf, secondHalf] = memory();
    for (const wire of wires) wire.close();
    const found = countStored(join(folder, 'data', 'certherd.db'));
    if (found !== stored) throw new Error(`${stored} events were acked, ${found} are stored`);
    const bare = bareMicros(join(folder, 'bare'), stored);
    return [
      {
        what: 'one event over TLS, checked, on disk and acked',
        unit: 'µs',
        ours: cpuMicros / told,
        baseline: { what: 'a bare loop of better-sqlite3, same rows and batches', value: bare },
        goal: { of: 'ratio', below: 2 },
        note: `${((told / cpuMicros) * 1e6).toFixed(0)} a second on one core (goal 30000), ${(told / seconds).toFixed(0)} a second here; ${stored} acked, all stored`,
      },
      {
        what: 'memory of the collector in the second half of that flood',
        unit: 'MB',
        ours: secondHalf,
        baseline: { what: 'in the first half', value: firstHalf },
        goal: { of: 'ratio', below: 1.2 },
        note: 'the most of each',
      },
    ];
  } finally {
    await served.end('SIGTERM');
  }
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

/** The most that the process had of its own, in each half of the time until the answer is asked for. */
function watchMemory(served: Served): () => [number, number] {
  const seen: number[] = [];
  const timer = setInterval(() => seen.push(memoryOf(served.pid).anonymous), 250);
  return () => {
    clearInterval(timer);
    const middle = seen.length >> 1;
    return [Math.max(...seen.slice(0, middle)), Math.max(...seen.slice(middle))];
  };
}

function countStored(database: string): number {
  const sql = new Database(database, { readonly: true });
  const count = Number(sql.prepare('SELECT count(*) FROM event').pluck().get());
  sql.close();
  return count;
}

/** As many rows, since a large index costs more, in batches as the collector made them: two frames of each agent. */
function bareMicros(folder: string, rows: number): number {
  mkdirSync(folder);
  const loop = bareLoop(join(folder, 'bare.db'), 2 * perFrame);
  const frames = Array.from({ length: agents });
  const batch = agents * 2 * perFrame;
  const before = process.cpuUsage();
  const ticks = Math.ceil(rows / batch);
  for (let tick = 0; tick < ticks; tick++) loop(frames, tick);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (ticks * batch);
}
