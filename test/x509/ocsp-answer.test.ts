import { maxStapleBytes } from '@certherd/protocol/version';
import test from 'ava';
import { demandsStaple } from '../../x509/certificate-parts.ts';
import { ocspAnswer } from '../../x509/ocsp-answer.ts';
import { readOcspResponse } from '../../x509/ocsp-response.ts';
import { oid, sequence, tlv } from '../helpers/der.ts';
import { mint, mintChain, mintKey } from '../helpers/mint.ts';
import { type OcspParts, type OcspRequest, opensslOcsp, rawOcsp, time } from '../helpers/ocsp.ts';
import fc from '../helpers/properties.ts';
import { extension, rawCertificate } from '../helpers/raw-certificate.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const now = Date.now();
const hour = 3_600_000;
const { root, intermediate: issuer, leaf } = await mintChain();
const sibling = await mint({ names: ['other.example.test'], issuer });
const byIssuer = { subject: [['CN', 'Responder']] as const, issuer };
const responder = await mint({ ...byIssuer, ocspSigning: true });
const sandbox = openSandbox();
test.after.always(() => sandbox.close());

const read = (der: Uint8Array, at = now, about = leaf.x509) => ocspAnswer(der, about, [root.x509, issuer.x509], at);
const openssl = (request: Partial<OcspRequest> = {}) => opensslOcsp(sandbox, { leaf, issuer, ...request });
const raw = (parts: Partial<OcspParts> = {}) => rawOcsp({ leaf, issuer, ...parts });

const revokedAt = new Date('2026-11-20T10:00:00.000Z');
const believed: [string, Partial<OcspRequest>, object][] = [
  ['good, signed by the issuer', {}, { status: 'good' }],
  ['good, with SHA-256 in its CertID', { more: ['-sha256'] }, { status: 'good' }],
  ['good, its signer named by the key', { more: ['-resp_key_id'] }, { status: 'good' }],
  ['good, without the certificate of the issuer, which signed it', { more: ['-resp_no_certs'] }, { status: 'good' }],
  ['good, signed by whom the issuer entitled', { signer: responder }, { status: 'good' }],
  ['the same, named by the key', { signer: responder, more: ['-resp_key_id'] }, { status: 'good' }],
  ['revoked', { says: { revokedAt } }, { status: 'revoked', revokedAt: revokedAt.toISOString() }],
  ['unknown to the responder', { says: 'unknown' }, { status: 'unknown' }],
];
for (const [what, request, expected] of believed)
  test(`openssl’s answer is read: ${what}`, async (t) => {
    const answer = read(await openssl({ ...request, more: ['-ndays', '2', ...(request.more ?? [])] }));
    if (!answer.ok) return t.fail(answer.reason);
    t.like(answer.value, expected);
    const { thisUpdate, nextUpdate = '', producedAt } = answer.value;
    t.true(Math.abs(Date.parse(thisUpdate) - Date.now()) < hour);
    t.is(Date.parse(nextUpdate) - Date.parse(thisUpdate), 48 * hour);
    t.true(Date.parse(producedAt) >= Date.parse(thisUpdate));
  });

test('an answer without nextUpdate, and with signatures of RSA and Ed25519', async (t) => {
  const without = read(await openssl());
  t.is(without.ok && without.value.nextUpdate, undefined);
  t.true(without.ok);
  for (const key of [mintKey('rsa'), mintKey('ed25519')]) {
    const authority = await mint({ subject: [['CN', 'Other CA']], authority: true, key });
    const one = await mint({ names: ['a.example.test'], issuer: authority });
    const answer = ocspAnswer(
      await opensslOcsp(sandbox, { leaf: one, issuer: authority }),
      one.x509,
      [authority.x509],
      now,
    );
    t.is(answer.ok && answer.value.status, 'good', key.asymmetricKeyType);
  }
});

