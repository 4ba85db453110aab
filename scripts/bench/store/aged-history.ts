import { join } from 'node:path';
import Database from 'better-sqlite3';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import type { Store } from '../../../collector/store/store.ts';
import { passStart, type ThinPlace } from '../../../collector/store/retention.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate, day, snapshotFrame } from '../../../test/collector/helpers/example-snapshot.ts';
import { exampleHost } from '../example-host.ts';
import { percentile } from '../fleet/reader.ts';
import { type Goal, median } from '../goal.ts';
import { enrolled } from './enrolled.ts';

/** Changes of each track. */
const depth = 200;
const perHost = 20;
/** Of the 200 rounds of changes, those after which somebody is told. */
const roundsTold = depth / 20;
const start = Date.parse('2026-01-01T00:00:00.000Z');
const end = start + depth * day;

/** `tracks` things that changed 200 times each, as a fleet of hosts with 20 certificates makes them: all of them a little, again and again. */
export async function agedHistory(
  aged: string,
  young: string,
  tracks: number,
  progress: (text: string) => void,
): Promise<Goal[]> {
  progress(`store: filling ${(tracks * depth) / 1e6} million rows of history`);
  await opened(aged).close();
  fill(join(aged, 'certherd.db'), tracks, progress);
  const old = opened(aged);
  const fresh = opened(young);
  const sql = new Database(join(aged, 'certherd.db'), { readonly: true });
  const rows = tracks * depth;
  const bytes = Number(
    sql
      .prepare(
        `SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN ('change', 'change_by_certificate', 'change_by_finding', 'track')`,
      )
      .pluck()
      .get(),
  );
  progress('store: reading the current state, and by a window over the history');
  const current = sql.prepare('SELECT host, id, certificate FROM current_part WHERE certificate IS NOT NULL');
  const window = sql.prepare(
    `SELECT track, certificate FROM (SELECT track, certificate, row_number() OVER (PARTITION BY track ORDER BY at DESC) AS n
     FROM change) WHERE n = 1`,
  );
  const answers = (statement: typeof current) => () => {
    if (statement.all().length !== tracks) throw new Error('not every thing has a current state');
  };
  const latestMs = Math.min(...timed(30, answers(current)));
  const windowMs = Math.min(...timed(3, answers(window)));
  const prints = sql
    .prepare<[], string>('SELECT lower(hex(fingerprint)) FROM certificate ORDER BY random() LIMIT 100')
    .pluck()
    .all();
  const history: number[] = [];
  for (const print of [prints[0] ?? '', ...prints]) {
    const began = performance.now();
    await old.stays(print);
    history.push(performance.now() - began);
  }
  sql.close();
  progress('store: snapshots on a long history and on none');
  const [onOld = Number.NaN, onFresh = Number.NaN] = await snapshots([old, fresh]);
  progress('store: thinning half of it');
  const slices = await thinHalf(old, start + (depth / 2) * day);
  await old.close();
  await fresh.close();
  return [
    {
      what: `a row of history, of ${rows / 1e6} million`,
      unit: 'bytes',
      ours: bytes / rows,
      baseline: { what: 'as schema 1 kept it', value: bytesOfSchema1(join(young, 'schema-1.db')) },
      goal: { of: 'ours', below: 50 },
      note: 'with both indexes and the names',
    },
    {
      what: 'the latest state of the fleet',
      unit: 'ms',
      ours: latestMs,
      baseline: { what: 'a window over the history', value: windowMs },
      goal: { of: 'ratio', below: 1 / 300 },
      note: `${(windowMs / latestMs).toFixed(0)} times as fast, ${tracks} things, the best of 30 and of 3`,
    },
    {
      what: 'the history of one certificate',
      unit: 'ms',
      ours: percentile(history, 0.99),
      baseline: { what: 'median', value: median(history) },
      goal: { of: 'ours', below: 5 },
      note: `p99 of ${history.length}, the slowest ${Math.max(...history).toFixed(1)} ms`,
    },
    {
      what: 'a snapshot that changes all 20 certificates',
      unit: 'ms',
      ours: onOld,
      baseline: { what: 'on an empty history', value: onFresh },
      goal: { of: 'ratio', below: 1.5 },
      note: 'medians of 60, fsync included',
    },
    {
      what: 'a slice of thinning',
      unit: 'ms',
      ours: percentile(slices, 0.99),
      baseline: { what: 'median', value: median(slices) },
      goal: { of: 'ours', below: 20 },
      note: `p99 of ${slices.length} with their commits, the longest ${Math.max(...slices).toFixed(1)} ms`,
    },
  ];
}

function opened(directory: string): Store {
  const store = openSqliteStore(directory, silentLog);
  if (!store.ok) throw new Error(store.failure.message);
  return store.value;
}

