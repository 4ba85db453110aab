import test, { type ExecutionContext } from 'ava';
import type { ConcernedHost } from '../../../collector/evaluate/concerns.ts';
import { readNotify } from '../../../collector/notify/read-settings.ts';
import type { Log } from '../../../collector/ports.ts';
import { createLiveness } from '../../../collector/receive/liveness.ts';
import type { Concern } from '../../../collector/store/concern.ts';
import type { Store } from '../../../collector/store/store.ts';
import type { Told } from '../../../collector/store/tell.ts';
import { readSecret, readText } from '../../../collector/system/secret-files.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { startTelling } from '../../../collector/telling.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startReceiver } from '../helpers/receivers.ts';
import { engines } from '../helpers/stores.ts';

// The real store and channel, with a clock that is moved by hand.

const now = Date.parse('2026-11-27T12:00:00.000Z');
const day = 86_400_000;

const silentHost = (agentId: string): ConcernedHost => ({
  host: {
    agentId,
    name: agentId,
    status: 'unknown',
    reason: 'Nothing was heard for an hour.',
    connected: false,
    enrolledAt: new Date(now - day).toISOString(),
    lastHeardAt: new Date(now - day / 24).toISOString(),
  },
  endpoints: [],
  lineages: [],
  findings: [],
});

const untold: Omit<Told, 'channels'> = {
  count: 1,
  firstAt: now,
  lastAt: now,
  severity: 'critical',
  keys: [],
  steps: 1,
  message: '{}',
};

async function started(t: ExecutionContext, prepare: (store: Store) => Promise<unknown> = async () => {}) {
  const { store } = (await engines[0]?.open(t)) ?? t.fail();
  await prepare(store);
  const hook = await startReceiver(t);
  const clock = handClock(now);
  const warnings: object[] = [];
  const log: Log = { ...silentLog, warn: (fields) => warnings.push(fields) };
  const channel = [{ name: 'hook', kind: 'webhook', url: `${hook.url}/` }];
  const settings = readNotify({ channel, rule: [{ name: 'all', wait: '0s', to: ['hook'] }] }, (place, what) =>
    t.fail(`${place.join('.')}: ${what}`),
  );
  const liveness = createLiveness({
    records: store,
    heard: [],
    clock,
    log: silentLog,
    silentAfterMs: 60_000,
    changed() {},
  });
  t.teardown(liveness.close);
  const hosts = ['web-1', 'web-2'].map((one) => ({ part: silentHost(one) }));
  let asked = 0;
  let begin: (() => () => void) | undefined;
  const telling = await startTelling({
    settings,
    store: {
      telling: store.telling,
      lead(given) {
        begin = given;
        return given();
      },
    },
    historyDays: 30,
    async estate() {
      asked += 1;
      return { hosts, hostless: [] };
    },
    isSilent: (agentId) => liveness.presence(agentId).silent,
    isAwaited: liveness.isAwaited,
    isWritable: async () => true,
    secrets: { readSecret, readText },
    clock,
    log,
  });
  t.teardown(telling.close);
  return { store, hook, clock, telling, warnings, asked: () => asked, begin: () => begin?.() };
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
  const { store, hook, clock } = await started(t, ({ telling }) =>
    telling.addTransitions([{ ...before, after: undefined }]),
  );
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

test('what waits for a channel that the settings do not have any more is given up with a warning, once', async (t) => {
  const { store, warnings } = await started(t, ({ telling }) =>
    telling.savePlan(
      ['gone', 'hook'].map((channel) => ({
        incident: {
          id: channel,
          rule: 'all',
          group: channel,
          openedAt: now,
          closedAt: now,
          revision: 0,
          told: { ...untold, channels: [channel] },
        },
        notifications: [{ id: channel, incident: channel, channel, madeAt: now, dueAt: now + day, body: '{}' }],
      })),
    ),
  );
  const waiting = async () => (await store.telling.channels()).map((one) => [one.channel, one.waiting]);
  await until('it is given up', async () => (await waiting())[0]?.[1] === 0);
  t.deepEqual(await waiting(), [
    ['gone', 0],
    ['hook', 1],
  ]);
  await until('it is said', () => warnings.length > 0);
  t.deepEqual(warnings, [{ channel: 'gone', waiting: 1 }]);
});

test('a collector that ends begins no teller any more', async (t) => {
  const { asked, clock, telling, begin } = await started(t);
  await telling.close();
  begin();
  clock.advance(60_000);
  t.is(asked(), 0);
});
