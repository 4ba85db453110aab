import { createServer, connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from '../../helpers/properties.ts';
import { openPostgresStore } from '../../../collector/store/postgres/store.ts';
import { fromText, toText } from '../../../collector/store/postgres/text.ts';
import { createDatabase } from '../../../collector/store/postgres/database.ts';
import type { Store } from '../../../collector/store/store.ts';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { postgresBinaries } from '../../helpers/testbed/postgres.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame, told } from '../helpers/example-snapshot.ts';
import { startTestCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { endServers, freshDatabase, openedPostgres as opened, query } from '../helpers/stores.ts';
import { begin, connect as dial, enrol, hello, refusal } from '../helpers/wire-agent.ts';

test.after.always(endServers);

async function enrolled(store: Store, agentId: string): Promise<void> {
  const tokenHash = Buffer.alloc(32, agentId);
  await store.addToken(tokenHash, 0, 1000);
  await store.enrol({ tokenHash, publicKey: tokenHash, hostName: agentId, proposedAgentId: agentId, at: 0 });
}

test('a database whose commits do not wait for the disk is made to wait, and one that waits for its standbys goes on to', async (t) => {
  for (const [set, found] of [
    ['off', 'on'],
    ['remote_apply', 'remote_apply'],
  ]) {
    const url = await freshDatabase();
    await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = ${set}`);
    const database = createDatabase(url);
    const own = await database.connect();
    for (const queries of [database, { one: async (sql: string) => (await own.query(sql)).rows[0] }])
      t.deepEqual(await queries.one('SHOW synchronous_commit'), { synchronous_commit: found });
    await own.end();
    await database.close();
  }
});

test('any text comes back as it was, and none that is kept has the character that PostgreSQL does not take', (t) => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom('\0', '\uf8ff', '0'), fc.string({ unit: 'binary', maxLength: 1 })),
  });
  fc.assert(fc.property(text, (one) => fromText(toText(one)) === one && !toText(one).includes('\0')));
  t.is(toText('plain'), 'plain');
});

test('collectors that begin together on an empty database make its schema once', async (t) => {
  const url = await freshDatabase();
  const stores = await Promise.all(Array.from({ length: 8 }, () => opened(t, url)));
  t.is(new Set(stores.map(({ collectorId }) => collectorId)).size, 1);
  const steps = await query(url, 'SELECT number FROM certherd_schema ORDER BY number');
  t.deepEqual(
    steps.map(({ number }) => Number(number)),
    readMigrations('postgres').map(({ number }) => number),
  );
});

test("a newer schema and another program's tables are refused, and left as they are", async (t) => {
  const newer = await freshDatabase();
  await (await opened(t, newer)).close();
  await query(newer, 'INSERT INTO certherd_schema (number) VALUES (9000)');
  const foreign = await freshDatabase();
  await query(foreign, 'CREATE TABLE recipes (name TEXT)');
  for (const [url, reason] of [
    [newer, 'newer'],
    [foreign, 'foreign'],
  ] as const) {
    const refused = await openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });
    t.is(refused.ok ? '' : refused.failure.reason, reason);
  }
  t.deepEqual(
    await query(
      foreign,
      `SELECT CAST(table_name AS TEXT) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    ),
    [{ name: 'recipes' }],
  );
});

test('a database that is not there is one line that says where it was looked for, and never has the password', async (t) => {
  const passwordFile = join(temporaryDirectory(t), 'password');
  writeFileSync(passwordFile, 'correct horse\n', { mode: 0o600 });
  for (const place of [
    { url: 'postgres://wilma:hunter2@127.0.0.1:1/fleet', passwordFile: undefined },
    { url: 'postgres://wilma@127.0.0.1:1/fleet', passwordFile },
    {
      url: (await freshDatabase()).replace(/fleet_.*/, 'nowhere').replace('test@', 'test:hunter2@'),
      passwordFile: undefined,
    },
  ]) {
    const refused = await openPostgresStore(place, { clock: systemClock, log: silentLog });
    if (refused.ok) throw new Error('it was opened');
    t.regex(refused.failure.message, /^PostgreSQL at 127\.0\.0\.1:\d+\/(?:fleet|nowhere): cannot be reached \(/);
    t.notRegex(refused.failure.message, /hunter2|horse|wilma/);
  }
  const missing = { url: 'postgres://wilma@127.0.0.1:1/fleet', passwordFile: '/nonexistent' };
  const refused = await openPostgresStore(missing, { clock: systemClock, log: silentLog });
  t.regex(refused.ok ? '' : refused.failure.message, /^\/nonexistent: no password can be read there \(ENOENT\)/);
});

for (const onlyStandard of [false, true]) {
  test(`a collector hears what another one kept, and asks it for its sessions, ${onlyStandard ? 'without' : 'with'} notifications`, async (t) => {
    const url = await freshDatabase();
    const [one, other] = [await opened(t, url, { onlyStandard }), await opened(t, url, { onlyStandard })];
    const ended: [string, number][] = [];
    const live = new Set(['agent-01']);
    one.others.attend({
      answers: async (agentId) => live.has(agentId),
      yield: (agentId, generation) => void ended.push([agentId, generation]),
    });
    other.others.attend({ answers: async () => false, yield: () => {} });
    await enrolled(one, 'agent-01');
    const start = { bootId: 'a', hostName: 'web-1', agentVersion: '0.1.0', epoch: 'epoch-0001', at: 1 };
    await one.beginSession({ ...start, agentId: 'agent-01', generation: 1 });
    await other.changedElsewhere();
    await one.keepSnapshot('agent-01', snapshotFrame(snapshot(certificate('one'))), 2);
    await until('the other one knows', async () => (await other.changedElsewhere()).includes('endpoints'));
    await until('it is alive', async () => (await other.lastHeard())[0]?.elsewhere === true);
    t.true(await other.others.answers('agent-01'));
    t.false(await one.others.answers('agent-01'), 'it is its own');
    live.clear();
    t.false(await other.others.answers('agent-01'));
    await other.beginSession({ ...start, agentId: 'agent-01', generation: 2 });
    await until('the older one is told', () => ended.length > 0);
    t.deepEqual(ended, [['agent-01', 2]]);
    const late = await one.keepEvents('agent-01', 'epoch-0001', told(event(1)), 3);
    t.is(late.ok ? '' : late.failure.reason, 'write-failed', 'what its older session still tells is not kept');
  });
}

test('whoever reads events on from the last one misses none, while two collectors keep them', async (t) => {
  const url = await freshDatabase();
  const stores = [await opened(t, url), await opened(t, url)] as const;
  await Promise.all(['agent-01', 'agent-02'].map((agentId) => enrolled(stores[0], agentId)));
  const each = 60;
  let telling = 2;
  const tell = async (store: Store, agentId: string): Promise<void> => {
    for (let seq = 1; seq <= each; seq++) await store.keepEvents(agentId, 'epoch-0001', told(event(seq)), seq);
    telling -= 1;
  };
  const both = Promise.all([tell(stores[0], 'agent-01'), tell(stores[1], 'agent-02')]);
  const seen: string[] = [];
  let last = 0;
  for (let ended = false; !ended; ) {
    ended = telling === 0;
    for (const { id, agentId, event: one } of await stores[0].events(last, 10)) {
      seen.push(`${agentId} ${one.seq}`);
      last = id;
      ended = false;
    }
  }
  await both;
  t.is(seen.length, 2 * each);
  t.is(new Set(seen).size, 2 * each);
});

/** A way to the server that can be cut. */
async function wayTo(t: ExecutionContext, url: string): Promise<{ url: string; cut: () => void; mend: () => void }> {
  const target = new URL(url);
  const port = Number(target.port);
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    if (isCut) return void socket.destroy();
    const onward = connect(port, target.hostname);
    sockets.add(onward);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('no port');
  const cut = () => {
    isCut = true;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  t.teardown(() => {
    cut();
    server.close();
  });
  target.port = String(address.port);
  return { url: target.href, cut, mend: () => void (isCut = false) };
}

test('while the database is away nothing is acknowledged, agents try later, page and health say so; then all goes on by itself', async (t) => {
  const way = await wayTo(t, await freshDatabase());
  const collector = await startTestCollector(t, { store: way.url });
  const join_ = await collector.join();
  const identity = await enrol(join_, 'web-1');
  const wire = await begin(join_, identity);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await until('known', async () => (await collector.estate()).endpoints.length > 0);
  way.cut();
  wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  const refused = await refusal(wire);
  t.deepEqual([refused.frame.reason, refused.frame.retryAfterSeconds], ['try-later', 20]);
  const again = await dial(join_);
  again.send(hello(again, identity, { generation: 2 }));
  t.is((await refusal(again)).frame.reason, 'try-later');
  const status = async (path: string) => (await fetch(`${collector.url}${path}`)).status;
  await until('health says so', async () => (await status('/healthz')) === 503);
  for (const path of ['/api/v1/estate', '/api/v1/events'])
    await until('the page says so', async () => (await status(path)) === 503);
  way.mend();
  await until('it is well again', async () => (await status('/healthz')) === 200);
  const next = await begin(join_, identity, { generation: 3 });
  t.is(next.welcome.ackedSeq, 0);
  next.send({ type: 'events', epoch: 'epoch-0001', events: [event(1)] });
  t.is((await next.next('ack')).seq, 1);
  await until('and it is shown', async () => (await collector.estate()).events.length === 1);
});

test('a server that was put back to an earlier dump is told everything again, and what it lost is a gap', async (t) => {
  const url = await freshDatabase();
  const store = await opened(t, url);
  await enrolled(store, 'agent-01');
  const start = {
    agentId: 'agent-01',
    bootId: 'a',
    hostName: 'web-1',
    agentVersion: '0.1.0',
    epoch: 'epoch-0001',
    at: 1,
  };
  await store.beginSession({ ...start, generation: 1 });
  await store.keepEvents('agent-01', 'epoch-0001', told(event(1), event(2)), 1);
  const sandbox = openSandbox();
  t.teardown(sandbox.close);
  const file = join(sandbox.directory, 'fleet.dump');
  const dumped = await sandbox.run(`${postgresBinaries}/pg_dump`, ['--format=custom', `--file=${file}`, url]);
  t.is(dumped.exit, 0, dumped.stderr);
  await store.keepEvents('agent-01', 'epoch-0001', told(event(3), event(4)), 2);
  const frame = snapshotFrame(snapshot(certificate('one')));
  await store.keepSnapshot('agent-01', frame, 2);
  await store.close();
  const restored = await sandbox.run(`${postgresBinaries}/pg_restore`, [
    '--clean',
    '--if-exists',
    `--dbname=${url}`,
    file,
  ]);
  t.is(restored.exit, 0, restored.stderr);

  const after = await opened(t, url);
  t.is(after.collectorId, store.collectorId);
  t.deepEqual(await after.beginSession({ ...start, generation: 2 }), {
    ok: true,
    value: { ackedSeq: 2, snapshotDigest: undefined, isOther: false },
  });
  await after.keepEvents('agent-01', 'epoch-0001', told(event(5)), 3);
  t.deepEqual(
    (await after.events(0, 10)).map(({ event: { seq, kind, detail } }) => [seq, kind, detail['missing']]),
    [
      [1, 'deployment', undefined],
      [2, 'deployment', undefined],
      [4, 'gap', '3 to 4'],
      [5, 'deployment', undefined],
    ],
  );
});
