import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { integer, oid, sequence, text, tlv } from './der.ts';
import { altNames, extension, name, type Raw, rawCertificate, strangeKey } from './raw-certificate.ts';

/** Key kinds that are not of everyday use, each in a certificate, by the text that names the key. */
export function rareKeys(): Record<string, Raw> {
  const ec = ordinaryKey();
  const own = (key: KeyObject) => rawCertificate({ key });
  const curve = (namedCurve: string) => own(generateKeyPairSync('ec', { namedCurve }).privateKey);
  const rsa = (modulusLength: number) => own(generateKeyPairSync('rsa', { modulusLength }).privateKey);
  const pss = { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256' };
  const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
  return {
    'ML-DSA-44': own(generateKeyPairSync('ml-dsa-44').privateKey),
    'ML-DSA-65': own(generateKeyPairSync('ml-dsa-65').privateKey),
    'ML-DSA-87': own(generateKeyPairSync('ml-dsa-87').privateKey),
    'SLH-DSA-SHA2-128s': own(generateKeyPairSync('slh-dsa-sha2-128s').privateKey),
    Ed448: own(generateKeyPairSync('ed448').privateKey),
    X25519: rawCertificate({ key: ec, publicKey: spki(generateKeyPairSync('x25519').publicKey) }),
    'ML-KEM-768': rawCertificate({ key: ec, publicKey: spki(generateKeyPairSync('ml-kem-768').publicKey) }),
    'RSA-PSS 2048': own(generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...pss }).privateKey),
    'DSA 2048': own(generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 }).privateKey),
    'EC prime256v1': own(explicit.privateKey),
    'EC secp224r1': curve('secp224r1'),
    'EC prime192v1': curve('prime192v1'),
    'EC secp256k1': curve('secp256k1'),
    'EC sect233k1': curve('sect233k1'),
    'RSA 512': rsa(512),
    'RSA 1024': rsa(1024),
    'RSA 16384': rawCertificate({ key: ec, publicKey: rsaKey(2048) }),
    // OpenSSL verifies nothing with more than 16384 bits
    'RSA 100000': rawCertificate({ key: ec, publicKey: rsaKey(12_500) }),
  };
}

/** Keys that OpenSSL cannot open: a curve and an algorithm (GOST R 34.10-2012) that it has not got, and a damaged key. */
export function unknownKeys(): Record<string, Raw> {
  const key = ordinaryKey();
  const gost = sequence(oid('1.2.643.7.1.1.1.1'), sequence(oid('1.2.643.2.2.35.1'), oid('1.2.643.7.1.1.2.2')));
  const unknownCurve = sequence(oid('1.2.840.10045.2.1'), oid('1.3.6.1.4.1.99999.1'));
  const p256 = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
  return {
    gost: rawCertificate({ key, publicKey: strangeKey(gost, tlv(0x04, Buffer.alloc(64, 7))) }),
    'curve without a name': rawCertificate({ key, publicKey: strangeKey(unknownCurve, Buffer.alloc(65, 4)) }),
    'point off its curve': rawCertificate({ key, publicKey: strangeKey(p256, Buffer.alloc(65, 4)) }),
    'composite of the future': rawCertificate({
      key,
      publicKey: strangeKey(sequence(oid('2.16.840.1.114027.80.9.1.1')), Buffer.alloc(1500, 1)),
    }),
  };
}

