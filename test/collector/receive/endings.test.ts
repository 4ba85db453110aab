import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { startTestCollector, type TestCollector } from '../helpers/real-collector.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';
import { begin, connect, enrol, hello, refusal } from '../helpers/wire-agent.ts';

test.after.always(endServers);

async function pair(t: ExecutionContext): Promise<[TestCollector, TestCollector, store: string]> {
  const store = await freshDatabase();
  // Whoever does not answer a probe is not cut off before it is over.
  const change = { store, heartbeatSeconds: 30 };
  return [await startTestCollector(t, change), await startTestCollector(t, change), store];
}

/** Keeps every write about a host waiting until it is let go. */
async function holdHosts(store: string): Promise<() => Promise<void>> {
  const client = new pg.Client(store);
  await client.connect();
  await client.query('BEGIN');
  await client.query('SELECT * FROM host FOR UPDATE');
  return async () => {
    await client.query('COMMIT');
    await client.end();
  };
}

/** The processes of the server that wait for a lock. */
async function waiting(store: string): Promise<unknown[]> {
  const rows = await query(
    store,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  return rows.map(({ pid }) => pid);
}

const someWait = (store: string) =>
  until('a write waits', async () => {
    const pids = await waiting(store);
    return pids.length > 0 && pids;
  });

/** At both, the one that had the session and the one that reads of it. */
async function nowhereConnected(t: ExecutionContext, collectors: TestCollector[], store: string): Promise<void> {
  for (const collector of collectors)
    await until('it is not connected', async () => (await collector.estate()).hosts[0]?.connected === false);
  t.deepEqual(await query(store, 'SELECT collector FROM host'), [{ collector: null }]);
}

test('a session whose end could not be written down at first is nowhere connected', async (t) => {
  const [a, b, store] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const wire = await begin(await a.join(), identity);
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await until('the other one shows it', async () => (await b.estate()).hosts[0]?.connected);
  const letGo = await holdHosts(store);
  wire.socket.terminate();
  for (const pid of await someWait(store)) await query(store, 'SELECT pg_terminate_backend($1)', [pid]);
  await letGo();
  await nowhereConnected(t, [a, b], store);
});

test('a host that left while its hello was written down is nowhere connected', async (t) => {
  const [a, b, store] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const letGo = await holdHosts(store);
  const wire = await connect(await a.join());
  wire.send(hello(wire, identity));
  await someWait(store);
  wire.socket.terminate();
  await wire.closed;
  await letGo();
  await until(
    'its session was begun',
    async () => (await query(store, 'SELECT generation FROM host'))[0]?.['generation'] === '1',
  );
  await nowhereConnected(t, [a, b], store);
});

test('a host that is turned away after its session was begun is nowhere connected', async (t) => {
  const [a, b, store] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  // Revoked by the same write that begins its session: it is found only afterwards.
  await query(
    store,
    `CREATE FUNCTION revoked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.revoked_at := 1; RETURN NEW; END $$`,
  );
  await query(
    store,
    `CREATE TRIGGER revoked BEFORE UPDATE ON host FOR EACH ROW WHEN (NEW.generation > OLD.generation) EXECUTE FUNCTION revoked()`,
  );
  const wire = await connect(await a.join());
  wire.send(hello(wire, identity));
  t.is((await refusal(wire)).frame.reason, 'revoked');
  await nowhereConnected(t, [a, b], store);
});

test('a hello whose session was not begun leaves the one that is there alone', async (t) => {
  const [a, b, store] = await pair(t);
  const identity = await enrol(await a.join(), 'web-1');
  const wire = await begin(await a.join(), identity, { generation: 2 });
  for (const generation of [1, 2]) {
    wire.socket.pause();
    const old = await connect(await a.join());
    old.send(hello(old, identity, { generation, bootId: 'boot-b' }));
    t.is((await refusal(old)).frame.reason, 'identity-in-use');
    wire.socket.resume();
  }
  t.is(typeof (await query(store, 'SELECT collector FROM host'))[0]?.['collector'], 'string');
  t.true((await b.estate()).hosts[0]?.connected);
});
