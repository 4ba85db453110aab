import type { ExecutionContext } from 'ava';
import { formatAuthority } from '../../../collector/authority.ts';
import { followElsewhere } from '../../../collector/receive/elsewhere.ts';
import { createEndings } from '../../../collector/receive/endings.ts';
import { createFrameReader } from '../../../collector/receive/frames.ts';
import { createRefusals } from '../../../collector/receive/gate.ts';
import { openAgentListener } from '../../../collector/receive/listener.ts';
import { createLiveness } from '../../../collector/receive/liveness.ts';
import type { Records } from '../../../collector/receive/records.ts';
import { createSessions } from '../../../collector/receive/sessions.ts';
import { createPartsRoom } from '../../../collector/receive/snapshot-parts.ts';
import { loadTlsIdentity } from '../../../collector/receive/tls-identity.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { addToken, temporaryDirectory } from './real-collector.ts';

/** A listener on a real store of which the test changes some answers; `ended` has the generations of sessions that were written down as over. */
export async function listenOnStore(t: ExecutionContext, change: (store: Records) => Partial<Records> = () => ({})) {
  const directory = temporaryDirectory(t);
  const identity = await loadTlsIdentity(directory, Date.now());
  const store = openSqliteStore(directory, silentLog);
  if (!identity.ok) throw new Error(identity.failure);
  if (!store.ok) throw new Error(`the store cannot be opened: ${JSON.stringify(store.failure)}`);
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
  const join = () => addToken(directory, formatAuthority(listener.address), 60_000, Date.now());
  return { join, sessions, ended, waiting: listener.waiting };
}
