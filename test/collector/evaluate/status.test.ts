import test from 'ava';
import { endpointStatus } from '../../../collector/evaluate/endpoint-status.ts';
import { isOutOfDate } from '../../../collector/evaluate/freshness.ts';
import { type HostEvidence, hostStatus } from '../../../collector/evaluate/host-status.ts';
import { silentFindings } from '../../../collector/evaluate/silent-findings.ts';
import { certificate, day, endpoint, finding } from '../helpers/example-snapshot.ts';

const now = Date.parse('2026-11-23T12:00:00.000Z');
const valid = certificate('valid');
const over = certificate('over', { notAfter: new Date(now - 1).toISOString() });
const other = certificate('other').fingerprint;
const fresh = { stale: false, now };
const stale = { stale: true, now };

test('issued = configured = served, heard and valid is proved', (t) => {
  t.is(endpointStatus(endpoint(valid), valid, fresh), 'proved');
});

test('without a lineage, configured = served is proved', (t) => {
  const { issued: _, ...unmanaged } = endpoint(valid);
  t.is(endpointStatus(unmanaged, valid, fresh), 'proved');
});

test('any two that disagree are drift', (t) => {
  t.is(endpointStatus(endpoint(valid, { issued: other }), valid, fresh), 'drift');
  t.is(endpointStatus(endpoint(valid, { configured: other }), valid, fresh), 'drift');
  t.is(endpointStatus(endpoint(valid, { issued: other, configured: other }), valid, fresh), 'drift');
});

test('stale facts prove nothing, but its expired certificate stays expired', (t) => {
  t.is(endpointStatus(endpoint(valid), valid, stale), 'unknown');
  t.is(endpointStatus(endpoint(over), over, stale), 'expired');
  t.is(endpointStatus(endpoint(over), over, fresh), 'expired');
});

test('a certificate is valid at its last instant, and not a millisecond later', (t) => {
  const last = certificate('last', { notAfter: new Date(now).toISOString() });
  t.is(endpointStatus(endpoint(last), last, fresh), 'proved');
  t.is(endpointStatus(endpoint(last), last, { stale: false, now: now + 1 }), 'expired');
});

test('a certificate that is not valid yet is neither proved nor called expired', (t) => {
  const early = certificate('early', { notBefore: new Date(now + day).toISOString() });
  t.is(endpointStatus(endpoint(early), early, fresh), 'not-yet-valid');
  t.is(endpointStatus(endpoint(early), early, stale), 'unknown');
});

test('nothing served is unreachable with a reason, unknown without one', (t) => {
  t.is(endpointStatus(endpoint(undefined), undefined, fresh), 'unknown');
  const failure = { reason: 'connection-refused', detail: '' } as const;
  t.is(endpointStatus(endpoint(undefined, { failure }), undefined, fresh), 'unreachable');
});

test('served without a configured certificate to compare is unknown', (t) => {
  const { configured: _, issued: __, ...bare } = endpoint(valid);
  t.is(endpointStatus(bare, valid, fresh), 'unknown');
});

function status(change: Partial<HostEvidence>) {
  return hostStatus({
    silent: false,
    heardAt: now - 1000,
    hasSnapshot: true,
    findings: [],
    expiredEndpoints: [],
    conflictAt: undefined,
    now,
    ...change,
  });
}

test('a host with no findings is healthy; a notice does not change that', (t) => {
  t.is(status({}).status, 'healthy');
  t.is(status({ findings: [finding({ severity: 'notice' })] }).status, 'healthy');
});

test('the worst finding gives the status and the reason', (t) => {
  const findings = [
    finding({ severity: 'warning', cause: 'due' }),
    finding({ severity: 'critical', cause: 'not reloaded' }),
  ];
  t.deepEqual(status({ findings }), { status: 'critical', reason: 'not reloaded' });
  t.is(status({ findings: [finding({ severity: 'warning' }), finding({ severity: 'unknown' })] }).status, 'unknown');
});

test('silent, never heard, and without a snapshot are unknown, never healthy', (t) => {
  t.is(status({ silent: true }).status, 'unknown');
  t.regex(status({ silent: true }).reason, /last heard 2026-11-23T11:59:59\.000Z/);
  t.is(status({ silent: true, heardAt: undefined }).status, 'unknown');
  t.is(status({ hasSnapshot: false }).status, 'unknown');
  t.is(status({ silent: true, findings: [finding()] }).status, 'unknown');
});

test('silence does not hide an expired certificate', (t) => {
  const verdict = status({ silent: true, expiredEndpoints: ['shop@443', 'blog@443'] });
  t.deepEqual(verdict, { status: 'critical', reason: 'An expired certificate is served at shop@443 and 1 more.' });
});

test('a revoked host is unknown, whatever it said before', (t) => {
  const verdict = status({ revokedAt: now, expiredEndpoints: ['shop@443'], findings: [finding()] });
  t.deepEqual(verdict, { status: 'unknown', reason: 'Revoked 2026-11-23T12:00:00.000Z: nothing it says is taken.' });
});

test('an identity conflict warns for an hour', (t) => {
  t.is(status({ conflictAt: now - 1000 }).status, 'warning');
  t.is(status({ conflictAt: now - 3_600_001 }).status, 'healthy');
  t.is(status({ conflictAt: now - 1000, findings: [finding()] }).status, 'critical');
});

test('what a silent host cannot say any more is derived once for each certificate, unless it said so before', (t) => {
  const known = new Map([over, valid].map((one) => [one.fingerprint, one]));
  const endpoints = [endpoint(over, { id: 'a' }), endpoint(over, { id: 'b' }), endpoint(valid, { id: 'c' })];
  const told = [finding({ code: 'expired', subject: { kind: 'endpoint', id: 'b' } })];
  const derived = silentFindings(endpoints, told, known, now);
  t.deepEqual(
    derived.map(({ code, severity, subject, since }) => [code, severity, subject.id, since]),
    [['expired', 'critical', 'a', over.notAfter]],
  );
  const subjects = (before: typeof told) =>
    silentFindings(endpoints, before, known, now).map(({ subject }) => subject.id);
  t.deepEqual(subjects([]), ['b'], 'the last one, as its agent would');
  const evidence = { fingerprint: over.fingerprint };
  t.deepEqual(subjects([finding({ code: 'expired', subject: { kind: 'endpoint', id: 'b' }, evidence })]), []);
});

test('facts are out of date three look intervals and a minute after the last look', (t) => {
  t.false(isOutOfDate(3 * 10_000 + 60_000, 10));
  t.true(isOutOfDate(3 * 10_000 + 60_001, 10));
  t.false(isOutOfDate(900_000), 'without a word about it, the interval is the usual 300 s');
  t.true(isOutOfDate(960_001));
});

test('a host that is heard but looks no more is unknown, and says since when', (t) => {
  const verdict = status({ blindSince: now - 3_600_000 });
  t.deepEqual(verdict, { status: 'unknown', reason: 'Heard, but it has not looked since 2026-11-23T11:00:00.000Z.' });
  t.is(status({ blindSince: now - 3_600_000, expiredEndpoints: ['shop@443'] }).status, 'critical');
});
