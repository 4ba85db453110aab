import test from 'ava';
import { type Looked, startService } from '../../../agent/report/sd-notify.ts';
import { handClock } from '../../collector/helpers/hand-clock.ts';

const minute = 60_000;

/** The notices of a service on a clock that the test moves. */
function started({ watchdogMs }: { watchdogMs?: number } = {}) {
  const clock = handClock(Date.parse('2026-11-23T12:00:00.000Z'));
  const heard: string[] = [];
  const errors: string[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (_fields: object, text: string) => void errors.push(text) };
  const manager = {
    ...(watchdogMs !== undefined && { watchdogMs }),
    notify: (state: readonly string[]) => {
      heard.push(state.join(' '));
      return Promise.resolve();
    },
  };
  const service = startService({ clock, log, service: manager });
  /** Lets time pass in steps, so that what was told in between is told in its order. */
  const pass = async (ms: number) => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
    return heard.splice(0);
  };
  return { service, pass, errors };
}

const look = (served: number, others: number, ...severities: Looked['findings'][number]['severity'][]): Looked => ({
  endpoints: [
    ...Array.from({ length: served }, () => ({ reached: 'served' as const })),
    ...Array.from({ length: others }, () => ({ reached: 'configured' as const })),
  ],
  findings: severities.map((severity) => ({ severity })),
});

test('the service is ready after its first look, with what it found in a sentence', async (t) => {
  const { service, pass } = started();
  t.deepEqual(await pass(30_000), []);
  service.looked(look(20, 0, 'notice'));
  t.deepEqual(await pass(0), ['READY=1 STATUS=20 endpoints proved, 1 finding']);
  for (const [seen, status] of [
    [look(1, 0), '1 endpoint proved, no findings'],
    [look(18, 2, 'critical', 'warning'), '18 of 20 endpoints proved, 2 findings (1 critical)'],
    [look(0, 0), '0 endpoints proved, no findings'],
    [undefined, 'the last look failed: see the journal'],
  ] as const) {
    await pass(minute);
    service.looked(seen);
    t.deepEqual(await pass(0), [`STATUS=${status}`]);
  }
});

test('a first look that takes long does not keep the boot waiting', async (t) => {
  const { service, pass } = started();
  t.deepEqual(await pass(minute), ['READY=1 STATUS=looking at this host for the first time']);
  t.deepEqual(await pass(10 * minute), []);
  service.looked(look(1, 0));
  t.deepEqual(await pass(0), ['STATUS=1 endpoint proved, no findings']);
});

test('the same status is told once, and changes at most every ten seconds', async (t) => {
  const { service, pass } = started();
  service.looked(look(1, 0));
  await pass(0);
  for (const seen of [look(0, 1), look(0, 1, 'warning'), look(0, 1, 'critical')]) {
    service.looked(seen);
    t.deepEqual(await pass(2_000), []);
  }
  t.deepEqual(await pass(4_000), ['STATUS=0 of 1 endpoint proved, 1 finding (1 critical)']);
  service.looked(look(0, 1, 'critical'));
  t.deepEqual(await pass(minute), []);
  service.looked(look(0, 1));
  await pass(0);
  service.looked(look(1, 0));
  service.looked(look(0, 1));
  t.deepEqual(await pass(minute), [], 'what was so again by then is not told');
});

test('signs of life come while the loop keeps its word, and end when it does not', async (t) => {
  const { service, pass, errors } = started({ watchdogMs: 10 * minute });
  service.within(60 * minute);
  service.looked(look(1, 0));
  await pass(0);
  t.deepEqual(
    await pass(60 * minute),
    Array.from({ length: 12 }, () => 'WATCHDOG=1'),
    'a long action is no stuck loop',
  );
  service.within(5 * minute);
  t.deepEqual(await pass(5 * minute), ['WATCHDOG=1']);
  t.deepEqual(errors, []);
  t.deepEqual(await pass(60 * minute), []);
  t.deepEqual(errors.length, 1, 'told once');
  t.regex(errors[0] ?? '', /the loop is stuck/);
});

test('once it stops nothing else is told', async (t) => {
  const { service, pass } = started({ watchdogMs: 10 * minute });
  service.stopping();
  service.looked(look(1, 0));
  t.deepEqual(await pass(60 * minute), ['STOPPING=1 STATUS=stopping']);
});

test('without a service manager nothing is done', (t) => {
  const clock = handClock(0);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const service = startService({ clock: { ...clock, after: () => (t.fail('a timer'), () => {}) }, log });
  service.within(1);
  service.looked(look(1, 0));
  service.stopping();
  t.pass();
});
