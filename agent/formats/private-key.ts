import { Buffer } from 'node:buffer';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { failed, type Result, success } from '@certherd/protocol/failure';
import { isKeyLabel, type PemBlock, readPemBlocks } from '@certherd/x509/pem';
import { plainlyBelongs } from './plain-private-key.ts';

/**
 * Does the first private key in these bytes (PEM with anything around it, or DER) belong to this certificate? Nothing of
 * the key leaves but the answer. Failures: 'empty', 'password-needed', 'malformed', 'unsupported'.
 */
export function keyBelongsTo(key: Uint8Array, certificateDer: Uint8Array): Result<boolean> {
  if (key.length === 0) return failed('empty', 'the key file is empty');
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const block = readPemBlocks(bytes).find(({ label }) => isKeyLabel(label));
  if (block && plainlyBelongs(block, certificateDer)) return success(true);
  const opened = openKey(bytes, block);
  if (!opened.ok) return opened;
  try {
    return success(new X509Certificate(certificateDer).checkPrivateKey(opened.value));
  } catch {
    return failed('unsupported', 'the certificate could not be compared with a key');
  }
}

/**
 * Is the key of another kind than the certificate's (RSA for EC)? nginx 1.22 to 1.30 takes such a pair at `-t` and at a reload, since
 * OpenSSL keeps a place for each kind and compares only within one; then no handshake succeeds. False where it cannot be told.
 */
export function isOfOtherKind(key: Uint8Array, certificateDer: Uint8Array): boolean {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const opened = openKey(
    bytes,
    readPemBlocks(bytes).find(({ label }) => isKeyLabel(label)),
  );
  if (!opened.ok) return false;
  try {
    return new X509Certificate(certificateDer).publicKey.asymmetricKeyType !== opened.value.asymmetricKeyType;
  } catch {
    return false;
  }
}

function openKey(bytes: Buffer, block: PemBlock | undefined): Result<KeyObject> {
  if (!block) return openDerKey(bytes);
  // RFC 5958 and, for the older labels, RFC 1421's "Proc-Type: 4,ENCRYPTED"
  const body = Buffer.from(block.body.buffer, block.body.byteOffset, block.body.byteLength);
  if (block.label === 'ENCRYPTED PRIVATE KEY' || body.includes('ENCRYPTED'))
    return failed('password-needed', 'the private key is encrypted');
  try {
    return success(createPrivateKey(bytes));
  } catch {
    // OpenSSL's own text is dropped: nothing that was made from a key's bytes may reach a message
    return failed('malformed', 'the private key is damaged, or of an unknown kind');
  }
}

function openDerKey(bytes: Buffer): Result<KeyObject> {
  if (bytes[0] !== 0x30) return failed('malformed', 'no private key in it');
  try {
    // OpenSSL takes PKCS#8, PKCS#1 and SEC1 under this name
    return success(createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' }));
  } catch {
    return isEncrypted(bytes)
      ? failed('password-needed', 'the private key is encrypted')
      : failed('malformed', 'no private key in it');
  }
}

function isEncrypted(bytes: Buffer): boolean {
  try {
    createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' });
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ERR_MISSING_PASSPHRASE';
  }
}
