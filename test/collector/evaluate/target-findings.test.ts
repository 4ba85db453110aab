import { createHash } from 'node:crypto';
import test from 'ava';
import { concernsOf, hostlessConcerns } from '../../../collector/evaluate/concerns.ts';
import { isOutsideCode } from '../../../collector/evaluate/explanations.ts';
import type { HostProof, Outside } from '../../../collector/evaluate/outside/outside.ts';
import { outsideFindings, outsideStands } from '../../../collector/evaluate/outside/outside-findings.ts';
import { outsideOf } from '../../../collector/serve/target-views.ts';
import type { TargetPlace, TargetRow } from '../../../collector/store/targets.ts';
import fc from '../../helpers/properties.ts';

const day = 86_400_000;
const hour = 3_600_000;
const now = Date.parse('2026-11-27T12:00:00.000Z');
const at = (days: number) => new Date(now + days * day).toISOString();
const mark = (text: string) => createHash('sha256').update(text).digest('hex');

/** Of a life of ninety days that many are left. */
function place(left: number, change: Partial<TargetPlace> = {}): TargetPlace {
  return {
    address: '192.0.2.1',
    algorithm: 'ecdsa',
    served: mark('one'),
    subject: 'CN=shop.example.com',
    issuer: 'O=CA',
    notBefore: at(left - 90),
    notAfter: at(left),
    chain: [mark('ca')],
    nameMatches: true,
    trusted: true,
    since: now - 80 * day,
    ...change,
  };
}

function target(places: TargetPlace[], change: Partial<Outside> = {}): Outside {
  return {
    host: 'shop.example.com',
    port: 443,
    held: [],
    seen: { places, leftOut: 0 },
    setAt: now - 300 * day,
    askedAt: now - 60_000,
    everyMs: hour,
    ...change,
  };
}

function proof(left: number, change: Partial<HostProof> = {}): HostProof {
  return {
    agentId: 'a',
    hostName: 'web-1',
    id: 'shop@0.0.0.0:443/ecdsa',
    serverName: 'shop.example.com',
    algorithm: 'ecdsa',
    served: mark('one'),
    issuer: 'O=CA',
    notBefore: at(left - 90),
    notAfter: at(left),
    servedSince: at(-0.5),
    ...change,
  };
}

const failure = (hours: number) => ({
  reason: 'timed-out',
  detail: 'no answer within 10 s',
  since: now - hours * hour,
});
const codes = (one: Outside, proofs: HostProof[] = []) =>
  outsideFindings(one, proofs, now).map(({ finding }) => `${finding.code} ${finding.severity}`);

const cases: readonly [title: string, one: Outside, expected: string[], proofs?: HostProof[]][] = [
  ['most of its life is left', target([place(60)]), []],
  ['a third is left, which is when most tools renew', target([place(30)]), []],
  ['just more than a quarter is left', target([place(22.6)]), []],
  ['a quarter is left', target([place(22.5)]), ['target-ending warning']],
  ['a tenth is left', target([place(9)]), ['target-ending critical']],
  ['a third of six days is left', target([place(2, { notBefore: at(-4) })]), []],
  ['a quarter of six days is left', target([place(1.5, { notBefore: at(-4.5) })]), ['target-ending warning']],
  ['it has ended', target([place(0)]), ['target-expired critical']],
  ['it begins tomorrow', target([place(91)]), ['target-not-yet-valid critical']],
  ['it is of another name', target([place(60, { nameMatches: false })]), ['target-name-mismatch warning']],
  ['no trusted root', target([place(60, { trusted: false })]), ['target-untrusted warning']],
  [
    'ended, of another name and not trusted',
    target([place(-1, { nameMatches: false, trusted: false })]),
    ['target-expired critical', 'target-name-mismatch warning', 'target-untrusted warning'],
  ],
  ['a host proves it, and tells of its end itself', target([place(5)]), [], [proof(5)]],
  [
    'a host proves it, and the chain is not sent here',
    target([place(60, { trusted: false })]),
    ['target-untrusted warning'],
    [proof(60)],
  ],
  [
    'a host proves a younger one, which says more',
    target([place(5)], { held: [mark('one')] }),
    ['front-holds-copy critical'],
    [proof(89, { served: mark('two') })],
  ],
  [
    'a host proves a younger one, and another authority issued the one that ended',
    target([place(-1, { issuer: 'O=Other' })]),
    ['front-holds-copy notice', 'target-expired critical'],
    [proof(89, { served: mark('two') })],
  ],
  ['it was silent for two intervals', target([place(60, { failure: failure(2) })]), []],
  ['it was silent for three intervals', target([place(60, { failure: failure(3) })]), ['target-not-seen unknown']],
  [
    'an address has never shown one',
    target([{ address: '192.0.2.1', chain: [], since: now - 9 * hour, failure: failure(9) }]),
    ['target-not-seen unknown'],
  ],
  [
    'its name has no address for three intervals',
    target([], { seen: { places: [], leftOut: 0, failure: { ...failure(3), reason: 'no-address' } } }),
    ['target-not-seen unknown'],
  ],
  [
    'nobody has asked for three intervals',
    target([place(60)], { askedAt: now - 3 * hour }),
    ['target-not-seen unknown'],
  ],
  [
    'nobody has ever asked',
    target([], { seen: undefined, askedAt: undefined, setAt: now - 3 * hour }),
    ['target-not-seen unknown'],
  ],
  ['it was only just listed', target([], { seen: undefined, askedAt: undefined, setAt: now - 1000 }), []],
];

