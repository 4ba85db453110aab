import test from 'ava';
import { keepOutside } from '../../../collector/serve/outside-view.ts';
import type { HostFacts } from '../../../collector/store/facts.ts';
import type { TargetRow } from '../../../collector/store/targets.ts';
import { certificate, day, endpoint, snapshot } from '../helpers/example-snapshot.ts';

const now = Date.parse('2026-11-27T12:00:00.000Z');
const at = (days: number) => new Date(now + days * day).toISOString();
const older = certificate('older', { notBefore: at(-50), notAfter: at(40) });
const younger = certificate('younger', { notBefore: at(-1), notAfter: at(89) });
const certificates = new Map([[younger.fingerprint, { certificate: younger, firstSeenAt: now - day }]]);

const host: HostFacts = {
  agentId: 'a',
  name: 'web-1',
  agentVersion: '1',
  enrolledAt: now,
  heardAt: now,
  conflictAt: undefined,
  revokedAt: undefined,
  snapshot: { digest: 'd', observedAt: now, receivedAt: now, ...snapshot(younger) },
};

/** What is asked still has the certificate that the host has renewed. */
function row(id: number, target: string): TargetRow {
  const { fingerprint: served, issuer, notBefore, notAfter } = older;
  const place = { address: '192.0.2.1', served, issuer, notBefore, notAfter, algorithm: 'ecdsa', chain: [] } as const;
  const seen = { places: [{ ...place, chain: [], since: now }], leftOut: 0 };
  const asked = {
    everyMs: 3_600_000,
    vantage: 'collector',
    setBy: '',
    setAt: now,
    askedAt: now,
    wanted: 0,
  } as const;
  return { id, target, ...asked, seen, held: [served] };
}

test('a target that takes the place of another one of the same name is judged by what hosts prove, read before or not', (t) => {
  const outside = keepOutside();
  const hosts = () => [[host, certificates] as const];
  const subjects = () => outside.findingsOf('a', now).map(({ finding }) => finding.subject.id);
  outside.put(host, certificates);
  outside.putTargets([row(1, 'shop.example.test:443')], hosts);
  t.deepEqual(subjects(), ['shop.example.test@192.0.2.1:443/ecdsa']);
  const touched = outside.putTargets([row(2, 'shop.example.test:8443')], hosts);
  t.deepEqual([...(touched ?? [])], ['a']);
  t.deepEqual(subjects(), ['shop.example.test@192.0.2.1:8443/ecdsa']);
  t.deepEqual(outside.hostless(now), []);
});

test('addresses of one name that disagree are told once: at a host that proves the name, else of no host', (t) => {
  const { fingerprint: served, issuer, notBefore, notAfter } = younger;
  const seen = row(1, 'shop.example.test:443');
  const [old] = seen.seen?.places ?? [];
  if (!old) return t.fail();
  const renewed = { ...old, address: '192.0.2.2', served, issuer, notBefore, notAfter };
  const outside = keepOutside();
  const both = { ...seen, seen: { places: [old, renewed], leftOut: 0 } };
  const vantage = { ...both, id: 2, vantage: 'b', vantageName: 'web-2' };
  outside.putTargets([both, vantage], () => []);
  const found = outside.hostless(now).filter(({ code }) => code === 'served-elsewhere-differs');
  t.is(found.length, 1, 'however many vantages see it');
  t.like(found[0], { agentId: '', hostName: 'shop.example.test', severity: 'warning' });
  t.deepEqual(Object.keys(found[0]?.evidence ?? {}).sort(), [
    '192.0.2.1',
    '192.0.2.1 from web-2',
    '192.0.2.2',
    '192.0.2.2 from web-2',
  ]);
  const other = { ...renewed, address: '192.0.2.1', served: 'e'.repeat(64), notBefore: at(-0.5) };
  outside.put(host, certificates);
  outside.putTargets([{ ...seen, seen: { places: [other, renewed], leftOut: 0 } }], () => [[host, certificates]]);
  t.deepEqual(
    outside.findingsOf('a', now).map(({ finding, hostName }) => [finding.code, hostName]),
    [['served-elsewhere-differs', 'web-1']],
  );
  outside.putTargets([{ ...seen, seen: { places: [renewed], leftOut: 0 } }], () => [[host, certificates]]);
  t.deepEqual(outside.findingsOf('a', now), []);
});

test('a target is overtaken from when a host proves something younger than it presented, until it is asked again', (t) => {
  const outside = keepOutside();
  const hosts = () => [[host, certificates] as const];
  const seen = row(1, 'shop.example.test:443');
  const told = host.snapshot?.endpoints[0]?.reachedAt?.['served-everywhere'];
  const since = Date.parse(told ?? younger.notBefore);
  outside.put(host, certificates);
  outside.putTargets([{ ...seen, askedAt: since - 1 }, row(2, 'other.example.test:443')], hosts);
  t.deepEqual([...outside.overtaken(now)], [[1, since]]);
  t.deepEqual([...outside.overtaken(since - 1)], []);
  outside.putTargets([{ ...seen, askedAt: since }], hosts);
  t.deepEqual([...outside.overtaken(now)], []);
});

