import test from 'ava';
import type { NotKept } from '../../collector/receive/records.ts';
import { createSessions } from '../../collector/receive/sessions.ts';
import { keepRequests } from '../../collector/requests.ts';
import { silentLog } from '../../collector/system/log.ts';
import { certificate, snapshot } from './helpers/example-snapshot.ts';
import { handClock } from './helpers/hand-clock.ts';

async function failureOf(reason: NotKept['reason']): Promise<string> {
  const instants = { enrolledAt: 0, heardAt: 0, conflictAt: undefined, revokedAt: undefined };
  const host = { agentId: 'a', name: 'web-1', agentVersion: '0.1.0', ...instants };
  const told = { ...snapshot(certificate('one')), digest: 'd', observedAt: 0, receivedAt: 0 };
  const requests = keepRequests({
    hosts: async () => [host],
    readHosts: async () => [{ host: { ...host, snapshot: told }, certificates: [] }],
    addRequest: async () => ({ ok: false, failure: { reason, detail: 'as the database says' } }),
    noteSent: async () => ({ ok: true, value: undefined }),
    findRequest: async () => undefined,
    waitingRequests: async () => [],
    sessions: createSessions(),
    clock: handClock(0),
    log: silentLog,
  });
  const asked = await requests.ask({
    host: 'web-1',
    verb: 'renew',
    requester: 'ann',
    reason: 'why',
    withinSeconds: 60,
    via: 'command',
  });
  requests.close();
  return asked.ok ? '' : asked.failure;
}

test('a request that cannot be kept says what to do about it, and only a full disk wants space', async (t) => {
  t.is(await failureOf('disk-full'), 'nothing can be kept (disk-full): free some space');
  t.regex(
    await failureOf('unreachable'),
    /^nothing can be kept \(unreachable\): ask again when the database can be reached/,
  );
  t.regex(await failureOf('write-failed'), /^nothing can be kept \(write-failed\): look at the collector's log/);
});
