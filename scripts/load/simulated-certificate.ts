import { createECDH, createHash, createPrivateKey, sign } from 'node:crypto';
import type { Certificate } from '@certherd/protocol/certificate';
import { readCertificate } from '@certherd/x509/certificate';
import { bits, integer, oid, sequence, text, tlv } from '../../test/helpers/der.ts';
import { altNames, extension, name as nameOf } from '../../test/helpers/raw-certificate.ts';

/** A certificate that a made-up host has, with the bytes that its collector asks for. */
export interface SimulatedCertificate {
  certificate: Certificate;
  der: Uint8Array;
}

const day = 86_400_000;

/** Whoever makes them: one authority for all, and each has a key of its own, so that the same name and instant give the same certificate. */
export type CertificateMaker = (name: string, issuedAt: number) => SimulatedCertificate;

/** Of 90 days, as certbot gets them: a name in subject and subjectAltName, a serial number of 16 bytes, a P-256 key. `issuedAt` in milliseconds since 1970. */
export function certificateMaker(): CertificateMaker {
  const ed25519 = sequence(oid('1.3.101.112'));
  const seed = tlv(0x04, tlv(0x04, digest('the authority of the load')));
  const authority = createPrivateKey({ key: sequence(integer(0), ed25519, seed), format: 'der', type: 'pkcs8' });
  const issuer = nameOf('Load CA 1');
  // As long as what two logs of transparency have signed (RFC 6962 3.3).
  const promises = extension('1.3.6.1.4.1.11129.2.4.2', tlv(0x04, Buffer.alloc(242, 0x5c)));
  return (name, issuedAt) => {
    const serial = digest(`${name} ${issuedAt}`).subarray(0, 16);
    const signed = sequence(
      tlv(0xa0, integer(2)),
      // Positive, and as long as it says (X.690 8.3.2).
      integer(0x11, ...serial.subarray(1)),
      ed25519,
      issuer,
      sequence(utcTime(issuedAt), utcTime(issuedAt + 90 * day)),
      nameOf(name),
      leafKey(digest(`the key of ${name} ${issuedAt}`)),
      tlv(0xa3, sequence(altNames(text(0x82, name)), promises)),
    );
    const der = sequence(signed, ed25519, bits(sign(null, signed, authority)));
    const read = readCertificate(der);
    if (!read.ok) throw new Error(`a made-up certificate cannot be read: ${read.failure.detail}`);
    return { certificate: read.value, der };
  };
}

/** SubjectPublicKeyInfo (RFC 5480). */
function leafKey(privateKey: Buffer): Buffer {
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(privateKey);
  return sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(pair.getPublicKey()));
}

/** UTCTime (RFC 5280 4.1.2.5.1), until 2049. */
function utcTime(at: number): Buffer {
  const [date = '', time = ''] = new Date(at).toISOString().slice(2, 19).split('T');
  return text(0x17, `${date.replaceAll('-', '')}${time.replaceAll(':', '')}Z`);
}

function digest(words: string): Buffer {
  return createHash('sha256').update(words).digest();
}
