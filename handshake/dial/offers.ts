import tls from 'node:tls';
import { failed, type Result, success } from '@certherd/protocol/failure';
import type { Offered, TlsVersion } from '../dial.ts';

/** Signature schemes by the kind of leaf that can make them (RFC 8446 4.2.3, RFC 8734, ML-DSA), in OpenSSL's names. */
const schemes: Record<Exclude<Offered, 'any'>, string> = {
  ecdsa:
    'ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:' +
    'ecdsa_brainpoolP256r1tls13_sha256:ecdsa_brainpoolP384r1tls13_sha384:ecdsa_brainpoolP512r1tls13_sha512:' +
    'ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ECDSA+SHA1',
  rsa:
    'rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:' +
    'rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:' +
    'RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1',
  ed25519: 'ed25519',
  other: 'ed448:mldsa44:mldsa65:mldsa87',
};

/** The key is exchanged over the first one. The rest says which curves a leaf may have, which TLS 1.2 tells by this list. */
const groups =
  'X25519:P-256:P-384:P-521:secp256k1:brainpoolP256r1:brainpoolP384r1:brainpoolP512r1:' +
  'brainpoolP256r1tls13:brainpoolP384r1tls13:brainpoolP512r1tls13';

/** In TLS 1.3 the first is what browsers offer first: its hash costs half of the other one's. The rest is in OpenSSL's order. */
function ciphers(): string {
  const first = 'TLS_AES_128_GCM_SHA256';
  const others = tls.DEFAULT_CIPHERS.split(':').filter((name) => name !== first);
  return [first, ...others, '@SECLEVEL=0'].join(':');
}

/**
 * What to offer in a handshake that asks for one kind of leaf, or any, in one version of TLS or both that are in use. A context is made once
 * and serves all handshakes of its kind, because making one costs more than a handshake. Security level 0: a weak key or an old version
 * is to be seen and told, not refused.
 */
export function signatureOffers(): (algorithm: Offered, version?: TlsVersion) => Result<tls.SecureContext> {
  const contexts = new Map<string, Result<tls.SecureContext>>();
  return (algorithm, version) => {
    const key = `${algorithm} ${version ?? ''}`;
    const known = contexts.get(key) ?? contextOf(algorithm, version);
    contexts.set(key, known);
    return known;
  };
}

function contextOf(algorithm: Offered, version: TlsVersion | undefined): Result<tls.SecureContext> {
  const { ecdsa, rsa, ed25519, other } = schemes;
  try {
    return success(
      tls.createSecureContext({
        ca: [],
        sigalgs: algorithm === 'any' ? [ecdsa, ed25519, rsa, other].join(':') : schemes[algorithm],
        ciphers: ciphers(),
        ecdhCurve: groups,
        minVersion: version ?? 'TLSv1.2',
        ...(version && { maxVersion: version }),
      }),
    );
  } catch (error) {
    return failed('unsupported', `this Node's OpenSSL cannot ask for such a leaf: ${String(error)}`);
  }
}
