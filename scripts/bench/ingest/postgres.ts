import pg from 'pg';
import { postgresBinaries, startPostgres } from '../../../test/helpers/testbed/postgres.ts';
import type { Sandbox } from '../../../test/helpers/testbed/sandbox.ts';
import { event } from '../../../test/collector/helpers/example-snapshot.ts';
import { serve } from '../fleet/served.ts';
import type { Goal } from '../goal.ts';
import { agents, flood, perFrame } from './flood.ts';

/** Frames that share a transaction, as in the collector. */
const framesTogether = 256;
const bareBatches = 20;

/**
 * The same flood on a collector with PostgreSQL, which writes through to the disk. Against a loop on one connection that inserts the same rows,
 * a statement for each frame and as many frames in a transaction: by the clock, since two processes do the work.
 */
export async function postgresIngest(sandbox: Sandbox, progress: (text: string) => void): Promise<Goal[]> {
  if (postgresBinaries === undefined) {
    progress('ingest: PostgreSQL is not installed here');
    return [];
  }
  const { port } = await startPostgres(sandbox);
  const administrator = `postgres://test@127.0.0.1:${port}/postgres`;
  // Tests do without.
  await query(administrator, 'ALTER SYSTEM SET fsync = on');
  await query(administrator, 'SELECT pg_reload_conf()');
  await query(administrator, `CREATE DATABASE fleet ENCODING 'UTF8' TEMPLATE template0`);
  const url = `postgres://test@127.0.0.1:${port}/fleet`;
  const folder = sandbox.folder('ingest-postgres');
  progress('ingest: 100 agents enrol at a collector with PostgreSQL, and tell');
  const served = await serve(folder, undefined, `store = "${url}"`);
  try {
    const { acked, told, seconds, cpuMicros } = await flood(folder, served);
    const [row] = await query(url, 'SELECT count(*) AS n FROM event');
    if (Number(row?.['n']) !== acked) throw new Error(`${acked} events were acked, ${String(row?.['n'])} are stored`);
    return [
      {
        what: 'one event over TLS, checked, committed by PostgreSQL and acked',
        unit: 'µs by the clock',
        ours: (seconds * 1e6) / told,
        baseline: { what: 'a bare loop of one connection, same rows and transactions', value: await bareMicros(url) },
        note: `${(told / seconds).toFixed(0)} a second, ${(cpuMicros / told).toFixed(1)} µs of the collector's processor; ${acked} acked, all stored`,
      },
    ];
  } finally {
    await served.end('SIGTERM');
  }
}

/** Into a table of the same columns and indexes, and nothing else. */
async function bareMicros(url: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query('CREATE TABLE bare (LIKE event INCLUDING ALL)');
    const body = JSON.stringify(event(1));
    const columns = Array.from({ length: perFrame }, () => body);
    const began = performance.now();
    let frame = 0;
    for (let batch = 0; batch < bareBatches; batch++) {
      await client.query('BEGIN');
      for (let each = 0; each < framesTogether; each++, frame++) {
        const seqs = columns.map((_, index) => Math.floor(frame / agents) * perFrame + index);
        const ids = columns.map((_, index) => frame * perFrame + index);
        await client.query(
          `INSERT INTO bare (id, epoch, seq, at, received_at, body)
           SELECT unnest($1::BIGINT[]), $2, unnest($3::BIGINT[]), $4, $4, unnest($5::TEXT[])`,
          [ids, frame % agents, seqs, 0, columns],
        );
      }
      await client.query('COMMIT');
    }
    return ((performance.now() - began) * 1000) / (frame * perFrame);
  } finally {
    await client.end();
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows }: { rows: Record<string, unknown>[] } = await client.query(sql);
    return rows;
  } finally {
    await client.end();
  }
}
