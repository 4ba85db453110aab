import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readBundle } from '../../agent/formats/bundle.ts';
import { orderOf, untidinessOf } from '../../agent/formats/chain.ts';
import { readPkcs12 } from '../../agent/formats/container.ts';
import { keyBelongsTo } from '../../agent/formats/private-key.ts';
import { rootsBySubject, trustPath } from '../../x509/trust-path.ts';
import { bits, integer, oid, sequence, text, tlv } from './der.ts';
import type { HostileInput } from './hostile-input.ts';
import { mintKey, toPem } from './mint.ts';
import { extension, name, rawCertificate } from './raw-certificate.ts';

/** Certificates, keys, chains and PKCS#12 that ask for more work than they are worth. */
export function hostileCertificates(): HostileInput[] {
  return [...certificates(), ...chains(), ...containers()];
}

function certificates(): HostileInput[] {
  const names = Array.from({ length: 100_000 }, (_, at) => text(0x82, at.toString(36).padStart(4, '0')));
  const crowded = rawCertificate({ extensions: [extension('2.5.29.17', tlv(0x30, Buffer.concat(names)))] });
  const keys: [title: string, modulusBits: number, exponentBits: number][] = [
    ['65,536 bits and as long an exponent', 65_536, 65_536],
    ['2,048 bits and an exponent of 5,000,000', 2048, 5_000_000],
    ['2,500,000 bits and as long an exponent', 2_500_000, 2_500_000],
  ];
  return [
    {
      title: 'a certificate with 100,000 names',
      read: () => readBundle(Buffer.from(crowded.pem)).failure?.reason ?? 'read whole',
      outcome: 'too-large',
    },
    ...keys.flatMap(([title, modulusBits, exponentBits]): HostileInput[] => {
      const made = rawCertificate({ publicKey: rsaKey(modulusBits, exponentBits) });
      const keyFile = Buffer.from(toPem('RSA PRIVATE KEY', rsaPrivateKey(modulusBits, exponentBits)));
      return [
        {
          title: `a certificate with an RSA key of ${title}`,
          read: () => readBundle(Buffer.from(made.pem)).certificates[0]?.certificate.key ?? 'not read',
          outcome: `RSA ${modulusBits}`,
        },
        {
          title: `a key file of RSA with ${title}`,
          read: () => {
            const belongs = keyBelongsTo(keyFile, made.der);
            return belongs.ok ? `belongs: ${belongs.value}` : belongs.failure.reason;
          },
          outcome: 'belongs: true',
        },
      ];
    }),
  ];
}

function chains(): HostileInput[] {
  const key = mintKey('rsa');
  const giants = (modulusBits: number, exponentBits: number) =>
    Array.from({ length: 100 }, (_, at) =>
      authority({ key, publicKey: rsaKey(modulusBits, exponentBits), serial: at, subject: 'A', issuer: 'A' }),
    );
  const signers = Array.from({ length: 10 }, () => mintKey('ec'));
  const crossed = (nameOf: (at: number) => string) =>
    signers.flatMap((signer, by) =>
      signers.map((one, at) => {
        const publicKey = createPublicKey(one).export({ type: 'spki', format: 'der' });
        return authority({ key: signer, publicKey, serial: by * 10 + at, subject: nameOf(at), issuer: nameOf(by) });
      }),
    );
  const cases: Record<string, X509Certificate[]> = {
    '100 certificates that sign each other': crossed((at) => `A${at}`),
    '100 certificates of one name that sign each other': crossed(() => 'A'),
    '100 certificates with exponents of 2,048 bits': giants(2048, 2048),
    '100 certificates with keys of 16,384 bits': giants(16_384, 64),
    '100 certificates with keys of 65,536 bits': giants(65_536, 65_536),
  };
  return Object.entries(cases).map(([title, chain]) => ({
    title: `a chain of ${title}`,
    read: () => {
      orderOf(chain, { signatures: true });
      untidinessOf(chain);
      const path = trustPath(chain, rootsBySubject([]), Date.UTC(2026, 5, 1));
      return path?.trusted === false ? path.problem : 'trusted';
    },
    outcome: 'gave-up',
  }));
}

