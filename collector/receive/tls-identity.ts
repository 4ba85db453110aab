import {
  createHash,
  createPrivateKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Result } from '@certherd/protocol/failure';
import { codeOf, messageOf } from '../failure.ts';
import { selfSigned } from './self-signed.ts';

/** The key and certificate that agents are shown. They trust the key by its pin, not the certificate. */
export interface TlsIdentity {
  /** PEM. */
  key: string;
  certificate: string;
  /** SHA-256 of the SubjectPublicKeyInfo (RFC 7469 2.4), base64url. */
  pin: string;
}

const dayMs = 86_400_000;

/**
 * Reads directory/tls, or makes a P-256 key (0600) and a self-signed certificate there on first start: each handshake has
 * one signature of it, which takes RSA ten times as long. A key that is there stays, of whatever kind it is, and where it
 * cannot be read that is a failure: a new one would lock out every agent that pinned it.
 */
export async function loadTlsIdentity(directory: string, now: number): Promise<Result<TlsIdentity, string>> {
  const folder = join(directory, 'tls');
  const keyFile = join(folder, 'key.pem');
  const certificateFile = join(folder, 'certificate.pem');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(keyFile)) {
      const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
      writeWhole(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    }
    const key = readFileSync(keyFile, 'utf8');
    const privateKey = createPrivateKey(key);
    if (!existsSync(certificateFile)) writeWhole(certificateFile, await certificateOf(privateKey, now));
    const certificate = readFileSync(certificateFile, 'utf8');
    if (!new X509Certificate(certificate).checkPrivateKey(privateKey))
      return { ok: false, failure: `${certificateFile}: does not belong to ${keyFile}: remove it to make a new one` };
    return { ok: true, value: { key, certificate, pin: pinOfCertificate(certificate) } };
  } catch (error) {
    const reason = codeOf(error) || messageOf(error);
    return { ok: false, failure: `${folder}: no usable key and certificate (${reason}): put them back from a backup` };
  }
}

/** The pin of a certificate's key. Throws where the text holds none (PEM). */
export function pinOfCertificate(pem: string): string {
  const spki = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64url');
}

/** Ten years, so that it outlives machines; agents check the pin alone. */
function certificateOf(key: KeyObject, now: number): Promise<string> {
  const validity = { notBefore: now - dayMs, notAfter: now + 3650 * dayMs };
  return selfSigned({ key, commonName: 'certherd-collector', dnsName: hostname(), ...validity });
}

/** Either the whole text is there after a crash, or nothing. What another process has made meanwhile stays: both use that. */
function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
    linkSync(unfinished, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    closeSync(file);
    unlinkSync(unfinished);
  }
}
