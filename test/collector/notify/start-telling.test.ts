import type { ServerResponse } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { createLiveness } from '../../../collector/receive/liveness.ts';
import { usualLimits } from '../../../collector/evaluate/campaign/held-back.ts';
import type { Message } from '../../../collector/notify/message.ts';
import type { Concern } from '../../../collector/store/concern.ts';
import type { Store } from '../../../collector/store/store.ts';
import type { Told } from '../../../collector/store/tell.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { startReceiver } from '../helpers/receivers.ts';
import { day, now, startedTelling } from '../helpers/started-telling.ts';

// The real store and channel, with a clock that is moved by hand.

const untold: Omit<Told, 'channels'> = {
  count: 1,
  firstAt: now,
  lastAt: now,
  severity: 'critical',
  keys: [],
  steps: 1,
  message: '{}',
};

async function started(
  t: ExecutionContext,
  options: { prepare?: (store: Store) => Promise<unknown>; isShared?: boolean } = {},
) {
  const hook = await startReceiver(t);
  const telling = await startedTelling(t, {
    channels: [{ name: 'hook', kind: 'webhook', url: `${hook.url}/` }],
    silent: () => ['web-1', 'web-2'],
    ...options,
    liveness(store, clock) {
      const settings = { heard: [], clock, log: silentLog, silentAfterMs: 60_000, changed() {} };
      const liveness = createLiveness({ records: store, ...settings });
      t.teardown(liveness.close);
      return { isSilent: (agentId) => liveness.presence(agentId).silent, isAwaited: liveness.isAwaited };
    },
  });
  return { hook, ...telling };
}

test('hosts that may still come back after a restart are not told as silent; those that do not are', async (t) => {
  const known: Concern = {
    key: JSON.stringify(['web-2', 'host-silent', 'host', 'web-2']),
    code: 'host-silent',
    severity: 'unknown',
    agentId: 'web-2',
    hostName: 'web-2',
    subject: { kind: 'host', id: 'web-2' },
    since: new Date(now - day).toISOString(),
    cause: 'Nothing was heard for a day.',
    remedy: 'systemctl restart certherd-agent',
    causeId: 'silent',
    names: [],
    labels: {},
  };
  const before = { key: known.key, kind: 'opened', at: now - day, openedAt: now - day, concern: known } as const;
  const { store, hook, clock } = await started(t, {
    prepare: ({ telling }) => telling.addTransitions([{ ...before, after: undefined }]),
  });
  const silent = async () => (await store.telling.standing()).map(({ concern }) => concern.hostName);
  clock.advance(0);
  await until('what stood before is told', () => hook.received.length === 1);
  t.deepEqual(await silent(), ['web-2']);
  clock.advance(360_000);
  await until('the other one did not come back', async () => {
    clock.advance(15_000);
    return (await silent()).length === 2;
  });
  t.deepEqual(await silent(), ['web-2', 'web-1']);
});

/** A message that waits for each of these channels. */
const waitingFor = (channels: string[], store: Store) =>
  store.telling.savePlan(
    channels.map((channel) => ({
      incident: {
        id: channel,
        rule: 'all',
        group: channel,
        openedAt: now,
        closedAt: now,
        revision: 0,
        told: { ...untold, channels: [channel] },
      },
      notifications: [{ id: channel, incident: channel, channel, madeAt: now, dueAt: now + 9 * day, body: '{}' }],
    })),
  );
const waiting = async (store: Store) => (await store.telling.channels()).map((one) => [one.channel, one.waiting]);

test('what waits for a channel that the settings do not have any more is given up with a warning, once', async (t) => {
  const { store, warnings } = await started(t, { prepare: (one) => waitingFor(['gone', 'hook'], one) });
  await until('it is given up', async () => (await waiting(store))[0]?.[1] === 0);
  t.deepEqual(await waiting(store), [
    ['gone', 0],
    ['hook', 1],
  ]);
  await until('it is said', () => warnings.length > 0);
  t.deepEqual(warnings, [{ channel: 'gone', waiting: 1 }]);
});

