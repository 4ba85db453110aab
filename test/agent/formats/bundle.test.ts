import test from 'ava';
import fc from '../../helpers/properties.ts';
import { maxCertificates, readBundle } from '../../../agent/formats/bundle.ts';
import { type Minted, mint, mintChain, mintKey, toPem } from '../../helpers/mint.ts';
import { processorMs } from '../../helpers/processor-time.ts';

const bundle = (...parts: (string | Uint8Array)[]) => readBundle(Buffer.concat(parts.map((part) => Buffer.from(part))));
const print = ({ x509 }: Minted) => x509.fingerprint256.replaceAll(':', '').toLowerCase();
const prints = ({ certificates }: ReturnType<typeof readBundle>) =>
  certificates.map(({ certificate }) => certificate.fingerprint);

test('a chain with its key is read in order, and the key is counted', async (t) => {
  const { leaf, intermediate, fullchain } = await mintChain();
  const read = bundle(leaf.keyPem, fullchain);
  t.is(read.format, 'pem');
  t.deepEqual(prints(read), [print(leaf), print(intermediate)]);
  t.is(read.keys, 1);
  t.true(read.leafRead);
  t.is(read.failure, undefined);
});

test('the older labels are read, and the trust settings after a certificate are left out', async (t) => {
  const one = await mint({ names: ['a.test'] });
  const trust = Buffer.from('300c300a06082b06010505070301', 'hex');
  for (const text of [
    toPem('X509 CERTIFICATE', one.der),
    toPem('TRUSTED CERTIFICATE', Buffer.concat([one.der, trust])),
  ])
    t.deepEqual(prints(bundle(text)), [print(one)]);
});

test('a DER file is read', async (t) => {
  const one = await mint({ names: ['a.test'] });
  const read = bundle(one.der);
  t.is(read.format, 'der');
  t.deepEqual(prints(read), [print(one)]);
});

test('a damaged certificate fails alone, and the failure says which', async (t) => {
  const { leaf, intermediate, root } = await mintChain();
  const damaged = intermediate.pem.replace(/\n.{4}/, '\n!!!!');
  const read = bundle(leaf.pem, damaged, root.pem);
  t.deepEqual(prints(read), [print(leaf), print(root)]);
  t.deepEqual(
    read.certificates.map(({ position }) => position),
    [1, 3],
  );
  const line = leaf.pem.split('\n').length;
  t.deepEqual(read.failure, { reason: 'malformed', detail: `certificate 2 (line ${line}): not base64` });
  t.true(read.leafRead);
  t.false(bundle(damaged, leaf.pem).leafRead);
});

test('a file that was cut off in the middle is a failure', async (t) => {
  const { leaf, fullchain } = await mintChain();
  const read = bundle(fullchain.slice(0, leaf.pem.length + 300));
  t.deepEqual(prints(read), [print(leaf)]);
  t.is(read.failure?.reason, 'malformed');
});

test('what holds no certificate says what it holds', async (t) => {
  const key = mintKey('ec');
  const { keyPem } = await mint({ key });
  const failure = (...parts: (string | Uint8Array)[]) => bundle(...parts).failure;
  t.deepEqual(failure(''), { reason: 'empty', detail: 'the file is empty' });
  t.deepEqual(failure('hello'), { reason: 'no-certificate', detail: 'neither PEM nor DER' });
  t.deepEqual(failure(keyPem), { reason: 'no-certificate', detail: 'a private key and nothing else' });
  t.is(failure(toPem('CERTIFICATE REQUEST', Buffer.from('x')))?.detail, 'only: CERTIFICATE REQUEST');
  const der = bundle(key.export({ type: 'pkcs8', format: 'der' }));
  t.is(der.failure?.reason, 'no-certificate');
  t.is(bundle(mintKey('rsa').export({ type: 'pkcs8', format: 'der' })).keys, 1);
});

test('over 100 certificates is a failure, and the first 100 are listed', async (t) => {
  const one = await mint({ names: ['a.test'] });
  t.is(bundle(one.pem.repeat(maxCertificates)).failure, undefined);
  const read = bundle(one.pem.repeat(maxCertificates + 1));
  t.is(read.certificates.length, maxCertificates);
  t.is(read.failure?.reason, 'too-many-certificates');
});

test('a mebibyte of certificates is read in under two seconds', async (t) => {
  const names = Array.from({ length: 10_000 }, (_, index) => `host-${index}.example.test`);
  const large = await mint({ subject: [], names });
  const took = await processorMs(() => {
    const read = bundle(large.pem.repeat(3));
    t.is(read.certificates[2]?.certificate.subjectAltNames.length, 10_000);
    bundle(toPem('CERTIFICATE', Buffer.from('300005', 'hex')).repeat(10_000));
  });
  t.true(took < 2000, `${took} ms`);
});

test('arbitrary bytes never throw', (t) => {
  const der = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([Buffer.from([0x30, 0x82]), bytes]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), der), (bytes) => void readBundle(bytes)),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array(), { maxLength: 5 }), (bodies) => {
      const read = bundle(...bodies.map((body) => toPem('CERTIFICATE', body)));
      t.is(read.certificates.length, 0);
      t.truthy(read.failure);
    }),
  );
});
