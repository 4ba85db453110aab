import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { openPostgresStore } from '../../../collector/store/postgres/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { event, told } from '../helpers/example-snapshot.ts';
import { endServers, engines, freshDatabase, query } from '../helpers/stores.ts';

test.after.always(endServers);

const epoch = 'epoch-0001';
const start = { agentId: 'agent-01', bootId: 'a', hostName: 'web-1', agentVersion: '0.1.0', epoch, at: 1 };

/** A store in whose database an agent's first event is kept, within its first session. */
async function begun(t: ExecutionContext) {
  const url = await freshDatabase();
  const opened = await openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  t.teardown(store.close);
  const tokenHash = Buffer.alloc(32, 1);
  await store.addToken(tokenHash, 0, 1000);
  await store.enrol({ tokenHash, publicKey: tokenHash, hostName: 'web-1', proposedAgentId: 'agent-01', at: 0 });
  await store.beginSession({ ...start, generation: 1 });
  const keep = async (seq: number, kind: 'deployment' | 'gap' = 'deployment') => {
    const kept = await store.keepEvents('agent-01', epoch, told(event(seq, { kind })), seq);
    return kept.ok ? kept.value?.ackedSeq : kept.failure.reason;
  };
  t.is(await keep(1), 1);
  const kept = async () => (await store.events(0, 10)).map(({ event: { seq, kind } }) => `${seq} ${kind}`);
  return { url, store, keep, kept };
}

test('of events that wait behind some that were not kept none is kept', async (t) => {
  const { url, store, keep, kept } = await begun(t);
  const other = new pg.Client(url);
  await other.connect();
  await other.query('BEGIN');
  await other.query('SELECT * FROM host FOR UPDATE');
  const first = keep(2);
  const [waiting] = await until('it waits for the row', async () => {
    const found = await query(
      url,
      `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return found.length > 0 && found;
  });
  const behind = [keep(3), keep(4)];
  await query(url, 'SELECT pg_terminate_backend($1)', [waiting?.['pid']]);
  t.is(await first, 'unreachable');
  await other.query('COMMIT');
  await other.end();
  t.deepEqual(await Promise.all(behind), ['unreachable', 'unreachable']);
  t.deepEqual(await kept(), ['1 deployment']);
  const again = await store.beginSession({ ...start, generation: 2 });
  t.is(again.ok ? again.value?.ackedSeq : '', 1);
  t.is(await keep(2), 2);
});

test('events behind a hole within a session are not kept, unless the agent tells it; a new session tells what is lost for good', async (t) => {
  const { store, keep, kept } = await begun(t);
  t.is(await keep(3), 'write-failed');
  t.deepEqual(await kept(), ['1 deployment']);
  t.is(await keep(2), 2);
  t.is(await keep(5, 'gap'), 5, 'its outbox dropped the oldest');
  t.is(await keep(7), 'write-failed');
  await store.beginSession({ ...start, generation: 2 });
  t.is(await keep(7), 7);
  t.deepEqual(await kept(), ['1 deployment', '2 deployment', '5 gap', '6 gap', '7 deployment']);
});

for (const engine of engines)
  test(`${engine.name}: of an agent's events none is kept behind some that cannot be, and of another agent's all are`, async (t) => {
    const { store } = await engine.open(t);
    for (const [index, agentId] of ['agent-01', 'agent-02'].entries()) {
      const tokenHash = Buffer.alloc(32, index + 1);
      await store.addToken(tokenHash, 0, 1000);
      await store.enrol({ tokenHash, publicKey: tokenHash, hostName: agentId, proposedAgentId: agentId, at: 0 });
      await store.beginSession({ ...start, agentId, generation: 1 });
    }
    const keep = (agentId: string, seq: number, at = '2026-11-23T21:43:35.000Z') =>
      store.keepEvents(agentId, epoch, told(event(seq, { at })), seq);
    const kept = await Promise.allSettled([
      keep('agent-01', 1),
      keep('agent-01', 2, 'no instant'),
      keep('agent-02', 1),
      keep('agent-01', 3),
    ]);
    t.deepEqual(
      kept.map(
        (one) => one.status === 'rejected' || (one.value.ok ? one.value.value?.ackedSeq : one.value.failure.reason),
      ),
      [1, true, 1, 'write-failed'],
    );
  });
