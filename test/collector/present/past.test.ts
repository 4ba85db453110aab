import test from 'ava';
import type { FindingSpanView, ServingView } from '../../../collector/serve/history-view.ts';
import { percentile, standingOverTime, timeToServed, timeToServedOverall } from '../../../collector/present/past.ts';
import { driftsOf } from '../../../collector/present/prevented.ts';
import { renewalDurations } from '../../../collector/present/renewal-times.ts';
import { day, event } from '../helpers/example-snapshot.ts';
import { instant, now } from './example-leaf.ts';

const minute = 60_000;

function span(from: number, until?: number, change: Partial<FindingSpanView> = {}): FindingSpanView {
  return {
    agentId: 'agent-1',
    hostName: 'web-1',
    code: 'not-served',
    severity: 'critical',
    subject: { kind: 'endpoint', id: 'shop.example.com@0.0.0.0:443/ecdsa' },
    from: instant(from),
    ...(until !== undefined && { until: instant(until) }),
    ...change,
  };
}

function serving(issuedAt: number, wayMs?: number): ServingView {
  const served = wayMs === undefined ? {} : { servedAt: instant(issuedAt + wayMs) };
  return {
    agentId: 'agent-1',
    hostName: 'web-1',
    endpoint: 'e',
    fingerprint: 'a'.repeat(64),
    issuedAt: instant(issuedAt),
    ...served,
  };
}

test('findings are counted at each instant at which they stood, by severity, without notices', (t) => {
  const spans = [
    span(now - 3 * day, now - day),
    span(now - 9 * day, undefined, { severity: 'warning' }),
    span(now - day, undefined, { severity: 'unknown' }),
    span(now - 2 * day, undefined, { severity: 'notice' }),
  ];
  const over = standingOverTime(spans, now - 4 * day, now, 4);
  t.deepEqual(
    over.at.map(instant),
    [4, 3, 2, 1, 0].map((days) => instant(now - days * day)),
  );
  t.deepEqual(over.critical, [0, 1, 1, 0, 0]);
  t.deepEqual(over.warning, [1, 1, 1, 1, 1]);
  t.deepEqual(over.unknown, [0, 0, 0, 1, 1]);
});

test('a percentile is a value that was measured', (t) => {
  t.is(percentile([1, 2, 3, 4], 0.5), 2);
  t.is(percentile([1, 2, 3, 4], 0.95), 4);
  t.is(percentile([7], 0.01), 7);
  t.is(percentile([], 0.5), 0);
});

test('the way to the clients is told for each day on which something was issued, and what is under way is counted apart', (t) => {
  const servings = [serving(now, 10_000), serving(now + 1, 30_000), serving(now - 2 * day, 5_000), serving(now)];
  const days = timeToServed(servings);
  t.deepEqual(
    days.map(({ count, half, most }) => [count, half, most]),
    [
      [1, 5_000, 5_000],
      [2, 10_000, 30_000],
    ],
  );
  t.deepEqual(timeToServedOverall(servings), { count: 3, half: 10_000, most: 30_000, slowest: 30_000, waiting: 1 });
  t.is(timeToServedOverall([serving(now)]), undefined);
});

test('a drift that healed before the alert is prevented, a longer one lasted, and one without an end stands', (t) => {
  const { prevented, lasted, open } = driftsOf([
    span(now, now + 4 * minute),
    span(now, now + 4 * minute, { subject: { kind: 'endpoint', id: 'www' } }),
    span(now + 1, now + 6 * minute, { subject: { kind: 'endpoint', id: 'slow' } }),
    span(now + 2),
    span(now, now + minute, { code: 'weak-key' }),
  ]);
  t.deepEqual(
    prevented.map(({ endpoints }) => endpoints),
    [2],
    'two names of one certificate are one drift',
  );
  t.deepEqual(
    lasted.map(({ subject }) => subject),
    ['slow'],
  );
  t.is(open.length, 1);
});

test('renewals of one instant on two hosts are two drifts', (t) => {
  t.is(driftsOf([span(now, now + minute), span(now, now + minute, { agentId: 'agent-2' })]).prevented.length, 2);
});

test('a renewal takes as long as its steps, and a failed one does not count into the mean', (t) => {
  const steps = (ms: number) => [
    { step: 'lock', ok: true, durationMs: 1_000 },
    { step: 'certbot', ok: true, durationMs: ms },
  ];
  t.deepEqual(
    renewalDurations([
      event(1, { kind: 'renewal', steps: steps(1_000) }),
      event(2, { kind: 'renewal', steps: steps(3_000) }),
      event(3, { kind: 'renewal', ok: false, steps: steps(99_000) }),
      event(4, { kind: 'deployment', steps: steps(50_000) }),
    ]),
    { count: 2, failed: 1, mean: 3_000, half: 2_000, slowest: 4_000 },
  );
  t.is(renewalDurations([event(1)]), undefined);
});