for (const [title, one, expected, proofs] of cases)
  test(`${title}: ${expected.join(', ') || 'nothing'}`, (t) => {
    t.deepEqual(codes(one, proofs), expected);
  });

test('a finding of a target is of no host, and says the exact place, since when, why, until when and what mends it', (t) => {
  const [found] = outsideFindings(target([place(9, { address: '2001:db8::1' })]), [], now);
  t.like(found, {
    agentId: '',
    hostName: 'shop.example.com',
    stale: false,
    life: { notBefore: at(-81), notAfter: at(9) },
  });
  t.like(found?.finding, {
    subject: { kind: 'endpoint', id: 'shop.example.com@[2001:db8::1]:443/ecdsa' },
    since: at(-13.5),
    evidence: { address: '[2001:db8::1]:443', presented: `${mark('one')} until ${at(9)}` },
  });
  t.regex(
    found?.finding.cause ?? '',
    /^\[2001:db8::1\]:443 presents a certificate for shop\.example\.com that ends at/,
  );
  t.regex(found?.finding.remedy ?? '', /^Renew the certificate of shop\.example\.com/);
  const [silent] = outsideFindings(target([place(60, { failure: failure(4) })]), [], now);
  t.like(silent?.finding, {
    since: new Date(now - 4 * hour).toISOString(),
    remedy: 'certherd-collector scan shop.example.com',
  });
  t.regex(silent?.finding.cause ?? '', /shop\.example\.com@192\.0\.2\.1:443\/ecdsa .*no answer within 10 s/);
});

test('what is said before TLS is said in the commands too', (t) => {
  const row = {
    id: 1,
    vantage: 'collector',
    everyMs: hour,
    setBy: '',
    setAt: now,
    askedAt: now,
    wanted: 0,
    held: [],
  };
  const remedyOf = (change: Partial<TargetRow>) => {
    const seen = { places: [place(60, { failure: failure(4) })], leftOut: 0 };
    const target = { ...row, target: 'smtp://mail.example.com:25', seen, ...change };
    return outsideFindings(outsideOf(target), [], now)[0]?.finding.remedy;
  };
  t.is(remedyOf({}), 'certherd-collector scan smtp://mail.example.com:25');
  t.is(remedyOf({ target: '[2001:db8::1]:443' }), 'certherd-collector scan [2001:db8::1]:443');
  t.is(
    remedyOf({ vantage: 'x', vantageName: 'web-2' }),
    'On web-2: openssl s_client -connect mail.example.com:25 -servername mail.example.com -starttls smtp',
  );
});

