import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { serve } from '../fleet/served.ts';
import type { Goal } from '../goal.ts';
import { bareLoop } from '../store/durable-ingest.ts';
import { flood, unacked } from './flood.ts';

/** Agents of a batch as the collector makes them under this flood, each with all that it may have on its way. */
const together = 4;

/**
 * The real collector, and 100 agents that tell as fast as they are acked: over TLS, checked, committed with fsync, acked. Against a loop
 * of better-sqlite3 that inserts the same rows in the same batches: processor time of the process that inserts.
 */
export async function durableIngest(folder: string, progress: (text: string) => void): Promise<Goal[]> {
  progress('ingest: 100 agents enrol, and tell');
  const served = await serve(folder);
  try {
    const { acked, told, seconds, cpuMicros, memory } = await flood(folder, served);
    const [firstHalf, secondHalf] = memory;
    const stored = countStored(join(folder, 'data', 'certherd.db'));
    if (stored !== acked) throw new Error(`${acked} events were acked, ${stored} are stored`);
    return [
      {
        what: 'one event over TLS, checked, on disk and acked',
        unit: 'µs',
        ours: cpuMicros / told,
        baseline: {
          what: 'a bare loop of better-sqlite3, same rows and batches',
          value: bareMicros(join(folder, 'bare'), stored),
        },
        goal: { of: 'ratio', below: 2 },
        note: `${((told / cpuMicros) * 1e6).toFixed(0)} a second on one core (goal 30000), ${(told / seconds).toFixed(0)} a second here; ${acked} acked, all stored`,
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

function countStored(database: string): number {
  const sql = new Database(database, { readonly: true });
  const count = Number(sql.prepare('SELECT count(*) FROM event').pluck().get());
  sql.close();
  return count;
}

/** As many rows, since a row costs more in a larger table. */
function bareMicros(folder: string, rows: number): number {
  mkdirSync(folder);
  const loop = bareLoop(join(folder, 'bare.db'), together, unacked);
  const batch = together * unacked;
  const ticks = Math.ceil(rows / batch);
  const before = process.cpuUsage();
  for (let tick = 0; tick < ticks; tick++) loop(tick);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (ticks * batch);
}
