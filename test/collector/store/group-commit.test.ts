import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { enrolled } from '../../../scripts/bench/store/enrolled.ts';
import { openDatabase } from '../../../collector/store/sqlite/database.ts';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { certificate, event, snapshot, snapshotFrame, told } from '../helpers/example-snapshot.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

/** How many transactions the write-ahead log holds: the last page of each has the database's size in its header (SQLite file format 4.1). */
function commits(directory: string): number {
  const log = readFileSync(join(directory, 'certherd.db-wal'));
  const pageSize = log.readUInt32BE(8);
  const salt = log.readBigUInt64BE(16);
  let found = 0;
  for (let at = 32; at + 24 + pageSize <= log.length; at += 24 + pageSize)
    if (log.readBigUInt64BE(at + 8) === salt && log.readUInt32BE(at + 4) > 0) found += 1;
  return found;
}

async function storeOf(t: ExecutionContext, count: number) {
  const directory = temporaryDirectory(t);
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  t.teardown(store.close);
  const agents = Array.from({ length: count }, (_, index) => `agent-${index}`);
  for (const agentId of agents) await enrolled(store, agentId, 1);
  return { directory, store, agents };
}

test('what fifty agents tell in one tick is one transaction, and so one wait for the disk', async (t) => {
  const { directory, store, agents } = await storeOf(t, 50);
  const before = commits(directory);
  t.true(before > 50, `${before} of one after the other`);
  const kept = await Promise.all(
    agents.flatMap((agentId) => [
      store.keepSnapshot(agentId, snapshotFrame(snapshot(certificate(agentId))), 2),
      store.keepEvents(agentId, 'epoch-0001', told(event(1), event(2)), 2),
    ]),
  );
  t.true(kept.every(({ ok }) => ok));
  t.is(commits(directory), before + 1);
  t.is((await store.facts()).eventsTotal, 100);
});

test('a flood is kept in transactions of some two thousand rows, and whole', async (t) => {
  const { directory, store, agents } = await storeOf(t, 5);
  const before = commits(directory);
  const list = told(...Array.from({ length: 900 }, (_, index) => event(index + 1)));
  const kept = await Promise.all(agents.map((agentId) => store.keepEvents(agentId, 'epoch-0001', list, 2)));
  t.true(kept.every((one) => one.ok && one.value?.ackedSeq === 900 && one.value.added === 900));
  t.is(commits(directory), before + 2, 'three agents, and two');
  t.is((await store.facts()).eventsTotal, 4500);
});

test('every table is STRICT, and what is history cannot be rewritten', (t) => {
  const opened = openDatabase(join(temporaryDirectory(t), 'certherd.db'), readMigrations());
  if (!opened.ok) throw new Error(opened.failure.message);
  const sql = opened.value;
  const tables = sql
    .prepare<[], { name: string; strict: number }>(
      `SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'`,
    )
    .all();
  t.true(tables.length > 25);
  t.deepEqual(
    tables.filter(({ strict }) => strict !== 1).map(({ name }) => name),
    [],
  );
  sql.exec(`INSERT INTO host (id, agent_id, public_key, name, enrolled_at) VALUES (1, 'a', x'01', 'web-1', 0);
    INSERT INTO track (id, host, kind, subject) VALUES (1, 1, 'endpoint-served', 'x');
    INSERT INTO change (track, at) VALUES (1, 5);
    INSERT INTO epoch (id, host, name) VALUES (1, 1, 'one');
    INSERT INTO event (epoch, seq, at, received_at, body) VALUES (1, 1, 0, 0, '{}');
    INSERT INTO audit (at, actor, via, action, subject, detail) VALUES (1, 'ann', 'page', 'signed-in', 'ann', '{}');
    INSERT INTO request (id, host, verb, subject_kind, subject_id, requester, reason, asked_at, until)
      VALUES ('r', 1, 'renew', 'lineage', 'shop', 'ann', 'why', 1, 2)`);
  for (const statement of [
    'UPDATE change SET at = 6',
    "UPDATE event SET body = '[]'",
    "UPDATE audit SET actor = 'eve'",
    'DELETE FROM audit',
    "UPDATE request SET requester = 'eve'",
    'DELETE FROM request',
  ])
    t.throws(() => sql.exec(statement), { message: /append-only|history/ }, statement);
  sql.close();
});