test('what an address presented before it fell silent stays told, marked as of before', (t) => {
  t.like(outsideFindings(target([place(-1, { failure: failure(1) })]), [], now), [
    { stale: true, finding: { code: 'target-expired' } },
  ]);
});

test('an incident in front stays one when another host comes to prove the youngest certificate', (t) => {
  const keyOf = (proofs: HostProof[]) => {
    const [found] = outsideFindings(target([place(40)]), proofs, now);
    if (!found) throw new Error('nothing was found');
    const { agentId, hostName } = found;
    const host = {
      agentId,
      name: hostName,
      status: 'healthy' as const,
      reason: '',
      connected: true,
      enrolledAt: at(-90),
      lastHeardAt: at(0),
    };
    const findings = [{ ...found.finding, agentId, hostName, stale: false, ...(found.life && { life: found.life }) }];
    const [concern] = concernsOf({ host, endpoints: [], lineages: [], findings }, false, now);
    return { key: concern?.key, agentId: concern?.agentId, notAfter: concern?.life?.notAfter };
  };
  const first = proof(80, { served: mark('two') });
  const one = keyOf([first]);
  const other = keyOf([first, proof(89, { served: mark('three'), agentId: 'b', hostName: 'web-2' })]);
  t.deepEqual([one.agentId, other.agentId], ['a', 'b']);
  t.is(one.key, other.key);
  t.is(one.notAfter, at(40), 'messages have a deadline');
});

test('a target that no host serves concerns people, with the end of what it presents', (t) => {
  const found = outsideFindings(target([place(9)]), [], now);
  const told = found.map(({ finding, ...rest }) => ({ ...finding, ...rest }));
  t.like(hostlessConcerns(told)[0], { code: 'target-ending', severity: 'critical', life: { notAfter: at(9) } });
});

test('findings stay as they are until the instant that they are said to, and every code is one of the outside', (t) => {
  const lefts = fc.double({ min: -20, max: 120, noNaN: true });
  const places = fc.array(
    fc.record({
      left: lefts,
      silentHours: fc.option(fc.integer({ min: 0, max: 6 })),
      trusted: fc.boolean(),
      stapled: fc.option(lefts),
    }),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(
      places,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 5 }),
      (list, part, asked) => {
        const one = target(
          list.map(({ left, silentHours, trusted, stapled }, index) =>
            place(left, {
              address: `192.0.2.${index}`,
              trusted,
              ...(stapled !== null && { staple: { state: 'good', nextUpdate: at(stapled), since: now } }),
              ...(silentHours !== null && { failure: failure(silentHours) }),
            }),
          ),
          { askedAt: now - asked * hour },
        );
        const stands = Math.min(outsideStands(one, now), now + 300 * day);
        const later = Math.floor(now + (stands - now) * part);
        t.deepEqual(outsideFindings(one, [], later), outsideFindings(one, [], now));
        for (const { finding } of outsideFindings(one, [], now)) t.true(isOutsideCode(finding.code));
      },
    ),
  );
});

test('what a vantage cannot see says what to do there', (t) => {
  const remedyOf = (reason: string) => {
    const failure = { reason, detail: 'web-2: no', since: now - 4 * hour };
    const [found] = outsideFindings(
      target([], { everyMs: hour, seenFrom: 'web-2', askedAt: now, seen: { places: [], leftOut: 0, failure } }),
      [],
      now,
    );
    t.is(found?.finding.subject.id, 'shop.example.com:443 from web-2');
    return found?.finding.remedy ?? '';
  };
  t.regex(remedyOf('vantage-refused'), /^Name shop\.example\.com:443 in \[probe\] allow in agent\.toml of web-2/);
  t.regex(remedyOf('vantage-too-old'), /^Upgrade certherd-agent on web-2/);
  t.regex(remedyOf('not-allowed'), /\[probe\] reach/);
  t.regex(remedyOf('timed-out'), /^On web-2: openssl s_client -connect shop\.example\.com:443/);
  const [gone] = outsideFindings(target([], { everyMs: hour, seenFrom: 'web-2', askedAt: now - 4 * hour }), [], now);
  t.regex(gone?.finding.cause ?? '', /the agent of web-2 has not told of it since/);
});
