import { createHash, X509Certificate } from 'node:crypto';
import { Certificate } from '@certherd/protocol/certificate';
import test from 'ava';
import fc from '../helpers/properties.ts';
import { Value } from 'typebox/value';
import { leafOf, openCertificate, readCertificate } from '@certherd/x509/certificate';
import { type KeyKind, mint, mintChain, mintKey, type MintRequest, withUnknownKey } from '../helpers/mint.ts';
import { keyDigestOf } from '@certherd/x509/key-digest';

async function read(request: MintRequest) {
  const minted = await mint(request);
  const result = readCertificate(minted.der);
  if (!result.ok) throw new Error(result.failure.detail);
  return { minted, certificate: result.value };
}

test('every fact of a certificate is read', async (t) => {
  const { minted, certificate } = await read({
    names: ['shop.example.test', '*.example.test', '192.0.2.7', '2001:db8::7'],
    altNames: [
      { type: 'email', value: 'a@example.test' },
      { type: 'url', value: 'https://example.test/a,b' },
    ],
    subject: [
      ['O', 'Example Ltd'],
      ['CN', 'shop.example.test'],
    ],
    notBefore: new Date('2026-11-01T00:00:00Z'),
    notAfter: new Date('2027-01-30T23:59:59Z'),
    serialNumber: '0a1b2c',
  });
  t.deepEqual(certificate, {
    fingerprint: createHash('sha256').update(minted.der).digest('hex'),
    subject: 'O=Example Ltd, CN=shop.example.test',
    issuer: 'O=Example Ltd, CN=shop.example.test',
    subjectAltNames: [
      'shop.example.test',
      '*.example.test',
      '192.0.2.7',
      '2001:db8::7',
      'email:a@example.test',
      'URI:https://example.test/a,b',
    ],
    serialNumber: '0A1B2C',
    notBefore: '2026-11-01T00:00:00.000Z',
    notAfter: '2027-01-30T23:59:59.000Z',
    algorithm: 'ecdsa',
    key: 'EC prime256v1',
    signature: 'ecdsa-with-SHA256',
    isAuthority: false,
  });
  t.true(Value.Check(Certificate, certificate));
});

test('key kinds are named as people name them', async (t) => {
  const seen = await Promise.all(
    (['rsa', 'ec', 'ec384', 'ed25519'] satisfies KeyKind[]).map(async (key) => {
      const { certificate } = await read({ key, names: ['a.test'] });
      return [certificate.key, certificate.algorithm];
    }),
  );
  t.deepEqual(seen, [
    ['RSA 2048', 'rsa'],
    ['EC prime256v1', 'ecdsa'],
    ['EC secp384r1', 'ecdsa'],
    ['Ed25519', 'ed25519'],
  ]);
});

test('a public key that OpenSSL does not know is data', async (t) => {
  const der = withUnknownKey(await mint({ names: ['a.test'] }));
  t.throws(() => new X509Certificate(der).publicKey);
  const result = readCertificate(der);
  t.true(result.ok);
  if (result.ok) {
    t.is(result.value.key, 'unknown');
    t.is(result.value.algorithm, 'other');
    t.deepEqual(result.value.subjectAltNames, ['a.test']);
  }
});

test('a leaf without a subject is read', async (t) => {
  const { certificate } = await read({ subject: [], names: ['a.test'], issuer: await mint({ authority: true }) });
  t.is(certificate.subject, '');
  t.deepEqual(certificate.subjectAltNames, ['a.test']);
});

test('a certificate of an authority is told apart', async (t) => {
  const { certificate } = await read({ authority: true, subject: [['CN', 'Root']] });
  t.true(certificate.isAuthority);
});

test('a validity beyond 2050 is read', async (t) => {
  const { certificate } = await read({ notBefore: new Date('1975-01-01'), notAfter: new Date('9999-12-31T23:59:59Z') });
  t.is(certificate.notBefore, '1975-01-01T00:00:00.000Z');
  t.is(certificate.notAfter, '9999-12-31T23:59:59.000Z');
});

test('what was cut off, is empty or is no certificate is a failure with its reason', async (t) => {
  const { der } = await mint({ names: ['a.test'] });
  const reason = (bytes: Uint8Array) => {
    const result = readCertificate(bytes);
    return result.ok ? 'read' : `${result.failure.reason}: ${result.failure.detail}`;
  };
  t.is(reason(new Uint8Array()), 'empty: no bytes');
  t.is(reason(der.subarray(0, 100)), `malformed: cut off: 100 of ${der.length} bytes`);
  t.is(reason(der.subarray(0, 3)), 'malformed: cut off after 3 bytes');
  t.is(reason(Buffer.from('garbage')), 'malformed: not an X.509 certificate');
  t.is(
    reason(Buffer.concat([der.subarray(0, 4), Buffer.alloc(der.length - 4)])),
    'malformed: not an X.509 certificate',
  );
});

test('bytes after the certificate are not part of its identity', async (t) => {
  const { der } = await mint({ names: ['a.test'] });
  const result = openCertificate(Buffer.concat([der, Buffer.from('trailing')]));
  t.true(result.ok);
  if (result.ok) {
    t.deepEqual(Buffer.from(result.value.der), der);
    t.is(result.value.certificate.fingerprint, createHash('sha256').update(der).digest('hex'));
  }
});

