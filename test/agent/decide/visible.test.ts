import type { Finding, FindingCode } from '@certherd/protocol/finding';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { changesSince } from '../../../agent/changes.ts';
import { delayOf, mayBe } from '../../../agent/decide/delays.ts';
import { decide } from '../../../agent/decide/decide.ts';
import { afterRestart, type Sighting, visible } from '../../../agent/decide/visible.ts';
import { recall } from '../../../agent/memory.ts';
import { explanations } from '../../../agent/commands/explanations.ts';
import { silentLog } from '../../helpers/directory.ts';
import { config, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const settings = { findingDelayMs: 90_000 };
const delay = 90_000;
const codes = Object.keys(explanations) as FindingCode[];

function finding(change: Partial<Finding> = {}): Finding {
  return {
    code: 'not-served',
    severity: 'critical',
    subject: { kind: 'endpoint', id: 'shop.example.test@0.0.0.0:443/ecdsa' },
    since: new Date(noon).toISOString(),
    cause: 'not loaded',
    evidence: {},
    remedy: 'nginx -s reload',
    ...change,
  };
}

/** Looks at these instants (milliseconds after noon), each with what was judged then; what the last one shows, and what all of them told. */
function looks(steps: [at: number, judged: Finding[]][]) {
  let sightings: Sighting[] = [];
  const told: string[] = [];
  let last = visible([], sightings, settings, noon);
  const { snapshot } = decide(observed(), [], [], config(), noon);
  for (const [at, judged] of steps) {
    last = visible(judged, sightings, settings, noon + at);
    const events = changesSince({ attempts: [], sightings }, snapshot, last.sightings, '');
    told.push(...events.map(({ kind }) => `${at} ${kind}`));
    sightings = last.sightings;
  }
  return { ...last, told };
}

test('a renewal whose reload follows within the delay shows nothing and tells nothing', (t) => {
  const during = looks([
    [0, []],
    [200, [finding()]],
    [89_000, [finding({ severity: 'notice' })]],
  ]);
  t.deepEqual(during.findings, []);
  t.is(during.lookAgainAt, noon + 200 + delay);
  const after = looks([
    [200, [finding()]],
    [89_000, [finding()]],
    [90_100, []],
    [300_000, []],
  ]);
  t.deepEqual([after.findings, after.told, after.sightings, after.lookAgainAt], [[], [], [], Infinity]);
});

test('drift that lasts is told once after its delay, and ended once, seconds after it was mended', (t) => {
  const drift: [number, Finding[]][] = [
    [0, [finding()]],
    [90_000, [finding()]],
    [400_000, [finding()]],
  ];
  t.deepEqual(looks(drift).told, ['90000 finding-opened']);
  const mended = looks([...drift, [500_000, []]]);
  t.is(mended.findings.length, 1);
  t.is(mended.lookAgainAt, noon + 505_000);
  const ended = looks([...drift, [500_000, []], [505_000, []]]);
  t.deepEqual([ended.findings, ended.told], [[], ['90000 finding-opened', '505000 finding-closed']]);
});

test('a finding that is away while it has been shown for less than its delay, or for seconds, is one finding', (t) => {
  const { findings, told, lookAgainAt } = looks([
    [0, [finding()]],
    [90_000, [finding()]],
    [100_000, []],
    [179_999, [finding({ cause: 'again' })]],
    [200_000, []],
    [204_999, [finding({ cause: 'and again' })]],
  ]);
  t.deepEqual(
    [findings[0]?.cause, told, lookAgainAt],
    ['and again', ['90000 finding-opened'], noon + 204_999 + 30_000],
  );
});

test('what a reload by hand may mend is looked at soon, and then every half minute', (t) => {
  const again = (code: FindingCode, kind: 'endpoint' | 'file', at: number) =>
    looks([
      [0, [finding({ code, subject: { kind, id: 'x' } })]],
      [90_000, [finding({ code, subject: { kind, id: 'x' } })]],
      [90_000 + at, [finding({ code, subject: { kind, id: 'x' } })]],
    ]).lookAgainAt;
  t.is(again('not-served', 'endpoint', 1), noon + 90_001 + 2000);
  t.is(again('not-served', 'endpoint', 4000), noon + 94_000 + 4000);
  t.is(again('not-served', 'endpoint', 900_000), noon + 990_000 + 30_000);
  t.is(again('expired', 'file', 1), Infinity, 'time alone mends nothing there');
});

test('a notice that turns critical is an event, and its end is one', (t) => {
  const overdue = (severity: Finding['severity']) => finding({ code: 'overdue', severity });
  const { told } = looks([
    [0, [overdue('notice')]],
    [1000, [overdue('critical')]],
    [2000, [overdue('notice')]],
    [3000, [overdue('critical')]],
    [4000, []],
  ]);
  t.deepEqual(told, ['1000 finding-opened', '4000 finding-closed']);
});

test('what is certain is shown at the first look, and what is shown is sorted by urgency', (t) => {
  const { findings } = looks([
    [0, [finding()]],
    [90_000, [finding()]],
    [91_000, [finding({ code: 'due', severity: 'notice' })]],
  ]);
  t.deepEqual(
    findings.map(({ code }) => code),
    ['not-served', 'due'],
  );
  for (const code of ['expired', 'key-mismatch', 'sandbox-blocked'] as const) t.is(delayOf(code, settings), 0, code);
});

test('every code has a delay, no delay is longer than the setting, and each says what may be under way', (t) => {
  for (const code of codes) {
    const own = delayOf(code, settings);
    t.true(own >= 0 && own <= settings.findingDelayMs, code);
    t.is(delayOf(code, { findingDelayMs: 0 }), 0, code);
    t.is(mayBe(code) === '', own === 0, code);
  }
});

test('the plan acts on what is judged, and does not wait until it is shown', (t) => {
  const facts = observed({
    lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64) })],
    deployments: [deployment({ configured: 'b'.repeat(64) })],
    endpoints: [endpoint({ configured: 'b'.repeat(64), issued: 'b'.repeat(64) })],
  });
  const { snapshot, plan } = decide(facts, [], [], config('deploy'), noon);
  t.deepEqual(visible(snapshot.findings, [], settings, noon).findings, []);
  t.deepEqual(
    plan.actions.map(({ request }) => request.verb),
    ['reload'],
  );
});