test('in a store that other collectors use too, what waits for a channel of theirs is left alone for three days', async (t) => {
  const prepare = (store: Store) => waitingFor(['theirs'], store);
  const { store, clock, telling, warnings } = await started(t, { prepare, isShared: true });
  clock.advance(3 * day - 1000);
  await telling.close();
  t.deepEqual((await waiting(store)).at(-1), ['theirs', 1]);
  t.deepEqual(warnings, []);

  const later = await started(t, { prepare, isShared: true });
  later.clock.advance(3 * day + day / 24);
  await later.telling.close();
  t.deepEqual((await waiting(later.store)).at(-1), ['theirs', 0]);
  t.deepEqual(later.warnings, [{ channel: 'theirs', waiting: 1 }]);
});

test('of what waits for a receiver that takes nothing the newest ten thousand are kept', async (t) => {
  const { store, clock } = await started(t, {
    prepare: ({ telling }) =>
      telling.savePlan([
        {
          incident: {
            id: 'i',
            rule: 'all',
            group: 'i',
            openedAt: now,
            closedAt: now,
            revision: 0,
            told: { ...untold, channels: [] },
          },
          notifications: Array.from({ length: 10_003 }, (_, index) => ({
            id: `i/${index}`,
            incident: 'i',
            channel: 'hook',
            madeAt: now,
            dueAt: now + 9 * day,
            body: '{}',
          })),
        },
      ]),
  });
  t.deepEqual(await waiting(store), [['hook', 10_003]]);
  clock.advance(3_600_000);
  await until('some are given up', async () => (await waiting(store))[0]?.[1] === 10_000);
  const first = await store.telling.claim('hook', now + 9 * day, 1000);
  t.like(first, { ok: true, value: { id: 'i/3' } });
  t.like((await store.telling.channels())[0], { dropped: 3 });
});

test('a collector that ends begins no teller any more', async (t) => {
  const { asked, clock, telling, begin } = await started(t);
  await telling.close();
  begin();
  clock.advance(60_000);
  t.is(asked(), 0);
});