test('what a host whose clock is ahead proves counts from when it did by this clock, not from an instant that is yet to come', (t) => {
  const hour = 3_600_000;
  const served = new Date(now + hour - 60_000).toISOString();
  const endpoints = [endpoint(younger, { reachedAt: { served } })];
  const told = { digest: 'd', observedAt: now, receivedAt: now, ...snapshot(younger, { endpoints }) };
  const ahead = { ...host, snapshot: { ...told, aheadMs: hour } };
  const outside = keepOutside();
  const hosts = () => [[ahead, certificates] as const];
  const seen = row(1, 'shop.example.test:443');
  outside.put(ahead, certificates);
  outside.putTargets([{ ...seen, askedAt: now - 120_000 }], hosts);
  t.deepEqual(outside.findingsOf('a', now), [], 'it was asked before');
  t.deepEqual([...outside.overtaken(now)], [[1, now - 60_000]], 'and is asked again at once');
  const setBack = { ...host, snapshot: told };
  outside.put(setBack, certificates);
  t.deepEqual([...outside.overtaken(now)], [[1, now]], 'its clock was set right since');
  outside.put(ahead, certificates);
  outside.putTargets([{ ...seen, askedAt: now }], hosts);
  t.deepEqual(
    outside.findingsOf('a', now).map(({ finding }) => [finding.code, finding.since]),
    [['front-holds-copy', new Date(now).toISOString()]],
  );
});

test('what a host whose clock is behind proves counts from no earlier than its certificate was first heard of', (t) => {
  const served = new Date(now - 3_600_000).toISOString();
  const endpoints = [endpoint(younger, { reachedAt: { served } })];
  const behind = {
    ...host,
    snapshot: { digest: 'd', observedAt: now, receivedAt: now, ...snapshot(younger, { endpoints }) },
  };
  const issued = new Map([[younger.fingerprint, { certificate: younger, firstSeenAt: now }]]);
  const outside = keepOutside();
  outside.put(behind, issued);
  outside.putTargets([{ ...row(1, 'shop.example.test:443'), askedAt: now - 60_000 }], () => [
    [behind, issued] as const,
  ]);
  t.deepEqual(outside.findingsOf('a', now), [], 'an ordinary renewal, which the last look came before');
  t.deepEqual([...outside.overtaken(now)], [[1, now]]);
});

test('a certificate is served everywhere once every address of its name presents it, from every vantage, and while that is known', (t) => {
  const { fingerprint: served, issuer, notBefore, notAfter } = younger;
  const since = now + 60_000;
  const later = since + 30_000;
  const whole = row(1, 'shop.example.test:443');
  const [old] = whole.seen?.places ?? [];
  if (!old) return t.fail();
  const renewed = { ...old, served, issuer, notBefore, notAfter, since };
  const told = (change: Partial<TargetRow>, ...others: TargetRow[]) => {
    const outside = keepOutside();
    outside.put(host, certificates);
    outside.putTargets([{ ...whole, askedAt: later, ...change }, ...others], () => [[host, certificates] as const]);
    return [...outside.everywhereOf('a', later).values()];
  };
  const seen = (...places: (typeof old)[]) => ({ seen: { places, leftOut: 0 } });
  const failure = { reason: 'timed-out' as const, detail: '', since: later };
  t.deepEqual(told(seen(renewed, { ...renewed, address: '192.0.2.2', since: later })), [later], 'the last one counts');
  t.deepEqual(told(seen(renewed, { ...old, address: '192.0.2.2' })), [], 'one has the old one');
  t.deepEqual(told(seen(renewed, { ...old, algorithm: 'rsa' })), [since], 'of another kind of key it is another one');
  t.deepEqual(told(seen({ ...renewed, failure })), [], 'it is silent');
  t.deepEqual(told({ seen: { places: [renewed], leftOut: 1 } }), [], 'not all are asked');
  const notTold = { family: 'ipv6' as const, detail: '' };
  t.deepEqual(told({ seen: { places: [renewed], leftOut: 0, notTold } }), [], 'of its other family nobody told');
  t.deepEqual(told({ ...seen(renewed), askedAt: later - 3 * whole.everyMs }), [], 'it is asked no more');
  t.deepEqual(told({ seen: undefined }), [], 'it was not asked yet');
  const vantage = { ...row(2, 'shop.example.test:443'), vantage: 'b', askedAt: later };
  t.deepEqual(told(seen(renewed), vantage), [], 'another vantage sees the old one');
  t.deepEqual(told(seen(renewed), { ...vantage, ...seen(renewed) }), [since]);
  t.deepEqual(told(seen(renewed), row(3, 'other.example.test:443')), [since], 'another name is another one');
});
