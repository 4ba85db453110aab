import test from 'ava';
import { isSentence } from '../../../collector/wording/remedy.ts';
import { loggedFindings, loggedStands } from '../../../collector/evaluate/outside/logged-findings.ts';
import type { Outside } from '../../../collector/evaluate/outside/outside.ts';
import { unlistedNames } from '../../../collector/evaluate/outside/unlisted-names.ts';
import type { LoggedRow, LogState } from '../../../collector/store/transparency.ts';
import fc from '../../helpers/properties.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.parse('2026-11-28T12:00:00.000Z');
const policy = { knownIssuers: ['Our CA'], graceMs: 6 * hour };

function row(change: Partial<LoggedRow> = {}): LoggedRow {
  return {
    id: 'a'.repeat(64),
    issuer: 'C=US, O=Our CA, CN=E7',
    serialNumber: '0A1B',
    notBefore: now - day,
    notAfter: now + 89 * day,
    names: ['shop.example.com', 'www.example.com'],
    loggedAt: now - 7 * hour,
    log: 'log.example/2026h2',
    entry: 7,
    held: false,
    ...change,
  };
}

function target(change: object): Outside {
  const place = { address: '192.0.2.1', chain: [], since: now - day, ...change };
  const seen = { places: [place], leftOut: 0 };
  return { host: 'shop.example.com', port: 443, held: [], seen, setAt: now, askedAt: now, everyMs: hour };
}

const presented = {
  issuer: 'C=US, O=Our CA, CN=E7',
  serialNumber: '0A1B',
  notBefore: new Date(now - day).toISOString(),
  notAfter: new Date(now + 89 * day).toISOString(),
};
const fingerprint = 'f'.repeat(64);

const cases: readonly [title: string, row: Partial<LoggedRow>, targets: Outside[], codes: string][] = [
  ['of a known issuer, and its time to be installed is over', {}, [], 'unexpected-certificate warning'],
  ['of a known issuer, within its time', { loggedAt: now - 5 * hour }, [], ''],
  ['of another issuer, just logged', { issuer: 'O=Other', loggedAt: now }, [], 'unexpected-certificate critical'],
  ['an issuer without an organisation', { issuer: 'CN=Our CA', loggedAt: now }, [], 'unexpected-certificate critical'],
  ['a host holds it', { held: true }, [], ''],
  ['it has ended', { notAfter: now }, [], ''],
  ['a target presents it', { fingerprint }, [target({ served: fingerprint })], ''],
  ['a target presents what came of it', {}, [target({ ...presented })], ''],
  [
    'a target presents another one of this issuer and these dates',
    {},
    [target({ ...presented, serialNumber: '0A1C' })],
    'unexpected-certificate warning',
  ],
  [
    'a target presents another one of this issuer, these dates and even this serial number',
    { fingerprint },
    [target({ ...presented, served: 'e'.repeat(64) })],
    'unexpected-certificate warning',
  ],
  [
    'a target presents another one of these dates',
    {},
    [target({ ...presented, issuer: 'O=Other' })],
    'unexpected-certificate warning',
  ],
  [
    'a target presented one of which only issuer and dates are kept',
    {},
    [target({ ...presented, serialNumber: undefined })],
    'unexpected-certificate warning',
  ],
];

for (const [title, change, targets, codes] of cases) {
  test(`${title}: ${codes || 'nothing'}`, (t) => {
    const found = loggedFindings({ certificates: [row(change)], logs: [] }, targets, policy, now);
    t.is(found.map(({ finding }) => `${finding.code} ${finding.severity}`).join(', '), codes);
    t.true(
      found.every(({ finding }) => isSentence(finding.remedy)),
      'nobody is offered a sentence as a command',
    );
  });
}

test('without known issuers everybody has time to install', (t) => {
  const open = { ...policy, knownIssuers: undefined };
  const read = { certificates: [row({ issuer: 'O=Other', loggedAt: now - hour })], logs: [] };
  t.deepEqual(loggedFindings(read, [], open, now), []);
  t.is(loggedStands(read, open, now), now + 5 * hour - 1);
  t.is(loggedFindings(read, [], open, now + 5 * hour).length, 1);
});

