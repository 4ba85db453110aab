import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Minted } from './mint.ts';

export interface Pkcs12Request {
  certificates: readonly Minted[];
  /** Its private key goes in as well. */
  keyOf?: Minted;
  password: string;
  /** More of openssl pkcs12's own options: ['-legacy'], ['-nomac'], ['-iter', '5000'] … */
  options?: readonly string[];
}

/** A PKCS#12 file as openssl writes it. */
export function pkcs12(request: Pkcs12Request): Buffer {
  return inDirectory((directory) => {
    writeFileSync(join(directory, 'certificates.pem'), request.certificates.map(({ pem }) => pem).join(''));
    if (request.keyOf) writeFileSync(join(directory, 'key.pem'), request.keyOf.keyPem, { mode: 0o600 });
    const key = request.keyOf ? ['-inkey', 'key.pem'] : ['-nokeys'];
    const password = ['-passout', `pass:${request.password}`];
    const files = ['-in', 'certificates.pem', '-out', 'out.p12'];
    openssl(directory, ['pkcs12', '-export', ...files, ...key, ...password, ...(request.options ?? [])]);
    return readFileSync(join(directory, 'out.p12'));
  });
}

/** A PKCS#7 file without signatures as openssl writes it, DER. */
export function pkcs7(certificates: readonly Minted[]): Buffer {
  return inDirectory((directory) => {
    writeFileSync(join(directory, 'certificates.pem'), certificates.map(({ pem }) => pem).join(''));
    const files = ['-certfile', 'certificates.pem', '-outform', 'DER', '-out', 'out.p7b'];
    openssl(directory, ['crl2pkcs7', '-nocrl', ...files]);
    return readFileSync(join(directory, 'out.p7b'));
  });
}

/** A PKCS#8 key under a password, PEM. */
export function encryptedKey(key: Minted, password: string): string {
  return key.key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: password }).toString();
}

function openssl(directory: string, argv: readonly string[]): void {
  execFileSync('openssl', argv, { cwd: directory, stdio: 'pipe' });
}

function inDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'certherd-mint-'));
  try {
    return work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
