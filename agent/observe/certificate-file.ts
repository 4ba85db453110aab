import { hash } from 'node:crypto';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Result } from '@certherd/protocol/failure';
import type { FileObservation } from '@certherd/protocol/snapshot';
import { readBundle } from '../formats/bundle.ts';
import type { ReadCertificate } from '@certherd/x509/certificate';
import { type ChainOrder, orderOf } from '../formats/chain.ts';
import { instantOf } from '@certherd/x509/instant';
import { isOfOtherKind, keyBelongsTo } from '../formats/private-key.ts';
import type { Files, Permissions } from '../ports.ts';
import type { KeptWorks } from './look-memory.ts';

/** What a server finds that is told to load this file as its certificate. */
export interface CertificateFile {
  observation: FileObservation;
  /** Leaf first, as found; empty where the first one could not be read, for then none of them is the leaf. */
  certificates: Certificate[];
  /** For comparing with a private key. */
  leafDer?: Uint8Array;
  /** Whether each certificate is issued by the next; absent where nothing was read. */
  chain?: ChainOrder;
  /** What it is where it is not PEM. */
  encoding?: 'DER' | 'a PKCS#7 container' | 'a PKCS#12 container';
}

/** What was made of files before, while they stand (look-memory.ts). */
export interface KeptReadings {
  certificate(path: string, read: () => CertificateFile): CertificateFile;
  keyMatch(path: string, leaf: string, compare: () => Result<boolean>): Result<boolean>;
  works: KeptWorks;
}

/** The machine's files, perhaps with what is known of them already. */
export interface KnownFiles extends Files {
  kept?: KeptReadings;
  /** What is being made of them may not stand: something else was asked, and gave no answer. */
  doubt?: () => void;
  /** Who owns what a path leads to, and who may use it (Permissions.of); for work that asks that too. */
  permissions?: Permissions['of'];
}

/**
 * Reads a certificate file, PEM or DER. `readFrom` is where to read it from when that is known better than by the path
 * that is reported: the numbered file behind a link that may move at any moment.
 */
export function observeCertificateFile(files: KnownFiles, path: string, readFrom = path): CertificateFile {
  const read = () => readCertificateFile(files, readFrom);
  const file = files.kept?.certificate(readFrom, read) ?? read();
  return path === readFrom ? file : { ...file, observation: { ...file.observation, path } };
}

/** The file as nginx, Apache and HAProxy find it, which read PEM alone: anything else is to them a file without a certificate. */
export function readAsPem(file: CertificateFile): CertificateFile {
  if (file.encoding === undefined) return file;
  const detail = `it is ${file.encoding}, and this server reads PEM only`;
  return { observation: { ...file.observation, failure: { reason: 'no-certificate', detail } }, certificates: [] };
}

const encodings: ReadonlyMap<string, NonNullable<CertificateFile['encoding']>> = new Map([
  ['der', 'DER'],
  ['pkcs7', 'a PKCS#7 container'],
  ['pkcs12', 'a PKCS#12 container'],
]);

function readCertificateFile(files: Files, path: string): CertificateFile {
  const content = files.read(path);
  if (!content.ok) return { observation: { path, fingerprints: [], failure: content.failure }, certificates: [] };
  const bundle = readBundle(content.value.bytes);
  // no copy of a key that shares the file with its certificate stays in memory
  if (bundle.keys > 0) content.value.bytes.fill(0);

  const found = bundle.leafRead ? bundle.certificates : [];
  const [leaf] = found;
  const modifiedAt = instantOf(content.value.modifiedAt);
  const encoding = encodings.get(bundle.format);
  return {
    ...(encoding !== undefined && { encoding }),
    observation: {
      path,
      fingerprints: found.map(({ certificate }) => certificate.fingerprint),
      ...(modifiedAt === undefined ? {} : { modifiedAt }),
      ...(bundle.failure ? { failure: bundle.failure } : {}),
    },
    certificates: found.map(({ certificate }) => certificate),
    ...(leaf ? { leafDer: leaf.der, chain: chainOf(found) } : {}),
  };
}

/**
 * Does the private key in this file belong to this certificate? The key's bytes are wiped before this returns and only the
 * answer leaves. Failures: those of Files.read, 'empty', 'password-needed', 'malformed', 'unsupported'.
 */
export function keyMatches(files: KnownFiles, keyPath: string, leafDer: Uint8Array): Result<boolean> {
  const compare = () => compareKey(files, keyPath, leafDer);
  if (!files.kept) return compare();
  const leaf = hash('sha256', leafDer, 'base64');
  return files.kept.keyMatch(keyPath, leaf, compare);
}

/** Of a key that does not match: is it even of another kind (isOfOtherKind)? False where it cannot be read. */
export function keyKindDiffers(files: Files, keyPath: string, leafDer: Uint8Array): boolean {
  const content = files.read(keyPath);
  if (!content.ok) return false;
  try {
    return isOfOtherKind(content.value.bytes, leafDer);
  } finally {
    content.value.bytes.fill(0);
  }
}

function compareKey(files: Files, keyPath: string, leafDer: Uint8Array): Result<boolean> {
  const content = files.read(keyPath);
  if (!content.ok) return content;
  try {
    return keyBelongsTo(content.value.bytes, leafDer);
  } finally {
    content.value.bytes.fill(0);
  }
}

function chainOf(found: readonly ReadCertificate[]): ChainOrder {
  const [leaf, ...others] = found;
  // Most files: nothing to compare, and asking OpenSSL for the names again costs a third of the reading.
  if (leaf && others.length === 0 && leaf.certificate.subject !== leaf.certificate.issuer)
    return { complete: false, endsInRoot: false };
  return orderOf(
    found.map(({ x509 }) => x509),
    { signatures: false },
  );
}