test('a log that is not read for three hours is unknown, and says why', (t) => {
  const state: LogState = {
    proved: { size: 7, hashes: [] },
    size: 9,
    readAt: now - 4 * hour,
    failure: { reason: 'no-answer', detail: 'checkpoint: status 404', since: now - 2 * hour },
  };
  const read = { certificates: [], logs: [{ log: 'log.example/2026h2', state }] };
  t.deepEqual(loggedFindings(read, [], policy, now), []);
  t.is(loggedStands(read, policy, now), now + hour - 1);
  const [found] = loggedFindings(read, [], policy, now + hour);
  t.like(found?.finding, { code: 'log-not-read', severity: 'unknown' });
  t.regex(
    found?.finding.cause ?? '',
    /not been read to its end since 2026-11-28T08:00:00\.000Z: checkpoint: status 404\./,
  );
  t.is(found?.finding.evidence['read'], '7 of 9');
  t.true(isSentence(found?.finding.remedy ?? ''));
});

test('a log that is read more slowly than it grows is unknown after three hours, too', (t) => {
  const state: LogState = {
    proved: { size: 7, hashes: [] },
    size: 900,
    readAt: now - 4 * hour,
    behindSince: now - hour,
  };
  const told = (change: Partial<LogState>, at: number) =>
    loggedFindings(
      { certificates: [], logs: [{ log: 'log.example', state: { ...state, ...change } }] },
      [],
      policy,
      at,
    );
  t.deepEqual(told({}, now), []);
  t.is(loggedStands({ certificates: [], logs: [{ log: 'a', state }] }, policy, now), now + 2 * hour - 1);
  const [found] = told({}, now + 2 * hour);
  t.like(found?.finding, { code: 'log-not-read', since: new Date(now - hour).toISOString() });
  t.regex(found?.finding.cause ?? '', /not been read to its end since 2026-11-28T08:00:00\.000Z: it has more entries/);
  t.deepEqual(told({ size: 7 }, now + 2 * hour), [], 'nothing is there that was not read');
  const failure = { reason: 'no-answer', detail: 'status 500', since: now + hour } as const;
  t.is(told({ failure }, now + 2 * hour).length, 1, 'it began before the failure did');
});

test('names are candidates where nothing that is known here has them, by themselves or as a wildcard', (t) => {
  const known = new Set(['shop.example.com', '*.dev.example.com']);
  const rows = [
    row({ names: ['shop.example.com', 'new.example.com', 'a.dev.example.com', 'a.b.dev.example.com'] }),
    row({ names: ['new.example.com', '*.example.com'], issuer: 'O=Other', loggedAt: now, notAfter: now + 200 * day }),
    row({ names: ['old.example.com'], notAfter: now }),
  ];
  t.deepEqual(
    unlistedNames(rows, known, now).map(({ name }) => name),
    ['*.example.com', 'a.b.dev.example.com', 'new.example.com'],
  );
  t.like(unlistedNames(rows, known, now)[2], { loggedAt: now - 7 * hour, until: now + 200 * day, issuer: 'O=Other' });
});

test('whatever a log has, what is told of it is short enough for the wire, and stays so until the instant that it is said to', (t) => {
  const any = fc.record({
    issuer: fc.string({ maxLength: 1000 }),
    serialNumber: fc.string({ maxLength: 256 }),
    names: fc.array(fc.string({ maxLength: 1000 }), { minLength: 1, maxLength: 100 }),
    loggedAt: fc.integer({ min: now - day, max: now + day }),
    notAfter: fc.integer({ min: now - day, max: now + day }),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), (changes) => {
      const read = { certificates: changes.map(row), logs: [] };
      const codes = (at: number) => loggedFindings(read, [], policy, at).map(({ finding }) => finding.subject.id);
      for (const { finding } of loggedFindings(read, [], policy, now)) {
        t.true(finding.cause.length <= 4000 && finding.remedy.length <= 8000 && finding.subject.id.length <= 9000);
        for (const text of Object.values(finding.evidence)) t.true(text.length <= 4000);
      }
      const until = loggedStands(read, policy, now);
      if (until < Infinity) t.deepEqual(codes(until), codes(now));
    }),
  );
});
