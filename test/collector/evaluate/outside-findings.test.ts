import { createHash } from 'node:crypto';
import test from 'ava';
import type { HostProof, Outside } from '../../../collector/evaluate/outside/outside.ts';
import { overtakenAt } from '../../../collector/evaluate/outside/heard.ts';
import { outsideFindings } from '../../../collector/evaluate/outside/outside-findings.ts';
import type { TargetPlace } from '../../../collector/store/targets.ts';
import fc from '../../helpers/properties.ts';

const day = 86_400_000;
const now = Date.parse('2026-11-27T12:00:00.000Z');
const at = (days: number) => new Date(now + days * day).toISOString();
const mark = (text: string) => createHash('sha256').update(text).digest('hex');
const older = { served: mark('older'), issuer: 'O=CA, CN=E5', notBefore: at(-50), notAfter: at(40) };
const younger = { served: mark('younger'), issuer: 'O=CA, CN=E7', notBefore: at(-1), notAfter: at(89) };

function place(change: Partial<TargetPlace> = {}): TargetPlace {
  return {
    address: '192.0.2.1',
    algorithm: 'ecdsa',
    ...older,
    chain: [],
    nameMatches: true,
    trusted: true,
    since: now - 9 * day,
    ...change,
  };
}

function proof(change: Partial<HostProof> = {}): HostProof {
  return {
    agentId: 'a',
    hostName: 'web-1',
    id: 'shop@0.0.0.0:443/ecdsa',
    serverName: 'shop.example.com',
    algorithm: 'ecdsa',
    ...younger,
    servedSince: at(-0.5),
    ...change,
  };
}

function target(places: TargetPlace[], change: Partial<Outside> = {}): Outside {
  return {
    host: 'shop.example.com',
    port: 443,
    held: [older.served],
    seen: { places, leftOut: 0 },
    setAt: now - 90 * day,
    askedAt: now - 60_000,
    everyMs: 3_600_000,
    ...change,
  };
}

const codes = (...args: Parameters<typeof outsideFindings>) =>
  outsideFindings(...args).map(({ finding }) => `${finding.code} ${finding.severity}`);

test('an older certificate at the public address than the host proves is named with address, both fingerprints, since when and until when', (t) => {
  const [found, ...others] = outsideFindings(target([place()]), [proof()], now);
  t.deepEqual(others, []);
  t.like(found, { agentId: 'a', hostName: 'web-1', names: ['shop.example.com'], stale: false });
  t.like(found?.finding, {
    code: 'front-holds-copy',
    severity: 'warning',
    subject: { kind: 'endpoint', id: 'shop.example.com@192.0.2.1:443/ecdsa' },
    since: at(-0.5),
  });
  t.deepEqual(found?.finding.evidence, {
    address: '192.0.2.1:443',
    presented: `${older.served} until ${older.notAfter}`,
    proved: `${younger.served} until ${younger.notAfter}`,
    host: 'web-1 shop@0.0.0.0:443/ecdsa',
  });
  t.regex(
    found?.finding.cause ?? '',
    /192\.0\.2\.1:443 presents one that a host of this fleet had before, which ends at/,
  );
  t.regex(found?.finding.remedy ?? '', /certherd-collector scan shop\.example\.com shows it/);
});

