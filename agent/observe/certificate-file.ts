import type { Certificate } from '@certherd/protocol/certificate';
import type { Result } from '@certherd/protocol/failure';
import type { FileObservation } from '@certherd/protocol/snapshot';
import { readBundle } from '../formats/bundle.ts';
import { type ChainOrder, orderOf } from '../formats/chain.ts';
import { instantOf } from '../formats/instant.ts';
import { keyBelongsTo } from '../formats/private-key.ts';
import type { Files } from '../ports.ts';

/** What a server finds that is told to load this file as its certificate. */
export interface CertificateFile {
  observation: FileObservation;
  /** Leaf first, as found; empty where the first one could not be read, for then none of them is the leaf. */
  certificates: Certificate[];
  /** For comparing with a private key. */
  leafDer?: Uint8Array;
  /** Whether each certificate is issued by the next; absent where nothing was read. */
  chain?: ChainOrder;
}

/**
 * Reads a certificate file, PEM or DER. `readFrom` is where to read it from when that is known better than by the path
 * that is reported: the numbered file behind a link that may move at any moment.
 */
export function observeCertificateFile(files: Files, path: string, readFrom = path): CertificateFile {
  const content = files.read(readFrom);
  if (!content.ok) return { observation: { path, fingerprints: [], failure: content.failure }, certificates: [] };
  const bundle = readBundle(content.value.bytes);
  // no copy of a key that shares the file with its certificate stays in memory
  if (bundle.keys > 0) content.value.bytes.fill(0);

  const found = bundle.leafRead ? bundle.certificates : [];
  const [leaf] = found;
  const modifiedAt = instantOf(content.value.modifiedAt);
  return {
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
export function keyMatches(files: Files, keyPath: string, leafDer: Uint8Array): Result<boolean> {
  const content = files.read(keyPath);
  if (!content.ok) return content;
  try {
    return keyBelongsTo(content.value.bytes, leafDer);
  } finally {
    content.value.bytes.fill(0);
  }
}

function chainOf(found: readonly { x509: Parameters<typeof orderOf>[0][number] }[]): ChainOrder {
  return orderOf(
    found.map(({ x509 }) => x509),
    { signatures: false },
  );
}
