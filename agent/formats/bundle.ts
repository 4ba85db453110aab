import { Buffer } from 'node:buffer';
import type { Failure, Result } from '@certherd/protocol/failure';
import { openCertificate, type ReadCertificate } from '@certherd/x509/certificate';
import { decodePem, isCertificateLabel, isKeyLabel, type PemBlock, readPemBlocks } from '@certherd/x509/pem';

/** What a file's bytes look like. PKCS#7 and PKCS#12 are recognised here and read in container.ts. */
export type BundleFormat = 'pem' | 'der' | 'pkcs7' | 'pkcs12' | 'unknown';

export interface BundledCertificate extends ReadCertificate {
  /** Counted from 1 among all certificates of the file, those that could not be read included. */
  position: number;
}

/** Everything found in one file, in its order. */
export interface Bundle {
  format: BundleFormat;
  certificates: BundledCertificate[];
  /** Private keys found; they are counted and left alone. */
  keys: number;
  /** False when the first certificate could not be read: what follows is then no leaf. */
  leafRead: boolean;
  /** Why nothing, or not everything, was read. */
  failure?: Failure;
}

/** No server sends a longer chain, and RFC 8446 leaves the limit to the parties. */
export const maxCertificates = 100;

/**
 * Reads a file of PEM text or one DER certificate. A damaged block fails alone: the others are still listed.
 * Failures: 'empty', 'no-certificate', 'malformed', 'too-large', 'too-many-certificates' (the first 100 are listed),
 * 'unsupported' (a PKCS#7 or PKCS#12 container).
 */
export function readBundle(bytes: Uint8Array): Bundle {
  if (bytes.length === 0) return nothing('unknown', { reason: 'empty', detail: 'the file is empty' });
  const format = recognise(bytes);
  if (format === 'der') return bundleOf('der', [{ place: () => 'the certificate', read: openCertificate(bytes) }], 0);
  if (format === 'key')
    return nothing('der', { reason: 'no-certificate', detail: 'a private key and nothing else' }, 1);
  if (format !== 'pem') return container(format);

  const blocks = readPemBlocks(bytes);
  if (blocks.some(({ label }) => isContainerLabel(label))) return container('pkcs7');
  const keys = blocks.filter(({ label }) => isKeyLabel(label)).length;
  const found = blocks.filter(({ label }) => isCertificateLabel(label));
  if (found.length === 0) return nothing(blocks.length > 0 ? 'pem' : 'unknown', withoutCertificate(blocks, keys), keys);
  const entries = found.slice(0, maxCertificates).map((block, index) => ({
    place: () => `certificate ${index + 1} (line ${block.line})`,
    read: openBlock(block),
  }));
  return bundleOf('pem', entries, keys, found.length);
}

/** Puts what was read of each certificate together. `total` counts those that were not even tried. */
export function bundleOf(
  format: BundleFormat,
  entries: readonly { place: () => string; read: Result<ReadCertificate> }[],
  keys: number,
  total = entries.length,
): Bundle {
  const certificates: BundledCertificate[] = [];
  const failures: Failure[] = [];
  for (const [index, { place, read }] of entries.entries()) {
    if (read.ok) certificates.push(Object.assign(read.value, { position: index + 1 }));
    else failures.push({ reason: read.failure.reason, detail: `${place()}: ${read.failure.detail}` });
  }
  if (total > entries.length)
    failures.push({
      reason: 'too-many-certificates',
      detail: `${total} certificates; at most ${maxCertificates} are read`,
    });
  const bundle = { format, certificates, keys, leafRead: entries[0]?.read.ok ?? false };
  const [first] = failures;
  if (!first) return bundle;
  const detail = failures
    .map((failure) => failure.detail)
    .join('; ')
    .slice(0, 2000);
  return { ...bundle, failure: { reason: first.reason, detail } };
}

/** The DER inside a PEM file's container block, if it has one and it decodes. */
export function containerBlock(bytes: Uint8Array): Result<Uint8Array> | undefined {
  const block = readPemBlocks(bytes).find(({ label }) => isContainerLabel(label));
  return block && decodePem(block);
}

function openBlock(block: PemBlock): Result<ReadCertificate> {
  const der = decodePem(block);
  return der.ok ? openCertificate(der.value) : der;
}

function nothing(format: BundleFormat, failure: Failure, keys = 0): Bundle {
  return { format, certificates: [], keys, leafRead: false, failure };
}

function container(format: 'pkcs7' | 'pkcs12'): Bundle {
  const name = format === 'pkcs7' ? 'PKCS#7' : 'PKCS#12';
  return nothing(format, { reason: 'unsupported', detail: `a ${name} container, which servers do not read as PEM` });
}

function withoutCertificate(blocks: readonly PemBlock[], keys: number): Failure {
  const others = [...new Set(blocks.map(({ label }) => label))].slice(0, 5).join(', ');
  if (keys > 0 && keys === blocks.length)
    return {
      reason: 'no-certificate',
      detail: `${keys === 1 ? 'a private key' : `${keys} private keys`} and nothing else`,
    };
  return { reason: 'no-certificate', detail: blocks.length > 0 ? `only: ${others}` : 'neither PEM nor DER' };
}

function isContainerLabel(label: string): boolean {
  return label === 'PKCS7' || label === 'CMS' || label === 'PKCS #7 SIGNED DATA';
}

/** A SEQUENCE with a length of several bytes is never text: the second byte would not be UTF-8. */
function recognise(bytes: Uint8Array): 'pem' | 'der' | 'key' | 'pkcs7' | 'pkcs12' {
  const [tag, length = 0] = bytes;
  if (tag !== 0x30 || length < 0x80 || length > 0x84) return 'pem';
  const inside = Buffer.from(bytes.subarray(2 + (length & 0x7f), 2 + (length & 0x7f) + 11)).toString('hex');
  if (inside.startsWith('020103')) return 'pkcs12';
  if (inside.startsWith('06092a864886f70d0107')) return 'pkcs7';
  return /^0201(?:00|01)/.test(inside) ? 'key' : 'der';
}
