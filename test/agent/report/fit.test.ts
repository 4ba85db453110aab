import { SnapshotFrame } from '@certherd/protocol/frame';
import type { Finding } from '@certherd/protocol/finding';
import { type Snapshot, snapshotExcess } from '@certherd/protocol/snapshot';
import { maxSnapshotBytes, maxSnapshotEntries, maxSnapshotFindings } from '@certherd/protocol/version';
import test from 'ava';
import { Check } from 'typebox/value';
import { decide } from '../../../agent/decide/decide.ts';
import { snapshotFitter } from '../../../agent/report/fit.ts';
import { config, deployment, endpoint, noon, observed } from '../../helpers/observed.ts';

const fitSnapshot = snapshotFitter();
const limit = 1024 * 1024 - 1024;
const snapshotOf = (change: Parameters<typeof observed>[0]) =>
  decide(observed(change), [], [], config(), noon).snapshot;
const parsed = (json: string): Snapshot => JSON.parse(json);
const isTaken = (json: string) =>
  Check(SnapshotFrame, {
    type: 'snapshot',
    digest: 'a'.repeat(64),
    observedAt: new Date(noon).toISOString(),
    snapshot: parsed(json),
  });

test('a snapshot that fits is sent as it is', (t) => {
  const snapshot = snapshotOf({});
  t.deepEqual(fitSnapshot(snapshot, limit, noon), { json: JSON.stringify(snapshot) });
});

test('a host with too many endpoints for one frame is reported by its findings, the first of which says so', (t) => {
  const endpoints = Array.from({ length: 3000 }, (_, at) => endpoint({ id: `site-${at}@0.0.0.0:443/ecdsa` }));
  const { json, why } = fitSnapshot(snapshotOf({ endpoints }), limit, noon);
  t.regex(why ?? '', /it has \d+ bytes, and the collector takes \d+/);
  t.true(Buffer.byteLength(json) <= limit && isTaken(json));
  const { findings, endpoints: none } = parsed(json);
  t.deepEqual(none, []);
  t.like(findings[0], { code: 'snapshot-reduced', severity: 'unknown', since: new Date(noon).toISOString() });
});

test('of findings without number the most urgent stay', (t) => {
  const endpoints = Array.from({ length: 3000 }, (_, at) =>
    endpoint({ id: `site-${at}@0.0.0.0:443/ecdsa`, served: 'b'.repeat(64) }),
  );
  const snapshot = snapshotOf({ endpoints });
  const { json } = fitSnapshot(snapshot, limit, noon);
  const { findings } = parsed(json);
  t.true(Buffer.byteLength(json) <= limit && isTaken(json));
  t.true(findings.length > 500, String(findings.length));
  t.deepEqual(findings.slice(1), snapshot.findings.slice(0, findings.length - 1));
});

test('a host with more entries or findings than a collector takes is reduced to as many findings as it takes', (t) => {
  const snapshot = snapshotOf({});
  const [one] = snapshotOf({ endpoints: [endpoint({ served: 'b'.repeat(64) })] }).findings;
  if (!one) throw new Error('a finding');
  const minimal = { ...one, cause: '', evidence: {}, remedy: '' };
  const findings = Array.from({ length: maxSnapshotFindings + 1 }, () => minimal);
  const files = Array.from({ length: maxSnapshotEntries }, (_, at) => ({ path: `/${at}`, fingerprints: [] }));
  for (const [change, said] of [
    [{ findings }, /10001 findings/],
    [{ files, findings: findings.slice(0, 3) }, /\d entries/],
  ] as const) {
    const { json, why } = fitSnapshot({ ...snapshot, ...change }, maxSnapshotBytes, noon);
    t.regex(why ?? '', said);
    t.is(snapshotExcess(parsed(json)), undefined);
    t.true(parsed(json).findings.length > 3);
    t.is(parsed(json).findings[0]?.code, 'snapshot-reduced');
  }
});

test('what the collector would refuse is not sent to it over and over', (t) => {
  const snapshot = snapshotOf({ deployments: [deployment({ serverNames: ['x'.repeat(2000)] })] });
  const { json, why } = fitSnapshot(snapshot, limit, noon);
  t.regex(why ?? '', /serverNames/);
  t.true(isTaken(json));
  const bad: Finding[] = [
    { ...snapshotOf({ endpoints: [] }).findings[0], subject: { kind: 'host', id: 'y'.repeat(10_000) } } as Finding,
  ];
  t.true(isTaken(fitSnapshot({ ...snapshot, findings: bad }, limit, noon).json));
});

test('texts that long paths went into are cut to what the wire takes', (t) => {
  const long = `/${'p'.repeat(4000)}`;
  const { findings } = snapshotOf({
    deployments: [deployment({ keyMatches: false, certificatePath: long, keyPath: long })],
    endpoints: [],
  });
  t.true(findings.length > 0);
  t.true(isTaken(fitSnapshot(snapshotOf({}), limit, noon).json));
  for (const { cause, evidence, remedy } of findings) {
    t.true(cause.length <= 4000 && remedy.length <= 8000);
    t.true(Object.values(evidence).every((value) => value.length <= 4000));
  }
});