const cases: readonly [
  title: string,
  places: TargetPlace[],
  proofs: HostProof[],
  expected: string[],
  change?: Partial<Outside>,
][] = [
  ['the public address presents what the host proves', [place(younger)], [proof()], []],
  [
    'a third of its life is left',
    [place({ notBefore: at(-70), notAfter: at(29) })],
    [proof()],
    ['front-holds-copy critical'],
  ],
  ['it has ended', [place({ notBefore: at(-91), notAfter: at(-1) })], [proof()], ['front-holds-copy critical']],
  [
    'the fleet never had it, and the authority is the same',
    [place()],
    [proof()],
    ['front-holds-copy warning'],
    { held: [] },
  ],
  [
    'the fleet never had it, and the authority is another, as a CDN has it',
    [place({ issuer: 'O=Other' })],
    [proof()],
    ['front-holds-copy notice'],
    { held: [] },
  ],
  [
    'the fleet had it, and the authority has changed since',
    [place({ issuer: 'O=Other' })],
    [proof()],
    ['front-holds-copy warning'],
  ],
  ['the front is younger than the host', [place({ served: mark('x'), notBefore: at(-0.1) })], [proof()], []],
  ['the host proves another kind of key', [place({ algorithm: 'rsa' })], [proof()], []],
  ['the host proves another name', [place()], [proof({ serverName: 'other.example.com' })], []],
  ['the host proves a wildcard', [place()], [proof({ serverName: '*.example.com' })], ['front-holds-copy warning']],
  ['the host proves a wildcard of another zone', [place()], [proof({ serverName: '*.ample.com' })], []],
  [
    'the host writes its name in capitals',
    [place()],
    [proof({ serverName: 'SHOP.example.COM' })],
    ['front-holds-copy warning'],
  ],
  ['one of two hosts proves just that one', [place()], [proof(), proof({ agentId: 'b', ...older })], []],
  [
    'two hosts prove younger ones, and it is told once',
    [place()],
    [proof(), proof({ agentId: 'b' })],
    ['front-holds-copy warning'],
  ],
  ['nothing was ever presented', [{ address: '192.0.2.1', chain: [], since: now }], [proof()], []],
  ['nothing was asked yet', [], [proof()], [], { seen: undefined, askedAt: undefined, setAt: now }],
  [
    'addresses disagree, and no host is known',
    [place(), place({ address: '2001:db8::1', ...younger, issuer: older.issuer })],
    [],
    ['served-elsewhere-differs warning'],
  ],
  [
    'addresses disagree, of one authority by different intermediates',
    [place({ issuer: 'O=Test, CN=R10' }), place({ address: '192.0.2.2', ...younger, issuer: 'O=Test, CN=R11' })],
    [],
    ['served-elsewhere-differs warning'],
  ],
  [
    'addresses disagree, and the authorities too',
    [place(), place({ address: '2001:db8::1', ...younger, issuer: 'O=Other' })],
    [],
    ['served-elsewhere-differs notice'],
  ],
  [
    'one address was renewed as the host was: the other one is named, and nothing is told twice',
    [place(), place({ address: '192.0.2.2', ...younger })],
    [proof()],
    ['front-holds-copy warning'],
  ],
  ['addresses agree for each kind of key', [place(), place({ algorithm: 'rsa', served: mark('rsa') })], [], []],
];

for (const [title, places, proofs, expected, change] of cases)
  test(`${title}: ${expected.join(', ') || 'nothing'}`, (t) => {
    t.deepEqual(codes(target(places, change), proofs, now), expected);
  });

test('what was so when an address was heard last stays, marked as of before; so does that of a target which is asked no more', (t) => {
  const silent = place({ failure: { reason: 'timed-out', detail: '', since: now } });
  t.like(outsideFindings(target([silent]), [proof()], now)[0], { stale: true });
  t.like(outsideFindings(target([place()], { askedAt: now - 4 * 3_600_000 }), [proof()], now)[0], { stale: true });
});

