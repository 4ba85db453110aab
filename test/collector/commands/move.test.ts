import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openPostgresStore } from '../../../collector/store/postgres/store.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import type { Store } from '../../../collector/store/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { addToken, runCollector, startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';
import { begin, ended, enrol, type Wire } from '../helpers/wire-agent.ts';

test.after.always(endServers);

const epoch = 'epoch-0001';
/** More than one statement carries. */
const manyEvents = 2_500;

async function run(...args: string[]) {
  const child = runCollector(args);
  const code = await child.ended;
  return { code, out: child.lines.join('\n'), err: child.complaints.join('\n') };
}

/** Settings that name no database, as of a collector that has been at work with its file. */
function place(t: ExecutionContext): string[] {
  const config = join(temporaryDirectory(t), 'collector.toml');
  writeFileSync(config, 'log_level = "error"\n');
  return ['--config', config];
}

function sqliteStore(directory: string): Store {
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value;
}

async function postgresStore(url: string): Promise<Store> {
  const opened = await openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });
  if (!opened.ok) throw new Error(opened.failure.message);
  return opened.value;
}

/** Everything that a store tells. */
async function contentOf(store: Store) {
  const facts = await store.facts();
  const hosts = facts.hosts.toSorted((a, b) => (a.agentId < b.agentId ? -1 : 1));
  const ids = hosts.map(({ agentId }) => agentId);
  const prints = facts.certificates.map((one) => one.certificate.fingerprint).toSorted();
  return {
    collectorId: store.collectorId,
    hosts,
    certificates: facts.certificates.toSorted((a, b) =>
      a.certificate.fingerprint < b.certificate.fingerprint ? -1 : 1,
    ),
    labels: facts.labels,
    listed: facts.listed,
    eventsTotal: facts.eventsTotal,
    events: await store.events(0, 100_000),
    changes: await Promise.all(ids.map((id) => store.changes(id))),
    stays: await Promise.all(prints.map((print) => store.stays(print))),
    ders: await Promise.all(prints.map((print) => store.der(print))),
    identities: await Promise.all(ids.map((id) => store.identity(id))),
    heard: (await store.lastHeard()).toSorted((a, b) => (a.agentId < b.agentId ? -1 : 1)),
    requests: await store.requests(100),
    agentAddress: await store.agentAddress(),
    newestAt: await store.newestAt(),
  };
}

async function tellMany(wire: Wire, from: number, to: number): Promise<void> {
  for (let seq = from; seq <= to; seq += 100) {
    const events = Array.from({ length: Math.min(100, to - seq + 1) }, (_, index) =>
      event(seq + index, { subject: { kind: 'lineage', id: `shop-${(seq + index) % 7}\u0000` } }),
    );
    wire.send({ type: 'events', epoch, events });
    await until('acked', async () => (await wire.next('ack')).seq === events.at(-1)?.seq);
  }
}

/** A collector's whole life with SQLite: hosts, renewals, findings, events, labels, requests, a revoked host, an unspent token. */
async function livedWith(t: ExecutionContext) {
  const collector = await startTestCollector(t);
  const { directory } = collector;
  const [one, two] = [await enrol(await collector.join(), 'web-1'), await enrol(await collector.join(), 'web-2')];
  const wire = await begin(await collector.join(), one, { hostName: 'web-1' });
  const other = await begin(await collector.join(), two, { hostName: 'web-2\u0000' });
  for (const mark of ['one', 'two', 'one'])
    wire.send(snapshotFrame(snapshot(certificate(mark), { findings: [finding({ cause: `of ${mark}` })] })));
  const last = snapshotFrame(snapshot(certificate('three')));
  wire.send(last);
  other.send(snapshotFrame(snapshot(certificate('two'))));
  await tellMany(wire, 1, manyEvents);
  await tellMany(other, 1, 3);
  await until('all is kept', async () => (await collector.estate()).endpoints.length === 2);
  await ended(wire);
  await ended(other);
  await collector.close();
  const store = sqliteStore(directory);
  const now = Date.now();
  const rule = { scope: 'name' as const, pattern: '*.example.test', key: 'owner', value: 'payments' };
  await store.setLabels([{ ...rule, source: 'command', setBy: 'ann' }], now);
  const row = { name: 'shop.example.test', expiration: 'May', issuer: 'R3', labels: { team: 'checkout' } };
  await store.replaceListed([row], [{ pattern: 'shop.example.test', key: 'team', value: 'checkout' }], 'ann', now);
  const draft = { verb: 'renew' as const, subject: { kind: 'lineage' as const, id: 'shop' }, requester: 'ann' };
  for (const [index, key] of ['monday', undefined].entries())
    await store.addRequest({
      ...draft,
      id: randomUUID(),
      key,
      agentId: one.agentId,
      reason: 'the key leaked\u0000',
      askedAt: now + index,
      until: now + 3_600_000,
    });
  const proved = { certificate: certificate('three'), der: Buffer.from('the certificate itself') };
  await store.keepDer(one.agentId, [proved]);
  await store.revoke(two.agentId, now);
  const before = await contentOf(store);
  await store.close();
  const unspent = await addToken(directory, '127.0.0.1:1', 3_600_000, now);
  return { directory, one, last, before, unspent };
}