test('an answer that is not the issuer’s word about this certificate is not believed, and the reason says why', async (t) => {
  const stranger = await mint({ subject: [['CN', 'Test Intermediate']], authority: true });
  const reasonOf = (der: Uint8Array, issuers = [root.x509, issuer.x509]) => {
    const answer = ocspAnswer(der, leaf.x509, issuers, now);
    return answer.ok ? answer.value.status : answer.reason;
  };
  const good = await openssl();
  t.is(reasonOf(good), 'good');
  t.is(reasonOf(await opensslOcsp(sandbox, { leaf: sibling, issuer })), 'other-certificate');
  t.is(reasonOf(good, [root.x509, stranger.x509]), 'issuer-absent', 'one of the same name did not issue it');
  const twin = await mint({ names: ['shop.example.test'], issuer: stranger, serialNumber: leaf.x509.serialNumber });
  t.is(
    reasonOf(await opensslOcsp(sandbox, { leaf: twin, issuer: stranger })),
    'other-certificate',
    'another issuer’s number',
  );
  const noPurpose = await mint(byIssuer);
  t.is(reasonOf(await openssl({ signer: noPurpose })), 'signer-not-entitled');
  t.is(
    reasonOf(await openssl({ signer: await mint({ ...byIssuer, issuer: stranger, ocspSigning: true }) })),
    'signer-not-entitled',
  );
  const over = { notBefore: new Date(now - 48 * hour), notAfter: new Date(now - hour) };
  t.is(
    reasonOf(await openssl({ signer: await mint({ ...byIssuer, ...over, ocspSigning: true }) })),
    'signer-not-entitled',
  );
  t.is(reasonOf(await openssl({ signer: responder, more: ['-resp_no_certs'] })), 'signer-absent');
  t.is(reasonOf(raw({ key: stranger.key })), 'signature-wrong');
  t.is(reasonOf(Buffer.from('30030a0103', 'hex')), 'not-successful', 'tryLater');
  t.is(reasonOf(raw({ algorithm: oid('1.2.840.10045.4.1') })), 'unsupported', 'ecdsa-with-SHA1');
  t.is(reasonOf(raw({ extensions: [extension('1.3.6.1.5.5.7.48.1.9', tlv(0x05))] })), 'good');
  t.is(reasonOf(raw({ extensions: [extension('1.3.6.1.5.5.7.48.1.9', tlv(0x05), true)] })), 'unsupported');
  t.is(reasonOf(raw({ status: tlv(0xa1, tlv(0x18, Buffer.from('never'))) })), 'malformed');
  t.is(reasonOf(raw({ status: tlv(0xa1, time(revokedAt), tlv(0xa0, tlv(0x0a, Buffer.from([1])))) })), 'revoked');
  t.is(reasonOf(Buffer.alloc(maxStapleBytes + 1, 0x30)), 'too-large');
  t.is(reasonOf(raw({ certificates: Array.from({ length: 5 }, () => issuer.der) })), 'malformed');
});

test('an answer with any byte changed, cut off, or with bytes behind it is never another one that is believed', async (t) => {
  for (const der of [await openssl({ signer: responder }), raw({ nextUpdate: undefined })]) {
    const true_ = JSON.stringify(read(der));
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(der);
        changed[at] = (changed[at] ?? 0) ^ change;
        const answer = read(changed);
        if (answer.ok) t.is(JSON.stringify(answer), true_, `byte ${at}`);
      }),
    );
    for (let length = 0; length < der.length; length++) t.false(read(der.subarray(0, length)).ok);
    t.false(read(Buffer.concat([der, Buffer.from([0])])).ok);
  }
});

test('no bytes make it throw', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      t.false(read(bytes).ok);
      t.false(readOcspResponse(sequence(tlv(0x0a, Buffer.from([0])), tlv(0xa0, bytes))).ok);
      demandsStaple(bytes);
    }),
  );
});

test('a certificate that demands a staple is told from one that does not', async (t) => {
  t.true(demandsStaple((await mint({ names: ['a.example.test'], mustStaple: true })).der));
  t.false(demandsStaple(leaf.der));
  const feature = (value: Buffer) => rawCertificate({ extensions: [extension('1.3.6.1.5.5.7.1.24', value)] }).der;
  const number = (...bytes: number[]) => tlv(0x02, Buffer.from(bytes));
  t.true(demandsStaple(feature(sequence(number(17), number(5)))));
  t.false(demandsStaple(feature(sequence(number(17)))));
  t.false(demandsStaple(feature(number(5))));
  const named = rawCertificate({ extensions: [extension('2.5.29.14', oid('1.3.6.1.5.5.7.1.24'))] });
  t.false(demandsStaple(named.der), 'its OID stands elsewhere');
});