test('a certificate hidden as PEM in the names of another is not taken for it', async (t) => {
  const hidden = await mint({ names: ['bank.example.test'] });
  const { der } = await mint({ subject: [['O', `\n${hidden.pem}`]] });
  t.is(new X509Certificate(der).subjectAltName, 'DNS:bank.example.test');
  const result = readCertificate(der);
  t.false(result.ok);
  if (!result.ok) t.is(result.failure.reason, 'malformed');
});

test('more names than the wire takes is a failure, not a truncation', async (t) => {
  const key = mintKey('ec');
  const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}.test`);
  const most = readCertificate((await mint({ key, subject: [], names: names(20_000) })).der);
  t.true(most.ok && most.value.subjectAltNames.length === 20_000);
  const over = readCertificate((await mint({ key, subject: [], names: names(20_001) })).der);
  t.false(over.ok);
  if (!over.ok) t.deepEqual(over.failure, { reason: 'too-large', detail: '20001 subject alternative names' });
});

test('hostile names are read back raw', async (t) => {
  const hostile = [
    '<img src=x onerror=alert(1)>',
    '<!channel>',
    'a, DNS:evil.test',
    '"quoted"',
    "it's",
    'back\\slash',
    'nul\u0000esc\u001b[31m',
    '\u202egnp.exe',
    'ünïcode',
  ];
  const { certificate } = await read({ subject: [], altNames: hostile.map((value) => ({ type: 'dns', value })) });
  t.deepEqual(certificate.subjectAltNames, hostile);
});

test('certificates with arbitrary names are read back', async (t) => {
  const key = mintKey('ec');
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).filter((text) => text.isWellFormed());
  await fc.assert(
    fc.asyncProperty(
      fc.array(name, { minLength: 1, maxLength: 5 }),
      fc.string({ minLength: 1 }),
      async (names, organisation) => {
        const { certificate } = await read({
          key,
          subject: [['O', organisation]],
          altNames: names.map((value) => ({ type: 'dns', value })),
        });
        t.deepEqual(certificate.subjectAltNames, names);
        t.true(certificate.subject.startsWith('O='));
        t.true(Value.Check(Certificate, certificate));
      },
    ),
    { numRuns: 60 },
  );
});

test('arbitrary and damaged bytes never throw', async (t) => {
  const { der } = await mint({ names: ['a.test', '192.0.2.1'] });
  const damage = fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void readCertificate(bytes)));
  fc.assert(
    fc.property(damage, (changes) => {
      const damaged = Buffer.from(der);
      for (const [at, byte] of changes) damaged[at] = byte;
      const result = readCertificate(damaged);
      if (result.ok) t.true(Value.Check(Certificate, result.value));
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('a leaf that is judged without being opened says what OpenSSL says of it', async (t) => {
  const subject: [string, string][] = [
    ['C', 'AT'],
    ['O', "Let's Try"],
    ['CN', 'shop.example.test'],
  ];
  const { leaf, intermediate } = await mintChain({ subject, names: ['shop.example.test', '*.pages.example.test'] });
  const plain = openCertificate(leaf.der);
  const odd = openCertificate((await mint({ names: ['192.0.2.7', 'shop.example.test'] })).der);
  if (!plain.ok || !odd.ok) return t.fail();
  t.truthy(plain.value.spki);
  t.falsy(odd.value.spki, 'with an address among its names it is read by OpenSSL');
  for (const { value } of [plain, odd]) {
    const [judged, x509] = [leafOf(value), value.x509];
    t.is(judged.subject, x509.subject);
    t.is(judged.issuer, x509.issuer);
    t.is(judged.fingerprint256, x509.fingerprint256);
    t.is(judged.checkIssued(intermediate.x509), x509.checkIssued(intermediate.x509));
    t.is(judged.verify(intermediate.x509.publicKey), x509.verify(intermediate.x509.publicKey));
    for (const host of [
      'shop.example.test',
      'SHOP.example.test',
      'a.pages.example.test',
      'pages.example.test',
      'x.test',
    ])
      t.is(
        judged.checkHost(host, { subject: 'never' }) !== undefined,
        x509.checkHost(host, { subject: 'never' }) !== undefined,
        host,
      );
    t.is(judged.checkIP('192.0.2.7'), x509.checkIP('192.0.2.7'));
  }
});

for (const kind of ['ec', 'ec384', 'rsa', 'ed25519'] as const)
  test(`certificates of one ${kind} key have one digest of it, whoever reads them, and those of another have another`, async (t) => {
    const key = mintKey(kind);
    const digestOf = async (request: MintRequest) => {
      const read = openCertificate((await mint(request)).der);
      if (!read.ok) throw new Error(read.failure.detail);
      return [keyDigestOf(read.value), read.value.spki !== undefined] as const;
    };
    const [plain, isPlain] = await digestOf({ names: ['one.test'], key });
    const [other, isOtherPlain] = await digestOf({ names: ['two.test', '192.0.2.7'], key });
    t.regex(plain ?? '', /^[\w-]{11}$/);
    t.deepEqual([isPlain, isOtherPlain], [true, false], 'the other is read by OpenSSL');
    t.is(other, plain);
    t.not((await digestOf({ names: ['one.test'], key: kind }))[0], plain);
  });

test('of a key that nobody can read there is no digest', async (t) => {
  const minted = await mint({ names: ['one.test'] });
  const read = openCertificate(withUnknownKey(minted));
  t.is(read.ok && keyDigestOf(read.value), undefined);
});
