import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { certIdOf } from '../../../agent/formats/cert-id.ts';
import { integer, sequence, text, tlv } from '../../helpers/der.ts';
import { mint, mintChain } from '../../helpers/mint.ts';
import { altNames, extension, rawCertificate } from '../../helpers/raw-certificate.ts';

/** RFC 9773, appendix A: its validity is in the year 1, which no reader of whole certificates needs to like. */
const example = `
MIIBQzCB66ADAgECAgUAh2VDITAKBggqhkjOPQQDAjAVMRMwEQYDVQQDEwpFeGFt
cGxlIENBMCIYDzAwMDEwMTAxMDAwMDAwWhgPMDAwMTAxMDEwMDAwMDBaMBYxFDAS
BgNVBAMTC2V4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEeBZu
7cbpAYNXZLbbh8rNIzuOoqOOtmxA1v7cRm//AwyMwWxyHz4zfwmBhcSrf47NUAFf
qzLQ2PPQxdTXREYEnKMjMCEwHwYDVR0jBBgwFoAUaYhba4dGQEHhs3uEe6CuLN4B
yNQwCgYIKoZIzj0EAwIDRwAwRAIge09+S5TZAlw5tgtiVvuERV6cT4mfutXIlwTb
+FYN/8oCIClDsqBklhB9KAelFiYt9+6FDj3z4KGVelYM5MdsO3pK`;

const keyId = (...bytes: number[]) => extension('2.5.29.35', sequence(tlv(0x80, Buffer.from(bytes))));
const idOf = (serialNumber: Buffer, ...extensions: Buffer[]) =>
  certIdOf(rawCertificate({ serialNumber, extensions }).der);

test("the RFC's own example has the name that the RFC gives it", (t) => {
  t.is(certIdOf(Buffer.from(example, 'base64')), 'aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE');
});

test('the parts are what openssl reads: the key identifier, and the serial number with its leading zero byte', async (t) => {
  for (const serialNumber of ['0087654321', '01', '7f00ff', 'ff']) {
    const { leaf } = await mintChain({ serialNumber });
    const [key = '', serial = ''] = (certIdOf(leaf.der) ?? '').split('.');
    const told = execFileSync('openssl', ['x509', '-noout', '-serial', '-ext', 'authorityKeyIdentifier'], {
      input: leaf.pem,
      encoding: 'utf8',
    });
    const keyHex = /([0-9A-F]{2}(?::[0-9A-F]{2}){19})/.exec(told)?.[1]?.replaceAll(':', '').toLowerCase();
    t.is(Buffer.from(key, 'base64url').toString('hex'), keyHex ?? 'none');
    const serialHex = Buffer.from(serial, 'base64url').toString('hex');
    t.is(BigInt(`0x${serialHex}`), BigInt(`0x${new X509Certificate(leaf.der).serialNumber}`));
    t.true(Number.parseInt(serialHex.slice(0, 2), 16) < 0x80, 'a positive INTEGER');
  }
});

test('other extensions, a critical mark and unique identifiers do not hide the key identifier', (t) => {
  const names = altNames(text(0x82, 'a.example.test'));
  t.is(idOf(integer(0x11), names, keyId(1, 2, 3)), 'AQID.EQ');
  t.is(idOf(integer(0x11), extension('2.5.29.19', sequence(), true), keyId(0xfb, 0xff, 0xbf), names), '-_-_.EQ');
});

test('a certificate that does not name its issuer by a key, or twice, has no name at the CA', (t) => {
  const issuerAndSerial = extension('2.5.29.35', sequence(tlv(0x82, Buffer.from([1]))));
  t.is(idOf(integer(0x11)), undefined);
  t.is(idOf(integer(0x11), altNames(text(0x82, 'a.example.test'))), undefined);
  t.is(idOf(integer(0x11), issuerAndSerial), undefined);
  t.is(idOf(integer(0x11), keyId(1), keyId(2)), undefined);
  t.is(idOf(integer(0x11), keyId()), undefined);
  t.is(idOf(integer(), keyId(1)), undefined);
  t.is(
    idOf(integer(...Array.from({ length: 65 }, () => 1)), keyId(1)),
    undefined,
    'a serial number that no CA would know',
  );
});

test('any bytes, and any damage to a certificate, give a name of two base64url parts or none', async (t) => {
  const { der } = await mint({ names: ['shop.example.test'] });
  const isName = (id: string | undefined) => id === undefined || /^[\w-]{1,200}\.[\w-]{1,90}$/.test(id);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => isName(certIdOf(bytes))));
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length), (at, byte, cut) => {
      const damaged = Buffer.from(der);
      damaged[at] = byte;
      return isName(certIdOf(damaged)) && isName(certIdOf(damaged.subarray(0, cut)));
    }),
    { numRuns: 2000 },
  );
  t.pass();
});
