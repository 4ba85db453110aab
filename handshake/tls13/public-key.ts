import { Buffer } from 'node:buffer';

/**
 * A SubjectPublicKeyInfo (RFC 5280 4.1.2.7) as node:crypto takes it in the least time: as text, which it gives to OpenSSL at once. Of bytes it first finds out
 * that they are no KeyObject, for which it throws and catches; a KeyObject made before is one more object.
 */
export function publicKeyPem(...spki: readonly Uint8Array[]): string {
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.concat(spki).toString('base64')}\n-----END PUBLIC KEY-----\n`;
}
