import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { Hello } from '@certherd/protocol/frame';
import { sessionStatement } from '@certherd/protocol/session';
import { oldestProtocolVersion, protocolVersion } from '@certherd/protocol/version';

/** What is stored of a token, and what is compared. */
export function hashToken(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}

/** SPKI DER of an Ed25519 key (RFC 8410) in base64, re-encoded; undefined for anything else. */
export function readPublicKey(base64: string): Uint8Array | undefined {
  const key = keyOf(Buffer.from(base64, 'base64'));
  return key?.export({ type: 'spki', format: 'der' });
}

/** The highest version that both sides speak. */
export function agreedVersion(offer: { minVersion: number; maxVersion: number }): number | undefined {
  const version = Math.min(offer.maxVersion, protocolVersion);
  return version >= Math.max(offer.minVersion, oldestProtocolVersion) ? version : undefined;
}

/** Was this hello signed with the agent's key, for this collector and this connection's nonce? */
export function isGenuine(
  hello: Hello,
  challenge: { collectorId: string; nonce: string },
  publicKey: Uint8Array,
): boolean {
  const statement = sessionStatement({
    collectorId: challenge.collectorId,
    collectorNonce: challenge.nonce,
    agentNonce: hello.nonce,
    agentId: hello.agentId,
    generation: hello.generation,
  });
  return isSigned(statement, hello.signature, publicKey);
}

/** Ed25519; `signature` in base64, `publicKey` as SPKI DER. */
export function isSigned(statement: string, signature: string, publicKey: Uint8Array): boolean {
  const key = keyOf(publicKey);
  return key !== undefined && verify(null, Buffer.from(statement), key, Buffer.from(signature, 'base64'));
}

function keyOf(der: Uint8Array): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
