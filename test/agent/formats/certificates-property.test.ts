import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Certificate } from '@certherd/protocol/certificate';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { Value } from 'typebox/value';
import { readBundle } from '../../../agent/formats/bundle.ts';
import { joinAttributes, parseSubjectAltName } from '@certherd/x509/certificate-names';
import { openCertificate } from '@certherd/x509/certificate';
import { orderOf } from '../../../agent/formats/chain.ts';
import { readPkcs12, readPkcs7 } from '../../../agent/formats/container.ts';
import { parseAsn1 } from '../../../agent/formats/container-asn1.ts';
import { plainCertificate } from '@certherd/x509/plain-certificate';
import { decodePem, readPemBlocks } from '../../../x509/pem.ts';
import { brokenHash } from '@certherd/x509/signature-algorithm';
import { pkcs12 as makePkcs12, pkcs7 as makePkcs7 } from '../../helpers/containers.ts';
import { mint, mintChain } from '../../helpers/mint.ts';
import { rootsBySubject, trustPath } from '../../../x509/trust-path.ts';
import { mutation } from '../../helpers/mutation.ts';
import { oddCertificates, rareKeys } from '../../helpers/rare-certificates.ts';

const odd = Object.entries(oddCertificates()).filter(
  ([title]) => title !== '10000 names' && title !== 'name of 64 KiB',
);
const corpus = [...Object.values(rareKeys()), ...odd.map(([, raw]) => raw)].map(({ der }) => der);

test('a damaged certificate is read within bounds, or fails, and the short way says the same as node', async (t) => {
  const { der } = await mint({ names: ['a.test', 'b.test', '*.c.test'] });
  let both = 0;
  fc.assert(
    fc.property(mutation(fc.constantFrom(der, ...corpus), 1), (bytes) => {
      const read = openCertificate(bytes);
      if (!read.ok) return;
      const { certificate, x509 } = read.value;
      t.true(Value.Check(Certificate, certificate));
      t.is(createHash('sha256').update(read.value.der).digest('hex'), certificate.fingerprint);
      const plain = plainCertificate(bytes);
      if (!plain) return;
      both++;
      t.is(plain.subject, joinAttributes(x509.subject));
      t.is(plain.issuer, joinAttributes(x509.issuer));
      t.is(plain.serialNumber, x509.serialNumber);
      t.is(plain.notBefore, x509.validFromDate.toISOString());
      t.is(plain.notAfter, x509.validToDate.toISOString());
      if (plain.subjectAltNames) t.deepEqual(plain.subjectAltNames, parseSubjectAltName(x509.subjectAltName));
      if (plain.isAuthority !== undefined) t.false(x509.ca);
      t.is(plain.length, x509.raw.length);
    }),
    { numRuns: 4000 },
  );
  t.true(both > 50, `the short way was taken ${both} times`);
});

test('what is read of a damaged certificate is what openssl reads', (t) => {
  fc.assert(
    fc.property(mutation(fc.constantFrom(...corpus)), (bytes) => {
      const read = openCertificate(bytes);
      if (!read.ok) return;
      const args = ['x509', '-inform', 'DER', '-noout', '-fingerprint', '-sha256'];
      const told = spawnSync('openssl', args, { input: read.value.der, encoding: 'utf8' });
      t.is(told.stdout.split('=')[1]?.trim().replaceAll(':', '').toLowerCase(), read.value.certificate.fingerprint);
    }),
    { numRuns: 100 },
  );
  t.pass();
});

test('a damaged PEM file gives at most what stands in it, the same each time', async (t) => {
  const { leaf, root, fullchain } = await mintChain();
  const roots = rootsBySubject([root.x509]);
  const files = [fullchain, leaf.keyPem + fullchain, fullchain.replaceAll('\n', '\r\n')].map((text) =>
    Buffer.from(text),
  );
  fc.assert(
    fc.property(mutation(fc.constantFrom(...files)), (bytes) => {
      const bundle = readBundle(bytes);
      t.true(bundle.certificates.length <= readPemBlocks(bytes).length + 1);
      if (bundle.certificates.length === 0) t.truthy(bundle.failure);
      t.false((bundle.failure?.detail ?? '').includes(leaf.keyPem.slice(40, 80)), 'no key in a message');
      const again = readBundle(bytes);
      t.deepEqual(
        again.certificates.map(({ certificate }) => certificate),
        bundle.certificates.map(({ certificate }) => certificate),
      );
      const { x509s, order } = orders(bundle);
      if (order.breakAt !== undefined) t.true(order.breakAt < x509s.length - 1);
      const path = trustPath(x509s, roots, Date.now());
      t.is(path === undefined, x509s.length === 0);
      if (path?.trusted) t.is(path.root, root.x509.subject);
    }),
    { numRuns: 800 },
  );
});

function orders({ certificates }: ReturnType<typeof readBundle>) {
  const x509s = certificates.map(({ x509 }) => x509);
  return { x509s, order: orderOf(x509s, { signatures: true }) };
}

test('a damaged container gives certificates or a failure', async (t) => {
  const { leaf, intermediate } = await mintChain();
  const pkcs7 = makePkcs7([leaf, intermediate]);
  const pkcs12 = makePkcs12({
    certificates: [leaf, intermediate],
    keyOf: leaf,
    password: 'secret',
    options: ['-iter', '1'],
  });
  fc.assert(
    fc.property(mutation(fc.constant(pkcs7)), (bytes) => {
      const { certificates, failure } = readPkcs7(bytes);
      t.true(certificates.length > 0 || failure !== undefined);
      for (const { certificate } of certificates) t.true(Value.Check(Certificate, certificate));
    }),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(mutation(fc.constant(pkcs12)), (bytes) => {
      const { certificates, failure } = readPkcs12(bytes, ['', 'secret']);
      t.true(certificates.length > 0 || failure !== undefined);
      t.false(failure?.detail.includes('secret') ?? false);
    }),
    { numRuns: 60 },
  );
});

test('a PKCS#7 file that openssl reads whole is read whole', async (t) => {
  const { leaf, intermediate } = await mintChain();
  const bytes = makePkcs7([leaf, intermediate]);
  const told = spawnSync('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], { input: bytes, encoding: 'utf8' });
  const theirs = readBundle(Buffer.from(told.stdout)).certificates.map(({ certificate }) => certificate.fingerprint);
  const ours = readPkcs7(bytes).certificates.map(({ certificate }) => certificate.fingerprint);
  t.is(theirs.length, 2);
  t.deepEqual(ours.toSorted(), theirs.toSorted());
});

test('no bytes make the small readers throw', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 200 }), (bytes, text) => {
      parseAsn1(bytes);
      for (const block of readPemBlocks(bytes)) decodePem(block);
      t.true(Array.isArray(parseSubjectAltName(text)));
      t.false(joinAttributes(text).includes('\n'));
      const hash = brokenHash(text);
      if (hash !== undefined)
        t.true(
          text
            .toLowerCase()
            .replaceAll(/[^a-z0-9]/g, '')
            .includes(hash.toLowerCase().replace('-', '')),
        );
    }),
  );
});