test('whatever the looks see and however often the agent starts again, two changes of a finding are a delay apart', (t) => {
  const step = fc.record({
    ms: fc.oneof(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 40_000 }),
      fc.integer({ min: 1, max: 400_000 }),
    ),
    isJudged: fc.boolean(),
    severity: fc.constantFrom('critical' as const, 'notice' as const),
    restarts: fc.boolean(),
  });
  const property = fc.property(fc.constantFrom(...codes), fc.array(step, { maxLength: 60 }), (code, steps) => {
    const own = delayOf(code, settings);
    let sightings: Sighting[] = [];
    let now = noon;
    let isShown = false;
    let changedAt = Number.NEGATIVE_INFINITY;
    let judgedSince: number | undefined;
    for (const { ms, isJudged, severity, restarts } of steps) {
      now += ms;
      if (restarts) {
        sightings = afterRestart(JSON.parse(JSON.stringify(sightings)), settings, now);
        judgedSince = undefined;
      }
      judgedSince = isJudged ? (judgedSince ?? now) : undefined;
      const seen = visible(isJudged ? [finding({ code, severity })] : [], sightings, settings, now);
      sightings = seen.sightings;
      const shows = seen.findings.length > 0;
      if (shows !== isShown && own > 0 && now - changedAt < own) return false;
      if (judgedSince !== undefined && now - judgedSince >= own && !shows) return false;
      if (shows !== isShown) changedAt = now;
      isShown = shows;
      if (seen.lookAgainAt <= now) return false;
    }
    // time alone ends what is gone
    const gone = visible([], sightings, settings, now + 1);
    const ended = visible([], gone.sightings, settings, now + 1 + 2 * delay);
    return ended.findings.length === 0 && ended.sightings.length === 0;
  });
  t.notThrows(() => fc.assert(property, { numRuns: 2000 }));
});

test('a wrong clock of the past holds nothing back for longer than a delay', (t) => {
  const ahead = noon + 400 * 86_400_000;
  const { sightings } = visible([finding()], [], settings, ahead);
  const again = visible([finding()], sightings, settings, noon);
  t.is(again.lookAgainAt, noon + 2000);
  t.is(visible([finding()], again.sightings, settings, noon + delay).findings.length, 1);
});

test('the memory of an agent without delays is taken over: its findings are shown, and make no second event', (t) => {
  const old = {
    attempts: [],
    findings: [finding(), finding({ code: 'due', severity: 'notice' })],
    issued: { shop: 'a' },
  };
  const state = {
    read: () => ({ ok: true as const, value: JSON.stringify(old) }),
    write: () => ({ ok: true as const, value: undefined }),
    append: () => ({ ok: true as const, value: undefined }),
  };
  const memory = recall(state, silentLog);
  t.deepEqual(memory.issued, { shop: 'a' });
  const { snapshot } = decide(observed(), [], [], config(), noon);
  const seen = visible(old.findings, afterRestart(memory.sightings, settings, noon + 5000), settings, noon + 5000);
  t.is(seen.findings.length, 2);
  const events = changesSince({ ...memory, issued: {} }, { ...snapshot, lineages: [] }, seen.sightings, '');
  t.deepEqual(events, []);
  const without = visible([], seen.sightings, settings, noon + 10_000);
  const ended = visible([], without.sightings, settings, noon + 200_000);
  const last = changesSince(
    { ...memory, sightings: without.sightings },
    { ...snapshot, lineages: [] },
    ended.sightings,
    '',
  );
  t.deepEqual(
    last.map(({ kind, summary }) => [kind, summary]),
    [['finding-closed', `not-served ended: ${finding().subject.id}`]],
  );
});
