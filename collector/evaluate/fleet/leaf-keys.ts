import type { KnownCertificate } from './fleet-index.ts';

/** FNV-1a, 32 bits (RFC 9923). */
const basis = 0x811c9dc5;
const prime = 0x01000193;

/**
 * Numbers by which a leaf is found: of two that are the same certificate, that have one key as far as is known, or that have a name, an authority and an
 * algorithm in common, one at least is the same; but that a certificate whose key is known is not found by what was claimed before (see `toldKey`). The
 * first follows from the key, else from the fingerprint. Two that have nothing in common seldom share one. `seed`, a whole number below 2^32, is the same for all that are compared, and no agent's to know: who
 * can tell the numbers finds names whose numbers all stand in one place of a table.
 */
export function leafKeys(
  { certificate, keyDigest }: Pick<KnownCertificate, 'certificate' | 'keyDigest'>,
  authority: string,
  seed: number,
): Set<number> {
  const { fingerprint, algorithm, subjectAltNames } = certificate;
  const keys = new Set([hashOf(keyDigest ?? fingerprint, basis ^ seed)]);
  const scope = hashOf(`${algorithm} ${authority}\n`, basis ^ seed);
  for (const name of subjectAltNames) keys.add(hashOf(name.toLowerCase(), scope));
  return keys;
}

/** The number that a certificate whose key is known has where that is not known yet, as to those that held it before. Undefined: it is not known. */
export function toldKey(
  { certificate, keyDigest }: Pick<KnownCertificate, 'certificate' | 'keyDigest'>,
  seed: number,
): number | undefined {
  return keyDigest === undefined ? undefined : hashOf(certificate.fingerprint, basis ^ seed);
}

/** Of UTF-16 code units. */
function hashOf(text: string, from: number): number {
  let hash = from;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), prime);
  // The parts that a table is divided into are told by the upper bits: they must follow from all of the text, as the lower ones do.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