/** In the order in which a fleet tells it: each round all tracks, in no order of theirs. */
function fill(path: string, tracks: number, progress: (text: string) => void): void {
  const sql = new Database(path);
  // Each round touches every page: they are written once, at the end. Without a journal would be as quick, which better-sqlite3 refuses without a word.
  sql.pragma('journal_mode = MEMORY');
  sql.pragma('synchronous = OFF');
  sql.pragma('cache_size = -2000000');
  // What is named is put in before, by the same rounds.
  sql.pragma('foreign_keys = OFF');
  const body = JSON.stringify(exampleHost([certificate('one')]).endpoints[0]);
  sql.exec(`
    CREATE TEMP TABLE n (n INTEGER PRIMARY KEY);
    INSERT INTO n SELECT value FROM (WITH RECURSIVE c (value) AS (SELECT 0 UNION ALL SELECT value + 1 FROM c LIMIT ${tracks}) SELECT value FROM c);
    INSERT INTO host (id, agent_id, public_key, name, enrolled_at)
      SELECT n + 1, 'agent-' || n, randomblob(44), 'web-' || n, ${start} FROM n WHERE n < ${tracks / perHost};
    INSERT INTO track (id, host, kind, subject) SELECT n + 1, n / ${perHost} + 1,
      CASE n % 3 WHEN 0 THEN 'endpoint-issued' WHEN 1 THEN 'endpoint-configured' ELSE 'endpoint-served' END,
      'shop-' || (n / 3) || '.example.test@0.0.0.0:443/ecdsa' FROM n;`);
  const certificates = sql.prepare(
    `INSERT INTO certificate (id, fingerprint, not_before, not_after, first_seen_at, body)
     SELECT $round * ${tracks} + n + 1, randomblob(32), 0, 0, 0, '{}' FROM n WHERE n % 3 = 0`,
  );
  const changes = sql.prepare(
    `INSERT INTO change (track, at, certificate)
     SELECT (n * 7919 % ${tracks}) + 1, ${start} + $round * ${day} + n, $round * ${tracks} + (n * 7919 % ${tracks}) / 3 * 3 + 1 FROM n ORDER BY n`,
  );
  sql.transaction(() => {
    for (let round = 0; round < depth; round++) {
      certificates.run({ round });
      changes.run({ round });
      if (round % roundsTold === roundsTold - 1) progress(`store: ${((round + 1) * tracks) / 1e6} million`);
    }
  })();
  sql
    .prepare(
      `INSERT INTO current_part (host, kind, id, certificate, body)
       SELECT n / ${perHost} + 1, 'endpoint', 'shop-' || n || '.example.test@0.0.0.0:443/ecdsa', ${depth - 1} * ${tracks} + n / 3 * 3 + 1, ? FROM n`,
    )
    .run(body);
  sql.close();
}

/** The same changes as the first version's rows, with their index. */
function bytesOfSchema1(path: string): number {
  const [first] = readMigrations();
  const sql = new Database(path);
  sql.exec(first?.sql ?? '');
  const count = 50_000;
  sql.exec(`INSERT INTO host (id, agent_id, public_key, name, enrolled_at)
      WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 250) SELECT n, n, randomblob(44), n, 0 FROM c;
    INSERT INTO change (at, host, kind, subject, before, after)
      WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c LIMIT ${count})
      SELECT ${start} + n, n % 250 + 1, 'endpoint-served', 'shop-' || n % 5000 || '.example.test@0.0.0.0:443/ecdsa',
        lower(hex(randomblob(32))), lower(hex(randomblob(32))) FROM c`);
  const bytes = sql.prepare(
    "SELECT sum(pgsize) FROM dbstat WHERE aggregate = TRUE AND name IN ('change', 'change_by_host')",
  );
  const each = Number(bytes.pluck().get()) / count;
  sql.close();
  return each;
}

/** Of each store the median, one after the other in each round: what else the machine does meanwhile concerns all of them. */
async function snapshots(stores: readonly Store[]): Promise<number[]> {
  for (const store of stores) await enrolled(store, 'snapshots', end);
  const times = stores.map((): number[] => []);
  for (let round = 0; round < 61; round++) {
    const issued = Array.from({ length: perHost }, (_, index) => certificate(`${round} ${index}`));
    const frame = snapshotFrame(exampleHost(issued), new Date(end).toISOString());
    for (const [at, store] of stores.entries()) {
      const began = performance.now();
      const kept = await store.keepSnapshot('snapshots', frame, end + round * 1000);
      if (!kept.ok) throw new Error(kept.failure.detail);
      if (round > 0) times[at]?.push(performance.now() - began);
    }
  }
  return times.map(median);
}

async function thinHalf(store: Store, before: number): Promise<number[]> {
  const times: number[] = [];
  for (let place: ThinPlace | undefined = passStart; place && times.length < 3000; ) {
    const began = performance.now();
    const kept = await store.thin(before, place);
    times.push(performance.now() - began);
    if (!kept.ok) throw new Error(kept.failure.detail);
    place = kept.value.next;
  }
  return times;
}

function timed(rounds: number, work: () => void): number[] {
  return Array.from({ length: rounds }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  });
}
