import { Buffer } from 'node:buffer';
import { createDecipheriv, pbkdf2Sync } from 'node:crypto';
import { failed, type Result, success } from '@certherd/protocol/failure';
import forge from 'node-forge';
import { contentOf, integerOf, type Node, oidOf, parseAsn1, partAt, partsOf } from './container-asn1.ts';

/** What one container may cost, in rounds of native PBKDF2 with SHA-256: some 0.2 s a million. Counts down. */
export interface Budget {
  rounds: number;
}

/** Enough for the 600,000 rounds that the strictest programs write, three times over. */
export function fullBudget(): Budget {
  return { rounds: 6_000_000 };
}

/**
 * Decrypts content under a password (RFC 8018 PBES2; RFC 7292 B for older files) that must then parse as ASN.1: that, and not
 * the container's MAC, tells a right password from a wrong one. Failures: 'password-needed', 'unsupported', 'malformed'.
 */
export function decrypt(
  algorithm: Node | undefined,
  encrypted: Buffer,
  passwords: readonly string[],
  budget: Budget,
): Result<{ content: Buffer; password: string }> {
  const scheme = schemeOf(algorithm);
  if (!scheme.ok) return scheme;
  for (const password of passwords) {
    for (const encoding of scheme.value.passwordIsText || password !== '' ? [password] : [password, null]) {
      if (budget.rounds < scheme.value.cost)
        return failed('unsupported', 'deriving its key would take more rounds than any known program asks for');
      budget.rounds -= scheme.value.cost;
      const content = attempt(() => scheme.value.open(encoding, encrypted));
      if (content && parseAsn1(content)) return success({ content, password });
    }
  }
  return failed('password-needed', 'it is encrypted, and none of the passwords opens it');
}

interface Scheme {
  /** In rounds of the budget, for one password. */
  cost: number;
  /** False where an empty password has two encodings (RFC 7292 B.1): two zero bytes, or none (null). */
  passwordIsText: boolean;
  /** Throws when the padding is wrong, which mostly means a wrong password. */
  open: (password: string | null, encrypted: Buffer) => Buffer;
}

function schemeOf(algorithm: Node | undefined): Result<Scheme> {
  const oid = oidOf(partAt(algorithm, 0));
  const parameters = partAt(algorithm, 1);
  if (oid === '2a864886f70d01050d') return modernScheme(parameters);
  const legacy = legacyCiphers.get(oid);
  return legacy ? legacyScheme(parameters, legacy) : unsupported(oid);
}

/** PBES2 with PBKDF2 (RFC 8018 A.4). */
function modernScheme(parameters: Node | undefined): Result<Scheme> {
  const kdf = partAt(parameters, 0);
  if (oidOf(partAt(kdf, 0)) !== '2a864886f70d01050c') return unsupported(oidOf(partAt(kdf, 0)));
  const [saltNode, roundsNode, ...rest] = partsOf(partAt(kdf, 1));
  const prf = oidOf(partAt(rest.at(-1), 0));
  const digest = prf === '' ? 'sha1' : digests.get(prf);
  const cipher = modernCiphers.get(oidOf(partAt(parameters, 1, 0)));
  const iv = contentOf(partAt(parameters, 1, 1));
  const salt = contentOf(saltNode);
  const rounds = integerOf(roundsNode);
  if (!digest || !cipher) return unsupported(digest ? oidOf(partAt(parameters, 1, 0)) : prf);
  if (!salt || !iv || !rounds) return failed('malformed', 'damaged encryption parameters');
  return success({
    cost: rounds * (digest === 'sha384' || digest === 'sha512' ? 4 : 2),
    passwordIsText: true,
    open: (password, encrypted) => {
      const key = pbkdf2Sync(Buffer.from(password ?? '', 'utf8'), salt, rounds, cipher.keyBytes, digest);
      const decipher = createDecipheriv(cipher.name, key, iv);
      return Buffer.concat([decipher.update(encrypted), decipher.final()]);
    },
  });
}

interface LegacyCipher {
  name: 'des' | 'rc2';
  keyBytes: number;
}

/** pbeWithSHAAnd…-CBC (RFC 7292 C): key and IV from the password with SHA-1, in JavaScript and so ten times as dear. */
function legacyScheme(parameters: Node | undefined, cipher: LegacyCipher): Result<Scheme> {
  const salt = contentOf(partAt(parameters, 0));
  const rounds = integerOf(partAt(parameters, 1));
  if (!salt || !rounds) return failed('malformed', 'damaged encryption parameters');
  const blocks = Math.ceil(cipher.keyBytes / 20) + 1;
  return success({
    cost: rounds * blocks * 10,
    passwordIsText: false,
    open: (password, encrypted) => {
      const derive = (id: number, length: number) =>
        forge.pkcs12.generateKey(password, forge.util.createBuffer(salt.toString('latin1')), id, rounds, length);
      const key = derive(1, cipher.keyBytes).getBytes();
      const iv = derive(2, 8).getBytes();
      return cipher.name === 'des' ? openTripleDes(key, iv, encrypted) : openRc2(key, iv, encrypted);
    },
  });
}

function openTripleDes(key: string, iv: string, encrypted: Buffer): Buffer {
  const name = key.length === 16 ? 'des-ede-cbc' : 'des-ede3-cbc';
  const decipher = createDecipheriv(name, Buffer.from(key, 'latin1'), Buffer.from(iv, 'latin1'));
  return Buffer.concat([decipher.update(encrypted), decipher.final()]);
}

function openRc2(key: string, iv: string, encrypted: Buffer): Buffer {
  const cipher = forge.rc2.createDecryptionCipher(key, key.length * 8);
  cipher.start(iv);
  cipher.update(forge.util.createBuffer(encrypted.toString('latin1')));
  if (!cipher.finish()) throw new Error('wrong padding');
  return Buffer.from(cipher.output.getBytes(), 'latin1');
}

function attempt(open: () => Buffer): Buffer | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

function unsupported(oid: string): ReturnType<typeof failed> {
  return failed(
    'unsupported',
    `encrypted in a way that is not known here (object identifier ${oid.slice(0, 64) || 'absent'})`,
  );
}

const digests: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d0207', 'sha1'],
  ['2a864886f70d0208', 'sha224'],
  ['2a864886f70d0209', 'sha256'],
  ['2a864886f70d020a', 'sha384'],
  ['2a864886f70d020b', 'sha512'],
]);

const modernCiphers: ReadonlyMap<string, { name: string; keyBytes: number }> = new Map([
  ['608648016503040102', { name: 'aes-128-cbc', keyBytes: 16 }],
  ['608648016503040116', { name: 'aes-192-cbc', keyBytes: 24 }],
  ['60864801650304012a', { name: 'aes-256-cbc', keyBytes: 32 }],
  ['2a864886f70d0307', { name: 'des-ede3-cbc', keyBytes: 24 }],
]);

const legacyCiphers: ReadonlyMap<string, LegacyCipher> = new Map([
  ['2a864886f70d010c0103', { name: 'des', keyBytes: 24 }],
  ['2a864886f70d010c0104', { name: 'des', keyBytes: 16 }],
  ['2a864886f70d010c0105', { name: 'rc2', keyBytes: 16 }],
  ['2a864886f70d010c0106', { name: 'rc2', keyBytes: 5 }],
]);