test('whatever was seen and proved, each finding is of one address or of several that differ, and short enough for the wire', (t) => {
  const certificate = fc.constantFrom(
    older,
    younger,
    { ...older, served: mark('c'), issuer: '' },
    { ...younger, served: mark('d'), notBefore: 'no date' },
  );
  const places = fc.array(
    fc.record({
      address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()),
      one: certificate,
      algorithm: fc.constantFrom('ecdsa' as const, 'rsa' as const),
      subject: fc.string(),
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(
      places,
      fc.array(fc.record({ one: certificate, hostName: fc.string({ maxLength: 3000 }) }), { maxLength: 3 }),
      (seen, proved) => {
        const found = outsideFindings(
          target(seen.map(({ address, one, algorithm }) => place({ address, ...one, algorithm }))),
          proved.map(({ one, hostName }, index) => proof({ ...one, hostName, agentId: String(index) })),
          now,
        );
        for (const { finding } of found) {
          t.true(finding.cause.length <= 4000 && finding.remedy.length <= 8000);
          for (const text of Object.values(finding.evidence)) t.true(text.length <= 4000);
        }
        t.true(found.length <= seen.length + 2);
      },
    ),
  );
});

test('an instant that is none, kept from before instants were checked, leaves the instant at which it was seen from outside', (t) => {
  const [found] = outsideFindings(target([place()]), [proof({ servedSince: '2026-99-99T99:99:99.999Z' })], now);
  t.is(found?.finding.since, at(-9));
});

test('what several vantages see is told apart, and whether it agrees is told once', (t) => {
  const fromWeb = target([place({ address: '10.0.0.7' })], { seenFrom: 'web-2' });
  const [front] = outsideFindings(fromWeb, [proof()], now, 'told-elsewhere');
  t.is(front?.finding.subject.id, 'shop.example.com@10.0.0.7:443/ecdsa from web-2');
  t.is(front?.finding.evidence['seenFrom'], 'web-2');
  t.regex(front?.finding.cause ?? '', /10\.0\.0\.7:443 as seen from web-2 presents/);
  t.regex(front?.finding.remedy ?? '', /target list shows it/);

  // One address, and two answers: by way of the vantage.
  const outside = target([place({ ...younger })]);
  const inside = target([place()], { seenFrom: 'web-2' });
  const [differs, ...rest] = outsideFindings(outside, [], now, [inside]);
  t.deepEqual(rest, []);
  t.is(differs?.finding.code, 'served-elsewhere-differs');
  t.deepEqual(differs?.finding.evidence, {
    '192.0.2.1': `${younger.served} until ${younger.notAfter}`,
    '192.0.2.1 from web-2': `${older.served} until ${older.notAfter}`,
  });
  t.regex(differs?.finding.cause ?? '', /192\.0\.2\.1 as seen from web-2 another one/);
  t.deepEqual(outsideFindings(inside, [], now, 'told-elsewhere'), []);
  t.deepEqual(
    outsideFindings(outside, [proof()], now, [inside]),
    [],
    'a vantage that sees an old copy tells of it itself',
  );
});

const minute = 60_000;

test('in an ordinary renewal no vantage is behind that was asked before another one first saw the new certificate', (t) => {
  const renewed = { ...younger, issuer: older.issuer };
  const outside = target([place({ ...renewed, since: now - minute })], { askedAt: now - minute });
  const inside = (askedAt: number, change: Partial<Outside> = {}) =>
    target([place({ notBefore: at(-70), notAfter: at(20) })], { askedAt, seenFrom: 'web-2', ...change });
  t.deepEqual(outsideFindings(outside, [], now, [inside(now - 40 * minute)]), []);
  t.deepEqual(
    outsideFindings(outside, [], now, [inside(now)]).map(({ finding }) => finding.severity),
    ['critical'],
    'asked since, it is behind',
  );
  const failure = { reason: 'timed-out', detail: '', since: now };
  const silent = inside(now, { seen: { places: [place({ notAfter: at(20) })], leftOut: 0, failure } });
  t.deepEqual(outsideFindings(outside, [], now, [silent]), [], 'heard before it fell silent, an interval ago at most');
});

test('a vantage that is asked no more says nothing beside those that are, and alone what it said last, as of before', (t) => {
  const renewed = { ...younger, issuer: older.issuer };
  const gone = { askedAt: now - 4 * 60 * minute };
  const outside = target([place({ ...renewed, since: now - 5 * 60 * minute })], { askedAt: now });
  const inside = target([place()], { ...gone, seenFrom: 'web-2' });
  t.deepEqual(outsideFindings(outside, [], now, [inside]), []);
  const [found] = outsideFindings({ ...outside, ...gone }, [], now, [inside]);
  t.is(found?.finding.code, 'served-elsewhere-differs');
  t.true(found?.stale);
});

test('what was asked before a host proved its new certificate is no copy, and is asked again at once', (t) => {
  const justNow = proof({ servedSince: new Date(now - minute).toISOString() });
  const before = target([place({ notBefore: at(-84), notAfter: at(6) })], { askedAt: now - 40 * minute });
  t.deepEqual(outsideFindings(before, [justNow], now), [], 'nor is its end told, which the host has renewed');
  t.is(overtakenAt(before, [justNow], now), now - minute);
  const since = { ...before, askedAt: now };
  t.deepEqual(codes(since, [justNow], now), ['front-holds-copy critical']);
  t.is(overtakenAt(since, [justNow], now), undefined);
  t.is(overtakenAt(before, [justNow], now - 2 * minute), undefined, 'a clock that is ahead has nobody asked');
  t.is(overtakenAt(target([place(younger)]), [justNow], now), undefined);
});
