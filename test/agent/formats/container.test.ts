import test from 'ava';
import fc from '../../helpers/properties.ts';
import { readBundle } from '../../../agent/formats/bundle.ts';
import { readPkcs12, readPkcs7 } from '../../../agent/formats/container.ts';
import { pkcs12, pkcs7 } from '../../helpers/containers.ts';
import { mint, mintChain, toPem } from '../../helpers/mint.ts';
import { processorMs } from '../../helpers/processor-time.ts';

const fingerprints = (container: ReturnType<typeof readPkcs7>) =>
  container.certificates.map(({ certificate }) => certificate.fingerprint);
const fingerprint = ({ x509 }: { x509: { fingerprint256: string } }) =>
  x509.fingerprint256.replaceAll(':', '').toLowerCase();

test('PKCS#7 gives its certificates of every key kind, from DER and from PEM', async (t) => {
  const certificates = await Promise.all(
    (['ec', 'rsa', 'ed25519'] as const).map((key) => mint({ key, names: [`${key}.test`] })),
  );
  const der = pkcs7(certificates);
  t.is(readBundle(der).format, 'pkcs7');
  t.is(readBundle(der).failure?.reason, 'unsupported');
  const sorted = certificates.map(fingerprint).sort();
  t.deepEqual(fingerprints(readPkcs7(der)).sort(), sorted);
  const pem = Buffer.from(`text\n${toPem('PKCS7', der)}`);
  t.is(readBundle(pem).format, 'pkcs7');
  const container = readPkcs7(pem);
  t.deepEqual(fingerprints(container).sort(), sorted);
  t.is(container.failure, undefined);
});

for (const [title, options] of [
  ['PBES2 with AES', []],
  ['its certificates in the clear', ['-certpbe', 'NONE']],
  ['neither MAC nor encryption', ['-nomac']],
  ['AES-128 and SHA-512', ['-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC', '-macalg', 'SHA512']],
  ['the RC2 and 3DES of old', ['-legacy']],
  ['3DES throughout', ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'SHA1']],
] as const) {
  test(`PKCS#12 with ${title} gives its certificates, and says whose key it holds`, async (t) => {
    const { leaf, intermediate } = await mintChain();
    const bytes = pkcs12({ certificates: [leaf, intermediate], keyOf: leaf, password: 'pässword', options });
    t.is(readBundle(bytes).format, 'pkcs12');
    const container = readPkcs12(bytes, ['', 'pässword']);
    t.deepEqual(fingerprints(container), [fingerprint(leaf), fingerprint(intermediate)]);
    t.is(container.keys, 1);
    t.is(container.keyOf, 0);
    t.is(container.failure, undefined);
  });
}

test('PKCS#12 under an empty password opens without being told', async (t) => {
  const leaf = await mint({ names: ['a.test'] });
  for (const options of [[], ['-legacy']]) {
    const container = readPkcs12(pkcs12({ certificates: [leaf], keyOf: leaf, password: '', options }), ['']);
    t.deepEqual(fingerprints(container), [fingerprint(leaf)]);
    t.is(container.keyOf, 0);
  }
});

test('PKCS#12 under an unknown password needs one', async (t) => {
  const leaf = await mint({ names: ['a.test'] });
  for (const options of [[], ['-legacy']]) {
    const container = readPkcs12(pkcs12({ certificates: [leaf], password: 'secret', options }), ['', 'wrong']);
    t.is(container.failure?.reason, 'password-needed');
    t.deepEqual(container.certificates, []);
  }
});

test('PKCS#12 that asks for millions of rounds is refused at once', async (t) => {
  const leaf = await mint({ names: ['a.test'] });
  for (const options of [[], ['-legacy']]) {
    const hex = pkcs12({ certificates: [leaf], password: '', options: [...options, '-iter', '100000'] }).toString(
      'hex',
    );
    const greedy = Buffer.from(hex.replaceAll('02030186a0', '02037fffff'), 'hex');
    const took = await processorMs(() => void t.is(readPkcs12(greedy, ['']).failure?.reason, 'unsupported'));
    t.true(took < 500, `${took} ms`);
  }
});

test('trying many passwords ends when the budget is spent', async (t) => {
  const leaf = await mint({ names: ['a.test'] });
  const bytes = pkcs12({ certificates: [leaf], password: 'x', options: ['-iter', '600000'] });
  t.deepEqual(fingerprints(readPkcs12(bytes, ['', 'x'])), [fingerprint(leaf)]);
  const passwords = Array.from({ length: 1000 }, (_, index) => `wrong ${index}`);
  t.is(readPkcs12(bytes, passwords).failure?.reason, 'unsupported');
});

test('containers without certificates and damaged ones are failures', async (t) => {
  const leaf = await mint({ names: ['a.test'] });
  const whole = pkcs12({ certificates: [leaf], password: '' });
  t.is(readPkcs12(whole.subarray(0, 200), ['']).failure?.reason, 'malformed');
  t.is(readPkcs7(Buffer.from('3003020100', 'hex')).failure?.reason, 'no-certificate');
  t.is(readPkcs7(pkcs7([leaf]).subarray(0, 200)).failure?.reason, 'malformed');
  t.is(readPkcs7(Buffer.from(toPem('PKCS7', pkcs7([leaf])).replace(/\n-----END.*/, ''))).failure?.reason, 'malformed');
});

test('arbitrary and damaged bytes never throw, and never take long', async (t) => {
  const leaf = await mint({ names: ['a.test'] });
  const samples = [pkcs7([leaf]), pkcs12({ certificates: [leaf], keyOf: leaf, password: '' })];
  const damage = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...samples), damage, async (sample, changes) => {
      const bytes = Buffer.from(sample);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      const took = await processorMs(() => {
        readPkcs7(bytes);
        readPkcs12(bytes, ['', 'x']);
      });
      t.true(took < 5000, `${took} ms`);
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      readPkcs7(bytes);
      readPkcs12(bytes, ['']);
    }),
  );
});

test('a mebibyte of nested or of tiny values takes no time to speak of', async (t) => {
  const size = 1024 * 1024;
  const header = (content: Buffer) =>
    Buffer.concat([
      Buffer.from([0x30, 0x83, content.length >> 16, (content.length >> 8) & 255, content.length & 255]),
      content,
    ]);
  const signed = Buffer.from('06092a864886f70d010702', 'hex');
  for (const content of [
    Buffer.alloc(size - 100, Buffer.from([0x30, 0x80])),
    Buffer.alloc(size - 100, Buffer.from([0x05, 0x00])),
  ]) {
    const set = Buffer.concat([
      Buffer.from([0xa0, 0x83, content.length >> 16, (content.length >> 8) & 255, content.length & 255]),
      content,
    ]);
    const wrapped = header(
      Buffer.concat([
        signed,
        Buffer.concat([
          Buffer.from([0xa0, 0x83, (set.length + 5) >> 16, ((set.length + 5) >> 8) & 255, (set.length + 5) & 255]),
          header(set),
        ]),
      ]),
    );
    const took = await processorMs(() => void t.truthy(readPkcs7(wrapped).failure));
    t.true(took < 4000, `${took} ms`);
  }
});
