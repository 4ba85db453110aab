import { X509Certificate } from 'node:crypto';
import test from 'ava';
import fc from '../helpers/properties.ts';
import { joinAttributes, parseSubjectAltName } from '@certherd/x509/certificate-names';
import { plainCertificate } from '@certherd/x509/plain-certificate';
import { type KeyKind, mint, withUnknownKey } from '../helpers/mint.ts';

/** What OpenSSL says, in the fields of plainCertificate. */
function asOpenSsl(der: Buffer) {
  const x509 = new X509Certificate(der);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = x509.publicKey;
  const key =
    type === 'rsa'
      ? { algorithm: 'rsa', key: `RSA ${details?.modulusLength}` }
      : type === 'ec'
        ? { algorithm: 'ecdsa', key: `EC ${details?.namedCurve}` }
        : { algorithm: 'ed25519', key: 'Ed25519' };
  return {
    length: x509.raw.length,
    subject: joinAttributes(x509.subject),
    issuer: joinAttributes(x509.issuer),
    subjectAltNames: parseSubjectAltName(x509.subjectAltName),
    serialNumber: x509.serialNumber,
    notBefore: x509.validFromDate.toISOString(),
    notAfter: x509.validToDate.toISOString(),
    isAuthority: x509.ca,
    key,
    spki: x509.publicKey.export({ type: 'spki', format: 'der' }),
    signature: x509.signatureAlgorithm,
  };
}

const kinds: KeyKind[] = ['ec', 'ec384', 'rsa', 'ed25519'];
const names = ['shop.example.test', '*.shop.example.test'];

test('ordinary certificates are read whole, as OpenSSL reads them', async (t) => {
  const issuer = await mint({
    authority: true,
    subject: [
      ['C', 'AT'],
      ['O', "Let's Try"],
      ['CN', 'R1'],
    ],
    key: 'rsa',
  });
  for (const key of kinds)
    for (const der of [
      (await mint({ key, names })).der,
      (await mint({ key, names, issuer })).der,
      (await mint({ key, names, subject: [], issuer, notAfter: new Date('2061-02-03T04:05:06Z') })).der,
    ])
      t.deepEqual<unknown, unknown>(plainCertificate(Buffer.concat([der, Buffer.from('more')])), asOpenSsl(der));
});

test('whatever is out of the ordinary is left to OpenSSL', async (t) => {
  const root = plainCertificate((await mint({ authority: true, subject: [['CN', 'Root']] })).der);
  t.is(root?.isAuthority, undefined, 'an authority');
  t.is(plainCertificate(withUnknownKey(await mint({ names })))?.key, undefined, 'an unknown key');
  for (const name of ['a, b', ' a', 'ünï', '\u202ea', 'a\nb', 'a+b', 'a\u0000b'])
    t.is(plainCertificate((await mint({ names, subject: [['CN', name]] })).der), undefined, JSON.stringify(name));
  const address = plainCertificate((await mint({ names: [...names, '192.0.2.1'] })).der);
  t.is(address?.subjectAltNames, undefined, 'an address');
});

test('a point beside its curve is no key', async (t) => {
  for (const key of ['ec', 'ec384'] as const) {
    const { der, x509 } = await mint({ key, names });
    const spki = x509.publicKey.export({ type: 'spki', format: 'der' });
    const last = der.indexOf(spki) + spki.length - 1;
    const beside = Buffer.from(der);
    beside[last] = (der[last] ?? 0) ^ 1;
    t.throws(() => new X509Certificate(beside).publicKey);
    t.is(plainCertificate(beside)?.key, undefined);
  }
});

test('of damaged certificates nothing is read that OpenSSL does not read too', async (t) => {
  const issuer = await mint({
    authority: true,
    subject: [
      ['O', 'Example'],
      ['CN', 'R1'],
    ],
  });
  const originals = await Promise.all(kinds.map(async (key) => (await mint({ key, names, issuer })).der));
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 5, 6, 0x0c, 0x30, 0x31, 0x80, 0x81, 0x82, 0xa3, 0xff));
  const damage = fc.tuple(
    fc.constantFrom(...originals),
    fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), byte), {
      minLength: 1,
      maxLength: 3,
    }),
  );
  let read = 0;
  fc.assert(
    fc.property(damage, ([original, changes]) => {
      const damaged = Buffer.from(original);
      // mostly before the signature, where something is told
      for (const [at, value] of changes) damaged[Math.floor(at * (original.length - 60))] = value;
      const plain = plainCertificate(damaged);
      if (!plain?.key || !plain.subjectAltNames || plain.isAuthority === undefined) return;
      read++;
      t.deepEqual<unknown, unknown>(plain, asOpenSsl(damaged));
      t.true(damaged.subarray(0, plain.length).equals(new X509Certificate(damaged).raw));
    }),
    { numRuns: 20_000 },
  );
  t.true(read > 400, `${read} were read`);
});
