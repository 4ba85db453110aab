import { isIP } from 'node:net';
import type { X509Certificate } from 'node:crypto';
import type { Handshake } from '@certherd/handshake/dial';
import type { Certificate } from '@certherd/protocol/certificate';
import { type Result, success } from '@certherd/protocol/failure';
import { leafOf, readCertificate } from '@certherd/x509/certificate';
import { demandsStaple } from '@certherd/x509/certificate-parts';
import { ocspAnswer } from '@certherd/x509/ocsp-answer';
import { openedOrNot } from '@certherd/x509/roots';
import { type Roots, trustPathOf } from '@certherd/x509/trust-path';
import type { SeenAnswer } from './seen.ts';

/** Judges what a handshake showed by the name that was asked for. `now`: milliseconds since 1970. */
export type ReadAnswer = (shown: Handshake, host: string, now: number) => Result<SeenAnswer>;

interface Opened {
  certificate: Certificate;
  /** undefined: OpenSSL cannot open it. */
  x509: X509Certificate | undefined;
}

/** Of so many issuers the facts are kept: most chains have the same few. Not of larger ones: 100 KiB of names would take a mebibyte each, for as long as this runs. */
const mostKept = 500;
const mostKeptBytes = 4096;

/** Chains are judged by these roots. */
export function answerReader(roots: Roots): ReadAnswer {
  const kept = new Map<string, Opened>();
  /** Several chains of one look may name the same bytes. */
  const before = new WeakMap<Uint8Array, Result<Opened>>();
  const read = (der: Uint8Array, isLeaf: boolean): Result<Opened> => {
    const value = before.get(der) ?? readAnew(der, isLeaf);
    before.set(der, value);
    return value;
  };
  const readAnew = (der: Uint8Array, isLeaf: boolean): Result<Opened> => {
    const isKept = !isLeaf && der.length <= mostKeptBytes;
    const key = isKept ? Buffer.from(der).toString('latin1') : '';
    const known = isKept ? kept.get(key) : undefined;
    if (known) return { ok: true, value: known };
    const facts = readCertificate(der);
    if (!facts.ok) return facts;
    const value = { certificate: facts.value, x509: openedOrNot(der) };
    if (!isKept) return { ok: true, value };
    // learnt anew: else whoever fills it once with issuers of nobody's leaves no room for those of all others
    if (kept.size >= mostKept) kept.clear();
    kept.set(key, value);
    return { ok: true, value };
  };
  return ({ chain, leaf: proved, tlsVersion, alpn, staple }, host, now) => {
    const certificates: Certificate[] = [];
    const opened: X509Certificate[] = [];
    let first: X509Certificate | undefined;
    for (const [index, der] of chain.entries()) {
      const one: Result<Pick<Opened, 'certificate'> & { x509?: X509Certificate | undefined }> =
        index === 0 && proved ? success({ certificate: proved.certificate }) : read(der, index === 0);
      if (!one.ok) return one;
      certificates.push(one.value.certificate);
      // a leaf that OpenSSL cannot open is not to be judged as the one behind it
      if (index === 0) first = one.value.x509;
      else if (one.value.x509) opened.push(one.value.x509);
    }
    const [leaf] = certificates;
    const judged = proved ? leafOf(proved) : first;
    if (!leaf) return { ok: false, failure: { reason: 'no-certificate', detail: 'no certificate was shown' } };
    // a certificate that OpenSSL cannot open is no client's to follow
    const path =
      judged && opened.length + 1 === certificates.length ? trustPathOf(judged, opened, roots, now) : undefined;
    return {
      ok: true,
      value: {
        algorithm: leaf.algorithm,
        certificates,
        tlsVersion,
        ...(alpn !== undefined && { alpn }),
        nameMatches: judged !== undefined && bears(judged, host),
        trusted: path?.trusted === true,
        ...(path?.trusted !== true && { chainProblem: path?.problem ?? 'not-read' }),
        ...(staple && { staple: readStaple(staple, () => proved?.x509 ?? first, opened, roots, now) }),
        ...(chain[0] && demandsStaple(chain[0]) && { mustStaple: true }),
      },
    };
  };
}

/** By the issuers that were sent with the leaf, or are trusted. Few leaves are opened for it: most have none. */
function readStaple(
  staple: Uint8Array,
  leafToOpen: () => X509Certificate | undefined,
  sent: readonly X509Certificate[],
  roots: Roots,
  now: number,
): NonNullable<SeenAnswer['staple']> {
  if (staple.length === 0) return { state: 'none' };
  const leaf = leafToOpen();
  if (!leaf) return { state: 'unsupported' };
  const read = ocspAnswer(staple, leaf, [...sent, ...(roots.get(leaf.issuer) ?? [])], now);
  if (!read.ok) return { state: read.reason };
  const { status, ...times } = read.value;
  return { state: status, ...times };
}

function bears(leaf: Pick<X509Certificate, 'checkHost' | 'checkIP'>, host: string): boolean {
  try {
    if (isIP(host) !== 0) return leaf.checkIP(host) !== undefined;
    return leaf.checkHost(host, { subject: 'never' }) !== undefined;
  } catch {
    // OpenSSL does not open it after all
    return false;
  }
}
