import type { X509Certificate } from 'node:crypto';

/**
 * With what a certificate was signed, in OpenSSL's words ("sha256WithRSAEncryption", "ecdsa-with-SHA384"), or the dotted
 * OID where OpenSSL has no word for it. Undefined on a Node before 24.9, which does not tell.
 */
export function signatureAlgorithmOf(x509: X509Certificate): string | undefined {
  // typed as always there, which an older Node disproves
  const oid = x509.signatureAlgorithmOid as string | undefined;
  return (x509.signatureAlgorithm ?? oid)?.slice(0, 64);
}

/** The hash that a forger would have to break, where it can be broken: "MD5" and "SHA-1" can (RFC 9155, CA/B BR 7.1.3.2). */
export function brokenHash(signature: string): 'MD2' | 'MD4' | 'MD5' | 'SHA-1' | undefined {
  const words = signature.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  if (words.includes('md2')) return 'MD2';
  if (words.includes('md4')) return 'MD4';
  if (words.includes('md5')) return 'MD5';
  return words.includes('sha1') && !/sha1\d/.test(words) ? 'SHA-1' : undefined;
}