function containers(): HostileInput[] {
  const salt = tlv(0x04, Buffer.alloc(16));
  const hmac = sequence(oid('1.2.840.113549.2.9'), tlv(0x05));
  const scrypt = (rounds: Buffer) =>
    modern(sequence(oid('1.3.6.1.4.1.11591.4.11'), sequence(salt, rounds, integer(8), integer(1))));
  const pbkdf2 = (rounds: Buffer) => modern(sequence(oid('1.2.840.113549.1.5.12'), sequence(salt, rounds, hmac)));
  const older = (rounds: Buffer) => sequence(oid('1.2.840.113549.1.12.1.3'), sequence(salt, rounds));
  const many = integer(0, 0x80, 0, 0, 0);
  const huge = integer(0x40, 0, 0, 0);
  const pkcs12 = {
    '2³¹ rounds of PBKDF2': pbkdf2(many),
    '2³¹ rounds of SHA-1': older(many),
    'scrypt with N = 2³⁰': scrypt(huge),
  };
  const encrypted = sequence(scrypt(huge), tlv(0x04, Buffer.alloc(64)));
  const ofKey = (bytes: Buffer) => () => {
    const belongs = keyBelongsTo(bytes, rawCertificate().der);
    return belongs.ok ? 'compared' : belongs.failure.reason;
  };
  return [
    ...Object.entries(pkcs12).map(([title, algorithm]) => ({
      title: `PKCS#12 that asks for ${title}`,
      read: () => readPkcs12(sealed(algorithm), ['', 'a']).failure?.reason ?? 'read whole',
      outcome: 'unsupported',
    })),
    { title: 'a DER key under scrypt with N = 2³⁰', read: ofKey(encrypted), outcome: 'password-needed' },
    {
      title: 'a PEM key under scrypt with N = 2³⁰',
      read: ofKey(Buffer.from(toPem('ENCRYPTED PRIVATE KEY', encrypted))),
      outcome: 'password-needed',
    },
  ];
}

/** A SubjectPublicKeyInfo whose numbers are all ones (RFC 3279 2.3.1). */
function rsaKey(modulusBits: number, exponentBits: number): Buffer {
  const key = sequence(ones(modulusBits), ones(exponentBits));
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05)), bits(key));
}

/** RFC 8017 A.1.2; no key that anybody could use. */
function rsaPrivateKey(modulusBits: number, exponentBits: number): Buffer {
  const rest = Array.from({ length: 6 }, () => ones(64));
  return sequence(integer(0), ones(modulusBits), ones(exponentBits), ...rest);
}

function ones(count: number): Buffer {
  return tlv(0x02, Buffer.from([0]), Buffer.alloc(Math.ceil(count / 8), 0xff));
}

function authority(parts: {
  key: KeyObject;
  publicKey: Buffer;
  serial: number;
  subject: string;
  issuer: string;
}): X509Certificate {
  const { key, publicKey, serial, subject, issuer } = parts;
  const isAuthority = extension('2.5.29.19', sequence(tlv(0x01, Buffer.from([0xff]))), true);
  const made = rawCertificate({
    key,
    publicKey,
    serialNumber: integer(1, serial),
    subject: name(subject),
    issuer: name(issuer),
    extensions: [isAuthority],
  });
  return new X509Certificate(made.der);
}

/** PBES2 with AES-256-CBC (RFC 8018 A.4) under a key from this. */
function modern(derivation: Buffer): Buffer {
  const cipher = sequence(oid('2.16.840.1.101.3.4.1.42'), tlv(0x04, Buffer.alloc(16)));
  return sequence(oid('1.2.840.113549.1.5.13'), sequence(derivation, cipher));
}

/** PKCS#12 with one encrypted part and no MAC (RFC 7292 4). */
function sealed(algorithm: Buffer): Buffer {
  const data = oid('1.2.840.113549.1.7.1');
  const encrypted = sequence(data, algorithm, tlv(0x80, Buffer.alloc(64)));
  const part = sequence(oid('1.2.840.113549.1.7.6'), tlv(0xa0, sequence(integer(0), encrypted)));
  return sequence(integer(3), sequence(data, tlv(0xa0, tlv(0x04, sequence(part)))));
}
