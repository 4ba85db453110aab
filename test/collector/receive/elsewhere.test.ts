import test, { type ExecutionContext } from 'ava';
import { followElsewhere } from '../../../collector/receive/elsewhere.ts';
import { alone, type Others, type Records } from '../../../collector/receive/records.ts';
import { createSessions } from '../../../collector/receive/sessions.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { listenOnStore } from '../helpers/listener-on-store.ts';
import { begin, connect, enrol, hello, refusal } from '../helpers/wire-agent.ts';

async function listenWith(t: ExecutionContext, change: (store: Records) => Partial<Records>) {
  const { join: invite, ...listening } = await listenOnStore(t, change);
  const join = await invite();
  return { join, agent: await enrol(join, 'web-1'), ...listening };
}

test('a session that began anew at another collector while it was being welcomed here is not welcomed', async (t) => {
  let attendant: Parameters<Others['attend']>[0] | undefined;
  const held = Promise.withResolvers<void>();
  let reads = 0;
  const { join, agent, sessions, ended } = await listenWith(t, (store) => ({
    identity: async (agentId) => {
      reads += 1;
      if (reads === 2) await held.promise;
      return store.identity(agentId);
    },
    others: {
      answers: async () => false,
      attend: (own) => {
        attendant = own;
      },
    },
  }));
  const wire = await connect(join);
  wire.send(hello(wire, agent, { generation: 1 }));
  await until('its session was begun', () => reads === 2);
  attendant?.yield(agent.agentId, 2);
  held.resolve();
  const answer = await Promise.race([wire.next('refused'), wire.next('welcome')]);
  t.is(answer.type === 'refused' ? answer.reason : 'welcome', 'try-later');
  t.is(sessions.current(agent.agentId), undefined);
  t.deepEqual(ended, [1]);
  t.is((await begin(join, agent, { generation: 3 })).welcome.type, 'welcome', 'it may come back');
});

test('a session that was begun, but with an answer that was lost, is written down as over', async (t) => {
  const { join, agent, ended } = await listenWith(t, (store) => ({
    beginSession: async (start) => {
      const kept = await store.beginSession(start);
      return kept.ok ? { ok: false, failure: { reason: 'unreachable', detail: 'the answer was lost' } } : kept;
    },
  }));
  const wire = await connect(join);
  wire.send(hello(wire, agent));
  t.is((await refusal(wire)).frame.reason, 'try-later');
  t.deepEqual(ended, [1]);
});

test('a session after whose beginning the store cannot be read is written down as over', async (t) => {
  let reads = 0;
  const { join, agent, ended } = await listenWith(t, (store) => ({
    identity: async (agentId) => {
      reads += 1;
      if (reads === 2) throw new Error('away');
      return store.identity(agentId);
    },
  }));
  const wire = await connect(join);
  wire.send(hello(wire, agent));
  t.is((await refusal(wire)).frame.reason, 'try-later');
  t.deepEqual(ended, [1]);
});

test('a session of a host that another process revoked ends within five seconds, though nobody says so', async (t) => {
  const clock = handClock(0);
  const sessions = createSessions();
  let isRevoked = false;
  let ended = 0;
  sessions.put({
    agentId: 'agent-01',
    bootId: 'boot-a',
    generation: 1,
    answers: async () => true,
    ask: () => false,
    look: async () => ({ lost: 'gone' }),
    yield: () => t.fail('it was revoked'),
    revoke: () => void (ended += 1),
  });
  const stop = followElsewhere({
    records: {
      changedElsewhere: async () => (isRevoked ? ['hosts'] : []),
      onElsewhere: () => {},
      revoked: async () => ['agent-00', 'agent-01'],
      others: alone,
    },
    sessions,
    liveness: { refresh: async () => {} },
    clock,
    log: silentLog,
    changed: () => {},
  });
  t.teardown(stop);
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      await new Promise(setImmediate);
    }
  };
  await pass(10);
  t.is(ended, 0);
  isRevoked = true;
  await pass(5);
  t.true(ended > 0);
});
