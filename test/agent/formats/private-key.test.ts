import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { keyBelongsTo } from '../../../agent/formats/private-key.ts';
import { encryptedKey } from '../../helpers/containers.ts';
import { type KeyKind, mint, withUnknownKey } from '../../helpers/mint.ts';

test('each kind of key is told from another of its kind', async (t) => {
  for (const key of ['ec', 'rsa', 'ed25519'] satisfies KeyKind[]) {
    const [own, other] = await Promise.all([mint({ key }), mint({ key })]);
    t.deepEqual(keyBelongsTo(Buffer.from(own.keyPem), own.der), { ok: true, value: true });
    t.deepEqual(keyBelongsTo(Buffer.from(other.keyPem), own.der), { ok: true, value: false });
  }
});

test('every encoding of a key is read, also behind a certificate or parameters', async (t) => {
  const [ec, rsa] = await Promise.all([mint({ key: 'ec' }), mint({ key: 'rsa' })]);
  const forms = [
    [ec, ec.key.export({ type: 'sec1', format: 'pem' })],
    [ec, ec.key.export({ type: 'sec1', format: 'der' })],
    [ec, ec.key.export({ type: 'pkcs8', format: 'der' })],
    [rsa, rsa.key.export({ type: 'pkcs1', format: 'pem' })],
    [rsa, rsa.key.export({ type: 'pkcs1', format: 'der' })],
    [ec, rsa.pem + ec.keyPem],
    [ec, `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${ec.keyPem}`],
    [ec, `\ufeff${ec.keyPem.replaceAll('\n', '\r\n')}`],
  ] as const;
  for (const [of, bytes] of forms) t.deepEqual(keyBelongsTo(Buffer.from(bytes), of.der), { ok: true, value: true });
});

test('an encrypted key needs its password', async (t) => {
  const rsa = await mint({ key: 'rsa' });
  const secret = { cipher: 'aes-256-cbc', passphrase: 'x' };
  for (const bytes of [
    encryptedKey(rsa, 'x'),
    rsa.key.export({ type: 'pkcs1', format: 'pem', ...secret }),
    rsa.key.export({ type: 'pkcs8', format: 'der', ...secret }),
  ]) {
    const result = keyBelongsTo(Buffer.from(bytes), rsa.der);
    t.is(result.ok ? 'read' : result.failure.reason, 'password-needed');
  }
});

test('a file without a usable key is a failure that repeats nothing of it', async (t) => {
  const one = await mint();
  const body = one.keyPem.split('\n')[1] ?? '';
  const reason = (text: string | Uint8Array) => {
    const result = keyBelongsTo(Buffer.from(text), one.der);
    if (result.ok) return 'read';
    t.false(result.failure.detail.includes(body.slice(0, 12)));
    return result.failure.reason;
  };
  t.is(reason(''), 'empty');
  t.is(reason(one.pem), 'malformed');
  t.is(reason('garbage'), 'malformed');
  t.is(reason(one.keyPem.slice(0, 100)), 'malformed');
  t.is(reason(one.keyPem.replace(body, body.toLowerCase())), 'malformed');
  t.is(reason(one.der), 'malformed');
});

test('a certificate whose key is of an unknown kind cannot be compared', async (t) => {
  const one = await mint();
  const result = keyBelongsTo(Buffer.from(one.keyPem), withUnknownKey(one));
  t.false(result.ok && result.value);
});

test('another kind of key is no match, and a damaged one never throws', async (t) => {
  const one = await mint();
  const { privateKey } = generateKeyPairSync('ed25519');
  t.deepEqual(keyBelongsTo(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })), one.der), {
    ok: true,
    value: false,
  });
  const der = one.key.export({ type: 'pkcs8', format: 'der' });
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
      const bytes = Buffer.from(der);
      bytes[at] = byte;
      keyBelongsTo(bytes, one.der);
    }),
    { numRuns: 500 },
  );
});
