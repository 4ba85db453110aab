import test from 'ava';
import { driveCampaigns } from '../../../collector/campaigns/drive.ts';
import { usualLimits } from '../../../collector/evaluate/campaign/held-back.ts';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { createSessions } from '../../../collector/receive/sessions.ts';
import { keepRequests } from '../../../collector/requests.ts';
import { createHostKeeper } from '../../../collector/serve/host-keeper.ts';
import type { AuditEntry } from '../../../collector/store/accounts.ts';
import type { Campaigns } from '../../../collector/store/campaigns.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, snapshot } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { engines } from '../helpers/stores.ts';

const at = 1_800_000_000_000;
const entry: AuditEntry = { at, actor: 'me', via: 'command', action: 'campaign-started', subject: 'c1', detail: {} };
const old = certificate('old');
const place = { kind: 'endpoint', serverName: 'shop.example.test', address: '0.0.0.0', port: 443 } as const;

test('nothing is asked for a campaign that was paused or ended since it was decided: the lineage waits again', async (t) => {
  const [sqlite] = engines;
  if (!sqlite) throw new Error('no engine');
  const { store, count } = await sqlite.open(t);
  const tokenHash = Buffer.alloc(32, 1);
  await store.addToken(tokenHash, 0, at * 2);
  const enrolled = await store.enrol({
    tokenHash,
    publicKey: tokenHash,
    hostName: 'web-1',
    proposedAgentId: 'agent-01',
    at,
  });
  t.true(enrolled.ok);
  const unset = { heardAt: at, conflictAt: undefined, revokedAt: undefined };
  const host = { agentId: 'agent-01', name: 'web-1', agentVersion: '1', enrolledAt: at, ...unset };
  const told = { ...host, snapshot: { digest: 'd', observedAt: at, receivedAt: at, ...snapshot(old) } };
  const clock = handClock(at);
  const hearing = { connected: true, silent: false, heardAt: at, observedAt: at };
  const keeper = createHostKeeper(() => hearing, clock);
  const certificates = [{ certificate: old, firstSeenAt: 0, basis: 'der' as const }];
  keeper.putHost(told, certificates, labelBook([]));
  const requests = keepRequests({
    ...store,
    hosts: async () => [host],
    readHosts: async () => [{ host: told, certificates }],
    sessions: createSessions(),
    clock,
    log: silentLog,
  });
  t.teardown(requests.close);
  const rest = { events: [], listed: [], targets: [], hostless: [], book: labelBook([]), revision: 1 };
  const estate = async () => ({ parts: keeper.parts(), ...rest });
  let changes = 0;
  /** One look; ends once it is over. */
  const look = async (campaigns: Campaigns): Promise<void> => {
    const before = clock.timers();
    const stop = driveCampaigns({ campaigns, estate, requests, changed: () => (changes += 1), clock, log: silentLog });
    clock.advance(0);
    await until('it rests', () => clock.timers() > before);
    stop();
  };
  const { campaigns } = store;
  const draft = { selection: {}, limits: usualLimits, reason: 'x', startedBy: 'me', via: 'command' as const };
  const { issuer, key, notBefore, notAfter, fingerprint } = old;
  const dates = { issuer, key, notBefore, notAfter };
  const on = { agentId: 'agent-01', hostName: 'web-1' };
  const planned = { ...on, lineage: 'shop', wave: 1, owner: undefined, old: fingerprint, names: ['shop.example.test'] };
  const member = { ...planned, ...dates, places: [{ ...place, ...on }] };
  await campaigns.add({ ...draft, id: 'c1', key: undefined, startedAt: at }, [member], entry);

  const paused = { state: 'paused', cause: 'me: lunch' } as const;
  await look({
    ...campaigns,
    async moveMember(...move) {
      const moved = await campaigns.moveMember(...move);
      if (move[2].state === 'asked') await campaigns.move('c1', ['running'], paused, at);
      return moved;
    },
  });
  t.like((await campaigns.members('c1'))[0], { state: 'waiting', attempt: 0 }, 'paused before it was asked');

  await campaigns.resume('c1', at, entry);
  const asked = { state: 'asked', attempt: 1, askedAt: at, cause: undefined } as const;
  await campaigns.moveMember('c1', { number: 1, state: 'waiting', attempt: 0 }, asked, at);
  await campaigns.move('c1', ['running'], paused, at);
  await look(campaigns);
  t.like(
    (await campaigns.members('c1'))[0],
    { state: 'waiting', attempt: 0 },
    'written down by a collector that ended',
  );
  t.is(await count('request'), 0);

  await campaigns.resume('c1', at, entry);
  await look(campaigns);
  t.like((await campaigns.members('c1'))[0], { state: 'asked', attempt: 1 });
  t.is(await count('request'), 1);
  t.deepEqual([changes, await campaigns.halted()], [0, []], 'nobody has to be told');

  clock.advance(usualLimits.deadlineSeconds * 1000 + 1);
  await look(campaigns);
  t.is(changes, 1, 'it paused itself, and that is told');
  const [halted] = await campaigns.halted();
  t.like(halted, {
    campaign: { id: 'c1', state: 'paused', haltedBy: 1 },
    member: { lineage: 'shop', state: 'failed' },
  });
});
