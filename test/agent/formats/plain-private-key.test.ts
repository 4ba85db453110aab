import { createPrivateKey, X509Certificate } from 'node:crypto';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { readPemBlocks } from '../../../x509/pem.ts';
import { plainlyBelongs } from '../../../agent/formats/plain-private-key.ts';
import { type KeyKind, mint } from '../../helpers/mint.ts';

function belongs(pem: string | Buffer, der: Uint8Array): boolean {
  const block = readPemBlocks(Buffer.from(pem)).find(({ label }) => label.endsWith('PRIVATE KEY'));
  return block !== undefined && plainlyBelongs(block, der);
}

/** What node and OpenSSL say of the same two. */
function opened(pem: Buffer, der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).checkPrivateKey(createPrivateKey(pem));
  } catch {
    return false;
  }
}

test('RSA and EC keys in every plain encoding are known without being opened', async (t) => {
  const [rsa, ec, other] = await Promise.all([mint({ key: 'rsa' }), mint({ key: 'ec' }), mint({ key: 'ec' })]);
  const plain = [
    [rsa, rsa.key.export({ type: 'pkcs8', format: 'pem' })],
    [rsa, rsa.key.export({ type: 'pkcs1', format: 'pem' })],
    [ec, ec.key.export({ type: 'pkcs8', format: 'pem' })],
    [ec, ec.key.export({ type: 'sec1', format: 'pem' })],
    [ec, ec.pem + ec.keyPem],
  ] as const;
  for (const [of, pem] of plain) {
    t.true(belongs(pem, of.der));
    t.false(belongs(pem, other.der));
    t.false(belongs(pem, (of === ec ? rsa : ec).der));
  }
});

test('what is not plain is left to OpenSSL', async (t) => {
  const [rsa, ec, edwards] = await Promise.all([mint({ key: 'rsa' }), mint({ key: 'ec' }), mint({ key: 'ed25519' })]);
  const secret = { cipher: 'aes-256-cbc', passphrase: 'x' };
  t.false(belongs(edwards.keyPem, edwards.der));
  t.false(belongs(rsa.key.export({ type: 'pkcs8', format: 'pem', ...secret }), rsa.der));
  t.false(belongs(rsa.key.export({ type: 'pkcs1', format: 'pem', ...secret }), rsa.der));
  t.false(belongs(ec.keyPem.replaceAll('\n', '\r\n'), ec.der));
  t.false(belongs(ec.keyPem.slice(0, -30), ec.der));
  t.false(belongs(ec.keyPem, new Uint8Array([1, 2, 3])));
  // as PKCS#8 has it, without the curve: nobody could open it under this label
  const der = ec.key.export({ type: 'pkcs8', format: 'der' });
  const inner = der.subarray(der.indexOf(Buffer.from('0201010420', 'hex')) - 2).toString('base64');
  const lines = inner.match(/.{1,64}/g)?.join('\n');
  t.false(belongs(`-----BEGIN EC PRIVATE KEY-----\n${lines}\n-----END EC PRIVATE KEY-----\n`, ec.der));
});

test('no damaged key is taken for one that OpenSSL would refuse', async (t) => {
  for (const key of ['rsa', 'ec'] satisfies KeyKind[]) {
    const one = await mint({ key });
    for (const type of ['pkcs8', key === 'rsa' ? 'pkcs1' : 'sec1'] as const) {
      const whole = Buffer.from(one.key.export({ type, format: 'pem' }));
      const damage = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), cut: fc.boolean() });
      fc.assert(
        fc.property(damage, ({ at, byte, cut }) => {
          const damaged = Buffer.from(whole);
          damaged[at] = byte;
          const bytes = cut ? Buffer.concat([damaged.subarray(0, at), damaged.subarray(at + 1)]) : damaged;
          return !belongs(bytes, one.der) || opened(bytes, one.der);
        }),
        { numRuns: 2000 },
      );
    }
  }
  t.pass();
});

test('the bytes of the key are left as they are', async (t) => {
  const one = await mint({ key: 'ec' });
  const bytes = Buffer.from(one.keyPem);
  t.true(belongs(bytes, one.der));
  t.is(bytes.toString(), one.keyPem);
});
