import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../../failure.ts';
import { loadTlsIdentity } from '../../receive/tls-identity.ts';

export interface TlsFacts {
  keyPath: string;
  certificatePath: string;
  /** 'absent': they are made at the first start. 'unreadable': not by this user. */
  found: { notAfter: number; pin: string; keyMode: number } | { fault: string } | 'absent' | 'unreadable';
}

/** Reads the collector's own key and certificate; makes nothing. */
export async function observeTls(dataDirectory: string, now: number): Promise<TlsFacts> {
  const inFolder = (name: string) => join(dataDirectory, 'tls', name);
  const [keyPath, certificatePath] = [inFolder('key.pem'), inFolder('certificate.pem')];
  const paths = { keyPath, certificatePath };
  if (!existsSync(keyPath) && isOpen(dataDirectory)) return { ...paths, found: 'absent' };
  try {
    readFileSync(keyPath);
    readFileSync(certificatePath);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EACCES' || code === 'EPERM') return { ...paths, found: 'unreadable' };
    return {
      ...paths,
      found: { fault: `${code === 'ENOENT' ? certificatePath : keyPath} is missing or cannot be read (${code})` },
    };
  }
  // both are there: then nothing is made
  const loaded = await loadTlsIdentity(dataDirectory, now);
  if (!loaded.ok) return { ...paths, found: { fault: loaded.failure } };
  const notAfter = Date.parse(new X509Certificate(loaded.value.certificate).validTo);
  return { ...paths, found: { notAfter, pin: loaded.value.pin, keyMode: statSync(keyPath).mode & 0o777 } };
}

/** Is what is not seen not there, or only closed to this user? */
function isOpen(directory: string): boolean {
  try {
    statSync(join(directory, 'tls', 'key.pem'));
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}
