import { randomUUID } from 'node:crypto';
import type { RequestFrame } from '@certherd/protocol/frame';
import test from 'ava';
import { formatAuthority } from '../../../collector/authority.ts';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { createEndings } from '../../../collector/receive/endings.ts';
import { createRefusals } from '../../../collector/receive/gate.ts';
import { openAgentListener } from '../../../collector/receive/listener.ts';
import { createLiveness } from '../../../collector/receive/liveness.ts';
import { createSessions } from '../../../collector/receive/sessions.ts';
import { createPartsRoom } from '../../../collector/receive/snapshot-parts.ts';
import { loadTlsIdentity } from '../../../collector/receive/tls-identity.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { addToken, temporaryDirectory } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

const request: RequestFrame = {
  type: 'request',
  id: randomUUID(),
  verb: 'renew',
  subject: { kind: 'lineage', id: 'shop' },
  requester: 'ann',
  reason: 'the key leaked',
  withinSeconds: 60,
};

test('a request goes to an agent that knows requests, and to no older one or one that is gone', async (t) => {
  const directory = temporaryDirectory(t);
  const identity = await loadTlsIdentity(directory, Date.now());
  const store = openSqliteStore(directory, silentLog);
  if (!identity.ok || !store.ok) throw new Error('the data directory cannot be used');
  const changed = () => {};
  const needs = { records: store.value, clock: systemClock, log: silentLog, silentAfterMs: 60_000, changed };
  const liveness = createLiveness({ ...needs, heard: [] });
  const sessions = createSessions();
  const endings = createEndings({ ...needs, sessions });
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
    endings.close();
    await liveness.close();
    await store.value.close();
  });
  const authority = formatAuthority(listener.address);
  const agent = async (hostName: string, maxVersion: number) => {
    const join = await addToken(directory, authority, 60_000, Date.now());
    const { agentId, key } = await enrol(join, hostName);
    const wire = await begin(join, { agentId, key }, { minVersion: 1, maxVersion });
    return { wire, session: sessions.current(agentId) };
  };

  const newer = await agent('web-1', 2);
  t.is(newer.wire.welcome.version, 2);
  t.true(newer.session?.ask(request));
  t.deepEqual(await newer.wire.next('request'), request);

  const older = await agent('web-2', 1);
  t.is(older.wire.welcome.version, 1, 'the version before is still spoken');
  t.false(older.session?.ask(request));

  newer.wire.close();
  await newer.wire.closed;
  t.false(newer.session?.ask(request));
});
