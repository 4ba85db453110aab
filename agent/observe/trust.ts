import { createHash, type X509Certificate } from 'node:crypto';
import { openedOrNot } from '@certherd/x509/roots';
import type { Dialer, Files } from '../ports.ts';
import { type Untidiness, untidinessOf } from '../formats/chain.ts';
import type { Steps } from '../formats/steps.ts';
import { trustPath } from '@certherd/x509/trust-path';
import { observeCertificateFile } from './certificate-file.ts';
import type { ObservedEndpoint } from './observations.ts';
import type { TrustedRoots } from './trusted-roots.ts';

/** Whether a chain that endpoints present leads to a root that this host trusts. */
export interface ChainTrust {
  /** Leaf first, as served. */
  fingerprints: string[];
  trusted: boolean;
  /** What does not belong into it, or not there. */
  untidy?: Untidiness;
  /** Where trusted: until then it is by the same roots; milliseconds since 1970. */
  until?: number;
  /** The root's subject, where trusted; one attribute a line as node:crypto gives it, joined with ", ". */
  root?: string;
  problem?: 'self-signed' | 'unknown-root' | 'no-issuer' | 'issuer-expired' | 'issuer-not-yet-valid' | 'gave-up';
  /** The certificate at which the search ended. */
  at?: { fingerprint: string; subject: string; issuer: string; notBefore: string; notAfter: string };
}

/** Fields of Observations that `untrustedChain` judges. */
export interface TrustObserved {
  /** Each distinct chain once. */
  trust: ChainTrust[];
}

/** DER by fingerprint (lower-case hexadecimal SHA-256) of what was served. */
export type ServedCertificates = Map<string, Uint8Array>;

/** A dialer that also keeps each certificate that it is shown in `served`: the observations hold only what is read out of them. */
export function keepingCertificates(dial: Dialer, served: ServedCertificates): Dialer {
  return async (target) => {
    const answer = await dial(target);
    if (answer.ok) {
      for (const der of answer.value.chain) served.set(createHash('sha256').update(der).digest('hex'), der);
    }
    return answer;
  };
}

/** Follows every distinct chain that `endpoints` presented and `known` does not hold. `now` in milliseconds since 1970. */
export function* trustSteps(
  endpoints: readonly ObservedEndpoint[],
  served: ServedCertificates,
  roots: TrustedRoots,
  now: number,
  known: readonly ChainTrust[] = [],
): Steps<ChainTrust[]> {
  const opened = new Map<string, X509Certificate | undefined>();
  const open = (fingerprint: string) => {
    if (!opened.has(fingerprint)) opened.set(fingerprint, openedOrNot(served.get(fingerprint)));
    return opened.get(fingerprint);
  };
  const chains = new Map<string, string[]>();
  for (const endpoint of endpoints) {
    if (endpoint.served === undefined) continue;
    const fingerprints = [endpoint.served, ...endpoint.chain];
    chains.set(fingerprints.join(' '), fingerprints);
  }
  const before = new Map(known.map((chain) => [chain.fingerprints.join(' '), chain]));
  const judged: ChainTrust[] = [];
  for (const [key, fingerprints] of chains) {
    const chain = before.get(key) ?? judgedChain(fingerprints, fingerprints.map(open), roots, now);
    if (chain) judged.push(chain);
    yield;
  }
  return judged;
}

function judgedChain(
  fingerprints: string[],
  certificates: (X509Certificate | undefined)[],
  roots: TrustedRoots,
  now: number,
): ChainTrust | undefined {
  if (!certificates[0]) return undefined;
  const path = trustPath(
    certificates.filter((certificate) => certificate !== undefined),
    roots.roots,
    now,
  );
  if (!path) return undefined;
  const untidy = certificates.every((each) => each !== undefined) ? untidinessOf(certificates) : undefined;
  const judged: Omit<ChainTrust, 'fingerprints'> = path.trusted
    ? { trusted: true, root: oneLine(path.root), until: path.until }
    : endOf(path);
  return { fingerprints, ...judged, ...(untidy && { untidy }) };
}

/**
 * Whether the chain in this file lacks something. A leaf alone lacks nothing where a root that this host trusts issued it
 * itself, as private CAs without an intermediate do: clients of that CA need no more. `now` in milliseconds since 1970.
 */
export function needsIntermediate(files: Files, path: string, roots: TrustedRoots, now: number): boolean {
  const { certificates, leafDer } = observeCertificateFile(files, path);
  const leaf = certificates.length === 1 ? openedOrNot(leafDer) : undefined;
  return !(leaf && trustPath([leaf], roots.roots, now)?.trusted);
}

function endOf({
  problem,
  at,
}: Extract<ReturnType<typeof trustPath>, { trusted: false }>): Omit<ChainTrust, 'fingerprints'> {
  return {
    trusted: false,
    problem,
    at: {
      fingerprint: at.fingerprint256.replaceAll(':', '').toLowerCase(),
      subject: oneLine(at.subject),
      issuer: oneLine(at.issuer),
      notBefore: at.validFromDate.toISOString(),
      notAfter: at.validToDate.toISOString(),
    },
  };
}

/** As the protocol writes names. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ').slice(0, 2000);
}