/** What RFC 5280 forbids or hardly anybody writes, and OpenSSL reads all the same. */
export function oddCertificates(): Record<string, Raw> {
  const key = ordinaryKey();
  const odd = (parts: Parameters<typeof rawCertificate>[0]) => rawCertificate({ key, ...parts });
  const names = (...values: Buffer[]) => odd({ extensions: [altNames(...values)] });
  const until = (tag: number, time: string) => odd({ notAfter: text(tag, time) });
  return {
    'negative serial': odd({ serialNumber: integer(0xff) }),
    'serial of 128 bytes': odd({ serialNumber: tlv(0x02, Buffer.alloc(128, 0x41)) }),
    'ends in 9999': until(0x18, '99991231235959Z'),
    'began in 1950': odd({ notBefore: text(0x17, '500101000000Z') }),
    'UTCTime 49': until(0x17, '490101000000Z'),
    'UTCTime 50': until(0x17, '500101000000Z'),
    'year 1': until(0x18, '00010101000000Z'),
    'fraction of a second': until(0x18, '20360101000000.5Z'),
    'time with a zone': until(0x17, '360101000000+0100'),
    'ends before it begins': odd({ notBefore: text(0x17, '360101000000Z'), notAfter: text(0x17, '260101000000Z') }),
    'no subject': odd({ subject: sequence() }),
    'version 1': odd({ version: Buffer.alloc(0), extensions: [] }),
    'version 9': odd({ version: tlv(0xa0, integer(8)) }),
    'critical extension nobody knows': odd({
      extensions: [
        altNames(text(0x82, 'a.example.test')),
        extension('1.3.6.1.4.1.99999.2', Buffer.from('0500', 'hex'), true),
      ],
    }),
    'two lists of names': odd({ extensions: [altNames(text(0x82, 'a.test')), altNames(text(0x82, 'b.test'))] }),
    'list of no names': names(),
    'names that are no DER': odd({ extensions: [extension('2.5.29.17', Buffer.from([0xff]))] }),
    'constraints that are no DER': odd({ extensions: [extension('2.5.29.19', Buffer.from([0xff]))] }),
    'addresses of all lengths': names(
      tlv(0x87, Buffer.from([1, 2, 3])),
      tlv(0x87, Buffer.from([192, 0, 2, 7])),
      tlv(0x87, Buffer.alloc(16, 1)),
      tlv(0x87, Buffer.from('00000000000000000000ffff7f000001', 'hex')),
    ),
    'names in other alphabets': names(
      text(0x82, 'xn--strae-oqa.test'),
      tlv(0x82, Buffer.from('straße.test')),
      text(0x82, 'a.*.test'),
      text(0x82, '*'),
      text(0x82, ''),
      text(0x82, ' '),
      text(0x82, '.'),
    ),
    'NUL in a name': names(text(0x82, 'bank.test\0.evil.test')),
    'control and bidi characters': odd({
      subject: name('\u001b]0;taken over\u0007\u202e\u0000\n\u2066'),
      extensions: [
        altNames(
          tlv(0x82, Buffer.from('\u001b[2J\u202egnp.exe\u0085\r\n')),
          tlv(0xa4, name('directory\n, DNS:evil.test')),
          text(0x86, 'http://x.test/,DNS:evil.test'),
          tlv(0xa0, oid('1.3.6.1.4.1.311.20.2.3'), tlv(0xa0, tlv(0x0c, Buffer.from('u\u202e@x')))),
        ),
      ],
    }),
    'BMPString with bidi': odd({ subject: name(Buffer.from('\u202eabc', 'utf16le').swap16(), 0x1e) }),
    'T61String with ESC': odd({ subject: name(Buffer.from([0xe4, 0x1b, 0x5b]), 0x14) }),
    'name of 64 KiB': names(text(0x82, 'a'.repeat(65_536))),
    '10000 names': names(...Array.from({ length: 10_000 }, (_, index) => text(0x82, `n${index}.example.test`))),
  };
}

/** What OpenSSL may open and the agent does not: the reason and the words for each. */
export function refusedCertificates(): Record<string, { der: Buffer; why: string }> {
  const key = ordinaryKey();
  const { der } = rawCertificate({ key });
  const odd = (parts: Parameters<typeof rawCertificate>[0], why: string) => ({
    der: rawCertificate({ key, ...parts }).der,
    why,
  });
  const content = der.subarray(4);
  const under = (...header: number[]) => Buffer.concat([Buffer.from(header), content]);
  const until = (tag: number, time: string) => odd({ notAfter: text(tag, time) }, noTime);
  const noTime = 'malformed: its validity is not a time';
  const none = 'malformed: not an X.509 certificate';
  return {
    'hour 24': until(0x17, '260101240000Z'),
    'second 60': until(0x17, '260101000060Z'),
    'day 29 in February': until(0x17, '260229000000Z'),
    'a time of letters': until(0x17, 'xxxxxxxxxxxxZ'),
    'year 10000': until(0x18, '100000101000000Z'),
    'a serial of 129 bytes': odd(
      { serialNumber: tlv(0x02, Buffer.alloc(129, 0x41)) },
      'too-large: a serial number of 129 bytes',
    ),
    'a name of 64 KiB and a byte': odd(
      { extensions: [altNames(text(0x82, 'a'.repeat(65_537)))] },
      'too-large: a name of 65537 characters',
    ),
    'no serial': odd({ serialNumber: integer() }, none),
    'a serial with leading zeros': odd({ serialNumber: integer(0, 0, 1) }, none),
    'a subject that is no UTF-8': odd({ subject: name(Buffer.from([0xff, 0xfe])) }, none),
    'indefinite length': {
      der: Buffer.concat([under(0x30, 0x80), Buffer.alloc(2)]),
      why: 'malformed: not plain DER',
    },
    'a length written too long': {
      der: under(0x30, 0x83, 0, ...der.subarray(2, 4)),
      why: 'malformed: not plain DER',
    },
    'a length of 4 GiB': {
      der: under(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
      why: `malformed: cut off: ${content.length + 6} of 4294967301 bytes`,
    },
    'a length in five bytes': { der: under(0x30, 0x85, 0, 0, 0, 1, 0), why: none },
  };
}

function ordinaryKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** A modulus of this many bytes, all ones: nobody has its private key. */
function rsaKey(bytes: number): Buffer {
  const modulus = tlv(0x02, Buffer.from([0]), Buffer.alloc(bytes, 0xff));
  return strangeKey(sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05)), sequence(modulus, integer(1, 0, 1)));
}
