import test, { type ExecutionContext } from 'ava';
import { formatAuthority } from '../../../collector/authority.ts';
import { followElsewhere } from '../../../collector/receive/elsewhere.ts';
import { createEndings } from '../../../collector/receive/endings.ts';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { createRefusals } from '../../../collector/receive/gate.ts';
import { openAgentListener } from '../../../collector/receive/listener.ts';
import { createLiveness } from '../../../collector/receive/liveness.ts';
import type { Others, Records } from '../../../collector/receive/records.ts';
import { createSessions } from '../../../collector/receive/sessions.ts';
import { createPartsRoom } from '../../../collector/receive/snapshot-parts.ts';
import { loadTlsIdentity } from '../../../collector/receive/tls-identity.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { addToken, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, connect, enrol, hello, refusal } from '../helpers/wire-agent.ts';

/** A listener on a real store of which the test changes some answers; `ended` has the generations of sessions that were written down as over. */
async function listenWith(t: ExecutionContext, change: (store: Records) => Partial<Records>) {
  const directory = temporaryDirectory(t);
  const identity = await loadTlsIdentity(directory, Date.now());
  const store = openSqliteStore(directory, silentLog);
  if (!identity.ok || !store.ok) throw new Error('the data directory cannot be used');
  const ended: number[] = [];
  const records: Records = {
    ...store.value,
    endSession: async (agentId, generation) => {
      ended.push(generation);
      return store.value.endSession(agentId, generation);
    },
    ...change(store.value),
  };
  const needs = { records, clock: systemClock, log: silentLog, silentAfterMs: 60_000, changed: () => {} };
  const liveness = createLiveness({ ...needs, heard: [] });
  const sessions = createSessions();
  const endings = createEndings({ ...needs, sessions });
  const unfollow = followElsewhere({ ...needs, sessions, liveness });
  const listener = await openAgentListener({
    listen: { host: '127.0.0.1', port: 0 },
    identity: identity.value,
    isWritable: async () => true,
    gate: {
      ...needs,
      liveness,
      sessions,
      endings,
      collectorId: store.value.collectorId,
      heartbeatSeconds: 1,
      readFrame: createFrameReader(),
      partsRoom: createPartsRoom(),
      asked: new Map(),
      refusals: createRefusals(),
    },
  });
  t.teardown(async () => {
    await listener.close();
    unfollow();
    endings.close();
    await liveness.close();
    await store.value.close();
  });
  const join = await addToken(directory, formatAuthority(listener.address), 60_000, Date.now());
  return { join, agent: await enrol(join, 'web-1'), sessions, ended };
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