test('a campaign that paused itself is told once to the owner of the lineage that failed, and once that it goes on; a pause by a person is not', async (t) => {
  const [payments, others] = [await startReceiver(t), await startReceiver(t)];
  const audit = {
    at: now,
    actor: 'anna',
    via: 'command',
    action: 'campaign-resumed',
    subject: 'c1',
    detail: {},
  } as const;
  const { store, passUntil, pass, telling } = await startedTelling(t, {
    channels: [
      { name: 'others', kind: 'webhook', url: `${others.url}/` },
      { name: 'payments', kind: 'webhook', url: `${payments.url}/` },
    ],
    rule: { to: ['{owner}'] },
    silent: () => [],
  });
  const { campaigns } = store;
  const halt = (cause: string, at: number) =>
    campaigns.move('c1', ['running'], { state: 'paused', cause, haltedBy: 2 }, at);
  const heard = () =>
    payments.received.map(({ body }) => {
      const { kind, code, severity, title, cause, labels, deadline }: Message = JSON.parse(body);
      return { kind, code, severity, title, cause, labels, deadline };
    });
  const draft = { id: 'c1', key: undefined, selection: {}, limits: usualLimits, reason: 'R10 is revoked' };
  const dates = { notBefore: '2026-10-01T00:00:00.000Z', notAfter: '2026-12-30T00:00:00.000Z' };
  const planned = (lineage: string, owner: string) => ({
    ...dates,
    agentId: 'a',
    hostName: 'web-1',
    lineage,
    owner,
    wave: 1,
    old: 'f',
    names: [`${lineage}.test`],
    issuer: 'CN=R10',
    key: 'RSA',
    places: [],
  });
  const members = [planned('blog', 'others'), planned('shop', 'payments')];
  await campaigns.add({ ...draft, startedBy: 'anna', via: 'command', startedAt: now }, members, audit);
  await campaigns.move('c1', ['running'], { state: 'paused', cause: 'anna: lunch' }, now, audit);
  await pass(60_000);
  t.deepEqual(heard(), [], 'she knows');

  await campaigns.resume('c1', now, audit);
  await halt('shop on web-1: the renewal failed: no', now + 1);
  telling.changed();
  await passUntil('it is told', () => payments.received.length > 0);
  // The lineage is served after all: it waits for a person all the same.
  const failed = { number: 2, state: 'waiting', attempt: 0 } as const;
  await campaigns.moveMember('c1', failed, { ...failed, state: 'served', cause: undefined, askedAt: now }, now);
  await pass(120_000);
  const cause = 'Campaign c1 (R10 is revoked), started by anna, paused itself: shop on web-1: the renewal failed: no';
  const told = { code: 'campaign-paused', severity: 'warning', labels: { owner: 'payments' }, cause } as const;
  t.is(heard().length, 1);
  t.like(heard()[0], { kind: 'opened', ...told, deadline: '2026-12-30T00:00:00.000Z' });

  await campaigns.resume('c1', now + 2, audit);
  await passUntil('it goes on', () => payments.received.length > 1);
  t.like(heard()[1], { kind: 'resolved', ...told });

  await halt('shop on web-1: again', now + 3);
  await passUntil('the next pause is another one', () => payments.received.length > 2);
  await campaigns.move('c1', ['paused'], { state: 'aborted', cause: 'anna: enough' }, now + 4, audit);
  await passUntil('it is over', () => payments.received.length > 3);
  t.deepEqual(
    heard().map(({ kind }) => kind),
    ['opened', 'resolved', 'opened', 'resolved'],
  );
  t.is(others.received.length, 0);
});

test('a receiver that hangs holds up its own messages alone, which are counted as waiting, and has each in its order once it answers', async (t) => {
  const [slow, quick] = [await startReceiver(t), await startReceiver(t)];
  let silent = ['web-1', 'web-2'];
  const { store, clock } = await startedTelling(t, {
    channels: [
      { name: 'slow', kind: 'webhook', url: `${slow.url}/` },
      { name: 'quick', kind: 'webhook', url: `${quick.url}/` },
    ],
    rule: { group_by: ['host'], repeat: 'never' },
    silent: () => silent,
  });
  const told = ({ received }: typeof slow) => received.map(({ body }): Message => JSON.parse(body));
  const passing = (what: string, isSo: () => boolean | Promise<boolean>) =>
    until(what, async () => {
      if (await isSo()) return true;
      clock.advance(1_000);
      return false;
    });
  const hanging: ServerResponse[] = [];
  slow.answer = (response) => void hanging.push(response);
  await passing('both are told where somebody answers', () => quick.received.length === 2);
  silent = [];
  await passing('and that they are over', () => quick.received.length === 4);
  await passing('the others are counted', async () => (await waiting(store))[1]?.[1] === 4);
  t.deepEqual(
    (await waiting(store)).map(([channel]) => channel),
    ['quick', 'slow'],
  );

  slow.answer = (response) => void response.end('ok');
  for (const response of hanging) response.destroy();
  await passing('it has them all', async () => (await waiting(store))[1]?.[1] === 0);
  t.deepEqual((await waiting(store))[0], ['quick', 0]);
  const ids = (one: typeof slow) => [...new Set(told(one).map(({ id }) => id.replace(/-[a-z]+$/, '')))].sort();
  t.deepEqual(ids(slow), ids(quick), 'nothing is lost');
  for (const incident of new Set(told(slow).map((one) => one.incident)))
    t.deepEqual(
      [...new Set(told(slow).flatMap((one) => (one.incident === incident ? one.kind : [])))],
      ['opened', 'resolved'],
    );
});
