import type { Server } from '@certherd/protocol/snapshot';
import test from 'ava';
import { campaignFleet, issuedInWeek, progressOfAll } from '../../../collector/campaigns/fleet.ts';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { createHostKeeper } from '../../../collector/serve/host-keeper.ts';
import { certificate, day, snapshot } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';

const now = Date.parse('2026-11-28T00:00:00.000Z');
const server: Server = { server: 'nginx', configFile: '/etc/nginx/nginx.conf', configFiles: [] };
const missing: Server = { ...server, failure: { reason: 'not-found', detail: '/etc/nginx/sites/shop.conf' } };

/** A keeper of one host, which told this. */
function keeperOf(servers: Server[], names: readonly ReturnType<typeof certificate>[] = [certificate('one')]) {
  const keeper = createHostKeeper(
    () => ({ connected: true, silent: false, heardAt: now, observedAt: now }),
    handClock(now),
  );
  const [first = certificate('one')] = names;
  const row = { agentId: 'agent-1', name: 'web-1', agentVersion: '1', enrolledAt: now, heardAt: now };
  const whole = { ...row, conflictAt: undefined, revokedAt: undefined };
  const told = { digest: 'd', observedAt: now, receivedAt: now, ...snapshot(first, { servers }) };
  const read = names.map((one) => ({ certificate: one, firstSeenAt: now, basis: 'der' as const }));
  keeper.putHost({ ...whole, snapshot: told }, read, labelBook([]));
  return keeper;
}

test('a campaign knows of a host whose config could not be read whole, also when it is looked at again', (t) => {
  const unread = (keeper: ReturnType<typeof keeperOf>) =>
    campaignFleet({ parts: keeper.parts(), targets: [] }).hosts.get('agent-1')?.unread;
  t.false(unread(keeperOf([server])));
  const keeper = keeperOf([server, missing]);
  t.true(unread(keeper));
  keeper.putView('agent-1', labelBook([]));
  t.true(unread(keeper));
});

test('a CA’s week counts what that CA issued below a domain, and nobody else', async (t) => {
  const issued = (mark: string, issuer: string, ageDays: number, names = ['a.shop.test', 'b.shop.test']) =>
    certificate(mark, { issuer, subjectAltNames: names, notBefore: new Date(now - ageDays * day).toISOString() });
  const keeper = keeperOf(
    [server],
    [
      issued('one', "C=US, O=Let's Encrypt, CN=R10", 1),
      issued('two', "C=US, O=Let's Encrypt, CN=E5", 7 + 0.9 / 24),
      issued('old', "C=US, O=Let's Encrypt, CN=E5", 7 + 1.1 / 24),
      ...Array.from({ length: 60 }, (_, index) => issued(`own ${index}`, 'CN=Our own', 1)),
    ],
  );
  const count = await issuedInWeek({ parts: keeper.parts() }, now);
  t.is(count.below('shop.test', "Let's Encrypt"), 2);
  t.is(count.below('shop.test', 'CN=Our own'), 60);
  t.is(count.below('other.test', 'CN=Our own'), 0);
  t.is(count.forNames(['B.shop.test', 'a.shop.test'], "Let's Encrypt"), 2);
  t.is(count.forNames(['a.shop.test'], "Let's Encrypt"), 0);
  t.is(count.forNames(['a.shop.test', 'b.shop.test'], 'CN=Our own'), 60);
});

test('while all certificates and all lineages of a campaign are looked at, others have their turn', async (t) => {
  const keeper = keeperOf(
    [server],
    Array.from({ length: 120 }, (_, index) => certificate(`one ${index}`)),
  );
  const parts = keeper.parts();
  let turns = 0;
  const turn = () => {
    turns += 1;
    next = setImmediate(turn);
  };
  let next = setImmediate(turn);
  t.teardown(() => clearImmediate(next));
  await issuedInWeek({ parts }, now);
  t.true(turns >= 2);
  turns = 0;
  const members = Array.from({ length: 120 }, (_, number) => ({
    number,
    agentId: 'agent-1',
    lineage: 'shop',
    old: 'old',
    places: [],
  }));
  const progress = await progressOfAll(
    { selection: {}, startedAt: now },
    members,
    campaignFleet({ parts, targets: [] }),
  );
  t.is(progress.size, 120);
  t.true(turns >= 2);
});
