import test, { type ExecutionContext } from 'ava';
import { createLiveness } from '../../../collector/receive/liveness.ts';
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

test('a collector that ends begins no teller any more', async (t) => {
  const { asked, clock, telling, begin } = await started(t);
  await telling.close();
  begin();
  clock.advance(60_000);
  t.is(asked(), 0);
});
