import { Buffer } from 'node:buffer';
import { constants, verify } from 'node:crypto';
import { failed, type Result } from '@certherd/protocol/failure';
import { openCertificate, type ReadCertificate } from '@certherd/x509/certificate';
import { uint16 } from '../tls-records.ts';
import { publicKeyPem } from './public-key.ts';

/** What a signature scheme of TLS 1.3 takes (RFC 8446 4.2.3): the kind of key in node:crypto's words, for an elliptic curve which one. */
interface Scheme {
  key: string;
  curve?: string;
  hash?: string;
}

const schemes: ReadonlyMap<number, Scheme> = new Map<number, Scheme>([
  [0x0403, { key: 'ec', curve: 'prime256v1', hash: 'sha256' }],
  [0x0503, { key: 'ec', curve: 'secp384r1', hash: 'sha384' }],
  [0x0603, { key: 'ec', curve: 'secp521r1', hash: 'sha512' }],
  [0x0804, { key: 'rsa', hash: 'sha256' }],
  [0x0805, { key: 'rsa', hash: 'sha384' }],
  [0x0806, { key: 'rsa', hash: 'sha512' }],
  [0x0809, { key: 'rsa-pss', hash: 'sha256' }],
  [0x080a, { key: 'rsa-pss', hash: 'sha384' }],
  [0x080b, { key: 'rsa-pss', hash: 'sha512' }],
  [0x0807, { key: 'ed25519' }],
  [0x0808, { key: 'ed448' }],
  // RFC 8734
  [0x081a, { key: 'ec', curve: 'brainpoolP256r1', hash: 'sha256' }],
  [0x081b, { key: 'ec', curve: 'brainpoolP384r1', hash: 'sha384' }],
  [0x081c, { key: 'ec', curve: 'brainpoolP512r1', hash: 'sha512' }],
  // draft-ietf-tls-mldsa
  [0x0904, { key: 'ml-dsa-44' }],
  [0x0905, { key: 'ml-dsa-65' }],
  [0x0906, { key: 'ml-dsa-87' }],
]);

/**
 * The leaf that the server sent, if the server holds its key (RFC 8446 4.4.3): the signature in `body`, of a scheme that was `offered`, is over the
 * `transcript` hash of all messages before. Failures: 'handshake-failed', and those of reading a certificate.
 */
export function provedPossession(
  body: Uint8Array,
  leaf: Uint8Array,
  transcript: Uint8Array,
  offered: ReadonlySet<number>,
): Result<ReadCertificate> {
  if (body.length < 4 || uint16(body, 2) !== body.length - 4) return failed('handshake-failed', 'a broken signature');
  const code = uint16(body, 0);
  const scheme = schemes.get(code);
  if (!scheme || !offered.has(code)) return failed('handshake-failed', 'a kind of signature that was not offered');
  const read = openCertificate(leaf, true);
  if (!read.ok) return read;
  const { certificate, der, spki } = read.value;
  if (der.length !== leaf.length) return failed('handshake-failed', 'a certificate with bytes behind it');
  try {
    const key = spki ? publicKeyPem(spki) : read.value.x509.publicKey;
    const kind = typeof key === 'string' ? plainKinds[certificate.algorithm] : key.asymmetricKeyType;
    if (kind !== scheme.key || (scheme.curve !== undefined && certificate.key !== `EC ${scheme.curve}`))
      return failed('handshake-failed', 'a signature of another kind than its key');
    const told = Buffer.concat([signedBefore, transcript]);
    const isPss = kind === 'rsa' || kind === 'rsa-pss';
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
    const how = typeof key === 'string' ? { key, ...pss } : { key, ...pss };
    const proved = verify(scheme.hash ?? null, told, isPss ? how : key, body.subarray(4));
    return proved ? read : failed('handshake-failed', "a signature that is not of the certificate's key");
  } catch (error) {
    return failed('handshake-failed', `a certificate that OpenSSL does not open: ${String(error)}`);
  }
}

/** What a key is that is read without OpenSSL (x509/plain-key.ts), in node:crypto's words. */
const plainKinds = { ecdsa: 'ec', rsa: 'rsa', ed25519: 'ed25519', other: undefined } as const;

const signedBefore = Buffer.concat([
  Buffer.alloc(64, 0x20),
  Buffer.from('TLS 1.3, server CertificateVerify\0', 'latin1'),
]);
