import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { Certificate } from '@certherd/protocol/certificate';
import test from 'ava';
import { Value } from 'typebox/value';
import { openCertificate } from '@certherd/x509/certificate';
import { plainCertificate } from '@certherd/x509/plain-certificate';
import { keyBelongsTo } from '../../agent/formats/private-key.ts';
import { weakKey, weakSignature } from '../../agent/decide/strength.ts';
import { oddCertificates, rareKeys, refusedCertificates, unknownKeys } from '../helpers/rare-certificates.ts';
import { mint } from '../helpers/mint.ts';
import { config, deployment, noon, observed } from '../helpers/observed.ts';

const keys = rareKeys();

function certificateOf(der: Buffer): Certificate {
  const read = openCertificate(der);
  if (!read.ok) throw new Error(`${read.failure.reason}: ${read.failure.detail}`);
  return read.value.certificate;
}

for (const [key, { der }] of Object.entries(keys))
  test(`a key of the kind ${key} is named`, (t) => {
    const certificate = certificateOf(der);
    const type = key.split(' ')[0] ?? '';
    t.is(certificate.key, key);
    t.is(certificate.algorithm, type.startsWith('RSA') ? 'rsa' : type === 'EC' ? 'ecdsa' : 'other');
    t.is(certificate.fingerprint, createHash('sha256').update(der).digest('hex'));
    t.deepEqual(certificate.subjectAltNames, ['a.example.test']);
    t.true(Value.Check(Certificate, certificate));
  });

test('lattice, hash and Edwards signatures are named', (t) => {
  const signatures = ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87', 'SLH-DSA-SHA2-128s', 'Ed448', 'RSA-PSS 2048'].map(
    (key) => certificateOf(keys[key]?.der ?? Buffer.alloc(0)).signature,
  );
  t.deepEqual(signatures, ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87', 'SLH-DSA-SHA2-128s', 'ED448', 'rsassaPss']);
});

for (const key of ['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87', 'SLH-DSA-SHA2-128s', 'Ed448', 'RSA-PSS 2048', 'DSA 2048'])
  test(`a private key of the kind ${key} is told from another one`, async (t) => {
    const { der, keyPem } = keys[key] ?? { der: Buffer.alloc(0), keyPem: '' };
    t.deepEqual(keyBelongsTo(Buffer.from(keyPem), der), { ok: true, value: true });
    const other = key === 'ML-DSA-65' ? rareKeys()['ML-DSA-65']?.keyPem : (await mint()).keyPem;
    t.deepEqual(keyBelongsTo(Buffer.from(other ?? ''), der), { ok: true, value: false });
  });

test('only keys that are weak are called so', (t) => {
  const weak = Object.entries(keys).filter(([, { der }]) => findingsFor(der).length > 0);
  t.deepEqual(
    weak.map(([key]) => key),
    ['DSA 2048', 'EC secp224r1', 'EC prime192v1', 'EC secp256k1', 'EC sect233k1', 'RSA 512', 'RSA 1024'],
  );
  for (const { der } of Object.values(unknownKeys())) t.deepEqual(findingsFor(der), []);
});

function findingsFor(der: Buffer) {
  const certificate = certificateOf(der);
  const seen = observed({
    certificates: [certificate],
    deployments: [deployment({ configured: certificate.fingerprint })],
    files: [{ path: deployment().certificatePath, fingerprints: [certificate.fingerprint] }],
  });
  const certificates = new Map([[certificate.fingerprint, certificate]]);
  const given = { observations: seen, certificates, attempts: [], config: config(), now: noon };
  return [...weakKey(given), ...weakSignature(given)];
}

test('a key that OpenSSL cannot open is data, and compares with none', async (t) => {
  const { keyPem } = await mint();
  for (const [title, { der }] of Object.entries(unknownKeys())) {
    const certificate = certificateOf(der);
    t.is(certificate.key, 'unknown', title);
    t.is(certificate.algorithm, 'other', title);
    t.true(Value.Check(Certificate, certificate), title);
    const answer = keyBelongsTo(Buffer.from(keyPem), der);
    t.false(answer.ok && answer.value, title);
  }
});

test('a key too long for OpenSSL leaves nothing behind that spoils the next one', async (t) => {
  const { keyPem } = await mint();
  certificateOf(keys['RSA 100000']?.der ?? Buffer.alloc(0));
  t.notThrows(() => createPrivateKey(keyPem));
});

for (const [title, { der }] of Object.entries(oddCertificates()))
  test(`odd: ${title} is read, in the same words with and without the short way`, (t) => {
    const certificate = certificateOf(der);
    t.true(Value.Check(Certificate, certificate), JSON.stringify(certificate).slice(0, 500));
    t.is(openssl(der, '-fingerprint').replaceAll(':', '').toLowerCase().split('=')[1], certificate.fingerprint);
    const plain = plainCertificate(der);
    if (!plain) return;
    const { notBefore, notAfter, subject, serialNumber } = certificate;
    t.like(plain, { notBefore, notAfter, subject, serialNumber });
  });

test('what the odd ones say', (t) => {
  const odd = oddCertificates();
  const of = (title: string) => certificateOf(odd[title]?.der ?? Buffer.alloc(0));
  t.is(of('negative serial').serialNumber, '-01');
  t.is(of('ends in 9999').notAfter, '9999-12-31T23:59:59.000Z');
  t.is(of('began in 1950').notBefore, '1950-01-01T00:00:00.000Z');
  t.is(of('UTCTime 49').notAfter, '2049-01-01T00:00:00.000Z');
  t.is(of('UTCTime 50').notAfter, '1950-01-01T00:00:00.000Z');
  t.is(of('year 1').notAfter, '0001-01-01T00:00:00.000Z');
  t.is(of('fraction of a second').notAfter, '2036-01-01T00:00:00.000Z');
  t.is(of('time with a zone').notAfter, '2035-12-31T23:00:00.000Z');
  t.is(of('no subject').subject, '');
  t.deepEqual(of('version 1').subjectAltNames, []);
  t.deepEqual(of('two lists of names').subjectAltNames, ['a.test']);
  t.deepEqual(of('NUL in a name').subjectAltNames, ['bank.test\0.evil.test']);
  t.deepEqual(of('names in other alphabets').subjectAltNames.slice(0, 4), [
    'xn--strae-oqa.test',
    'straße.test',
    'a.*.test',
    '*',
  ]);
  t.deepEqual(of('addresses of all lengths').subjectAltNames, [
    'IP Address:<invalid length=3>',
    '192.0.2.7',
    '101:101:101:101:101:101:101:101',
    '::ffff:7f00:1',
  ]);
  t.is(of('10000 names').subjectAltNames.length, 10_000);
  t.false(of('control and bidi characters').subjectAltNames.includes('evil.test'));
});

for (const [title, { der, why }] of Object.entries(refusedCertificates()))
  test(`refused: ${title} has its reason`, (t) => {
    const read = openCertificate(der);
    t.is(read.ok ? 'read' : `${read.failure.reason}: ${read.failure.detail}`, why);
  });

function openssl(der: Buffer, ...args: string[]): string {
  const run = spawnSync('openssl', ['x509', '-inform', 'DER', '-noout', '-sha256', ...args], { input: der });
  return run.stdout.toString().trim();
}
