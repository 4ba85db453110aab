import type { Certificate } from '@certherd/protocol/certificate';
import test from 'ava';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { assembleHost } from '../../../collector/serve/assemble-host.ts';
import { closeLists, textsOfLists } from '../../../collector/serve/closed-lists.ts';
import { closePart, OpenedParts } from '../../../collector/serve/closed-part.ts';
import { keepFleet } from '../../../collector/serve/fleet-view.ts';
import { reachedAtHost } from '../../../collector/serve/reached.ts';
import { certificatePacker, type PackedCertificate } from '../../../collector/serve/packed-certificate.ts';
import type { CertificateFacts, KeptFacts } from '../../../collector/store/facts.ts';
import fc from '../../helpers/properties.ts';
import { certificate, endpoint, snapshot } from '../helpers/example-snapshot.ts';

const now = Date.parse('2026-11-23T12:00:00.000Z');
/** Whatever strangers say: no text, line feeds, half of a character, and what JSON has a meaning for. */
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\ud800', '\n', '[1]', '__proto__', '"'),
);
const thisAge = { min: new Date('1950-01-01T00:00:00Z'), max: new Date('2150-01-01T00:00:00Z') };
const instant = fc.oneof(
  // None, days that a month has not, the hour 24, and what is written otherwise than JavaScript writes it.
  fc.constantFrom('2099-99-99T99:99:99.999Z', '2026-02-30T00:00:00.000Z', '2026-06-15T24:00:00.000Z'),
  fc.constantFrom('2026-06-15T10:00:00Z', '2026-06-15T10:00:00.1234Z', '2026-06-15T10:00:00.000+02:00'),
  fc.constantFrom('0000-01-01T00:00:00.000Z', '1969-12-31T23:59:59.999Z', '9999-12-28T23:59:59.999Z'),
  fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
  fc.date({ noInvalidDate: true, ...thisAge }).map((at) => at.toISOString()),
);
const certificates = fc.record({
  subject: text,
  issuer: text,
  subjectAltNames: fc.array(text, { maxLength: 3 }),
  serialNumber: text,
  notBefore: instant,
  notAfter: instant,
  key: text,
  isAuthority: fc.boolean(),
});
const signatures = fc.option(text, { nil: undefined });
const basis = fc.constantFrom('der' as const, 'told' as const);

test('a packed certificate says what it said, whatever that is', (t) => {
  const pack = certificatePacker();
  fc.assert(
    fc.property(certificates, signatures, basis, fc.nat(), fc.boolean(), (told, signature, of, firstSeenAt, isRead) => {
      const name = told.subjectAltNames.at(-1);
      const change = isRead && name !== undefined ? { ...told, subject: `CN=${name}` } : told;
      const one: Certificate = certificate('one', { ...change, ...(signature !== undefined && { signature }) });
      const facts: CertificateFacts = {
        certificate: one,
        firstSeenAt,
        basis: of,
        ...(isRead && { keyDigest: 'AbC_-012345' }),
      };
      const packed = pack(facts);
      t.deepEqual(packed.opened, facts);
      t.deepEqual(packed.life, { notBefore: one.notBefore, notAfter: one.notAfter });
      t.is(packed.notAfter, Date.parse(one.notAfter));
    }),
  );
});

/** A host that serves these, the last of which it does not name. */
function host(list: readonly Certificate[], words: string): KeptFacts {
  const [first = certificate('none')] = list;
  const { certificates: _, ...told } = snapshot(first, {
    endpoints: list.map((one, at) => endpoint(one, { id: `${at} ${words}`, serverName: words, tlsVersion: 'TLSv1.3' })),
    files: list.map(({ fingerprint }, at) => ({ path: `/${at}/${words}`, fingerprints: [fingerprint] })),
  });
  const row = { agentId: 'a', name: words, agentVersion: '1', enrolledAt: now, heardAt: now };
  const never = { conflictAt: undefined, revokedAt: undefined };
  return { ...row, ...never, snapshot: { digest: 'd', observedAt: now, receivedAt: now, ...told } };
}