function sum(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

test('a collector goes on with PostgreSQL where it was: nothing is lost, and no agent sends again what is there', async (t) => {
  const { directory, one, last, before, unspent } = await livedWith(t);
  const url = await freshDatabase();
  const words = ['move', '--to', url, '--data', directory, ...place(t)];
  const file = join(directory, 'certherd.db');
  const fileBefore = sum(file);

  const dry = await run(...words, '--dry-run', '--json');
  t.is(dry.code, 0, dry.err);
  t.like(JSON.parse(dry.out), { version: 1, moved: false, tables: { host: 2, event: manyEvents + 3, request: 2 } });
  t.deepEqual(await query(url, `SELECT 1 FROM pg_tables WHERE schemaname = 'public'`), [], 'nothing was written');

  const moved = await run(...words, '--json');
  t.is(moved.code, 0, moved.err);
  t.deepEqual(JSON.parse(moved.out), { ...JSON.parse(dry.out), moved: true });
  t.is(sum(file), fileBefore, 'the source stays');
  const store = await postgresStore(url);
  t.deepEqual(await contentOf(store), before);
  await store.close();

  const again = await run(...words);
  t.is(again.code, 1);
  t.regex(again.err, /: is not empty \(\w+\): name a database of its own; nothing was changed/);

  const collector = await startTestCollector(t, { dataDirectory: directory, store: url });
  const authority = `127.0.0.1:${collector.agentAddress.port}`;
  const wire = await begin(await collector.join(), one, { generation: 2, snapshotDigest: last.digest });
  t.like(wire.welcome, { wantSnapshot: false, ackedSeq: manyEvents });
  await tellMany(wire, manyEvents + 1, manyEvents + 1);
  wire.send(snapshotFrame(snapshot(certificate('four'))));
  const estate = await until('it is told on', async () => {
    const found = await collector.estate();
    return found.endpoints.some(({ served }) => served === certificate('four').fingerprint) && found;
  });
  t.is(estate.events[0]?.seq, manyEvents + 1, 'behind all of before');
  const three = await enrol({ ...unspent, authority }, 'web-3');
  await begin(await collector.join(), three, { hostName: 'web-3' });
  t.is((await collector.estate()).hosts.length, 3);
});

test('a move that cannot be finished leaves nothing behind, and may be run again', async (t) => {
  const { directory, before } = await livedWith(t);
  const url = await freshDatabase();
  await (await postgresStore(url)).close();
  await query(url, 'ALTER TABLE request ADD CONSTRAINT odd CHECK (key IS NULL)');
  const words = ['move', '--to', url, '--data', directory, ...place(t)];
  const failed = await run(...words);
  t.is(failed.code, 1);
  t.regex(failed.err, /^certherd-collector: PostgreSQL at 127\.0\.0\.1:\d+\/fleet_\w+: cannot be used \(.*"odd"/);
  for (const table of ['host', 'event', 'request'])
    t.deepEqual(await query(url, `SELECT * FROM ${table} LIMIT 1`), [], table);

  await query(url, 'ALTER TABLE request DROP CONSTRAINT odd');
  const moved = await run(...words);
  t.is(moved.code, 0, moved.err);
  t.regex(
    moved.out,
    /^Moved: 2 host\(s\), \d+ certificate\(s\), 2503 event\(s\), \d+ row\(s\) in all to PostgreSQL at /,
  );
  const store = await postgresStore(url);
  t.deepEqual(await contentOf(store), before);
  await store.close();
});

test('nothing is moved while a collector serves at either end, nor without a database to move to', async (t) => {
  const [from, url] = [await startTestCollector(t), await freshDatabase()];
  const served = await run('move', '--to', url, '--data', from.directory, ...place(t));
  t.is(served.code, 1);
  t.regex(served.err, /already served by another certherd-collector/);
  t.is((await run('move', '--to', url, '--data', from.directory, '--dry-run', ...place(t))).code, 0);
  await from.close();

  await startTestCollector(t, { store: url });
  const busy = await run('move', '--to', url, '--data', from.directory, ...place(t));
  t.is(busy.code, 1);
  t.regex(busy.err, /: a collector is at work with it: stop it/);

  const nowhere = await run('move', '--data', from.directory, ...place(t));
  t.is(nowhere.code, 64);
  const away = await run(
    'move',
    '--to',
    'postgres://wilma:hunter2@127.0.0.1:1/x',
    '--data',
    from.directory,
    ...place(t),
  );
  t.is(away.code, 1);
  t.regex(away.err, /PostgreSQL at 127\.0\.0\.1:1\/x: cannot be reached/);
  t.notRegex(away.err, /hunter2/);
});