test('a closed part is the part that was closed, and two hosts that say the same of other certificates are two', (t) => {
  const pack = certificatePacker();
  const opened = new OpenedParts();
  const heard = { connected: true, silent: false, heardAt: now, observedAt: now };
  const fleet = keepFleet({ knownIssuers: undefined });
  const rule = { id: 1, scope: 'name', pattern: '*', key: 'owner', value: 'x', source: 'command', setBy: '', setAt: 0 };
  const book = labelBook([{ ...rule, scope: 'name', source: 'command' }]);
  fc.assert(
    fc.property(fc.array(fc.nat(9), { maxLength: 4 }), text, fc.boolean(), (marks, words, isLabelled) => {
      const closed = ['one', 'other'].map((whose) => {
        const list = marks.map((mark) => certificate(`${whose} ${mark}`));
        const facts = host([...list, certificate('not named')], words);
        const known = new Map(list.map((one) => [one.fingerprint, one]));
        const part = assembleHost(
          facts,
          heard,
          { certificates: known, book: isLabelled ? book : labelBook([]), fleet },
          now,
        );
        const packed = list.map((one) => pack({ certificate: one, firstSeenAt: now, basis: 'der' }));
        return { part, closed: closePart(facts, part, undefined, packed, opened), facts };
      });
      for (const { part, closed: one, facts } of closed) {
        const { endpoints, lineages, files, host: view, findings, statuses, seen } = one;
        t.deepEqual(
          { endpoints, lineages, files },
          { endpoints: part.endpoints, lineages: part.lineages, files: part.files },
        );
        t.deepEqual(
          { view, findings, statuses },
          { view: part.host, findings: part.findings, statuses: part.statuses },
        );
        t.deepEqual(one.told, {
          endpoints: facts.snapshot?.endpoints.map((told) => ({ ...told, ...reachedAtHost(told) })),
          lineages: facts.snapshot?.lineages,
        });
        t.deepEqual(
          seen.map(({ id, served, status, labels, tlsVersion }) => [id, served, status, labels, tlsVersion]),
          endpoints.map(({ id, served, status, labels, tlsVersion }) => [id, served, status, labels, tlsVersion]),
        );
      }
    }),
  );
});

test('a host is not opened to see that it has no lineages', (t) => {
  class Counted extends OpenedParts {
    times = 0;
    override of(...what: Parameters<OpenedParts['of']>) {
      this.times += 1;
      return super.of(...what);
    }
  }
  const parts = new Counted();
  const facts = host([certificate('one')], 'web');
  if (!facts.snapshot) return t.fail();
  facts.snapshot.lineages = [];
  const heard = { connected: true, silent: false, heardAt: now, observedAt: now };
  const shared = { certificates: new Map(), book: labelBook([]), fleet: keepFleet({ knownIssuers: undefined }) };
  const closed = closePart(facts, assembleHost(facts, heard, shared, now), undefined, [], parts);
  t.deepEqual(closed.heard({ host: closed.host, standsUntil: now }).lineages, []);
  t.is(parts.times, 0);
  t.is(closed.endpoints.length, 1);
  t.is(parts.times, 1);
});

test('of a host whose part is another one again and again one is kept open, and others stay so', (t) => {
  const parts = new OpenedParts();
  const lists = { endpoints: [], verdicts: [], lineages: [], files: [] };
  const closed = closeLists(textsOfLists(lists, []));
  const first = parts.of('small', closed, none);
  for (let version = 0; version < 40; version += 1) parts.of('large', closed, [...none]);
  t.is(parts.of('small', closed, none), first);
  for (let other = 0; other < 40; other += 1) parts.of(`${other}`, closed, none);
  t.not(parts.of('small', closed, none), first);
});

const none: readonly PackedCertificate[] = [];
