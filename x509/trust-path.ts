import type { X509Certificate } from 'node:crypto';

/** Trusted certificates by their subject as node:crypto writes it. */
export type Roots = Pick<ReadonlyMap<string, readonly X509Certificate[]>, 'get'>;

/** Where the search for a trusted root ended. */
export type TrustPath<At = X509Certificate> =
  /** `until`: the first moment at which an issuer on this way, or its root, is not valid any more; milliseconds since 1970. */
  | { trusted: true; root: string; until: number }
  | {
      trusted: false;
      /** 'self-signed': the leaf itself; 'unknown-root': the chain ends in a root that is not trusted; 'no-issuer': neither sent nor trusted. */
      problem: 'self-signed' | 'unknown-root' | 'no-issuer' | 'issuer-expired' | 'issuer-not-yet-valid' | 'gave-up';
      /** The certificate at which it ended: the expired issuer, the unknown root, or the one whose issuer is missing. */
      at: At;
    };

/** What the search asks of a leaf. */
export type Leaf = Pick<X509Certificate, 'subject' | 'issuer' | 'fingerprint256' | 'checkIssued' | 'verify'>;

export function rootsBySubject(roots: Iterable<X509Certificate>): Roots {
  const bySubject = new Map<string, X509Certificate[]>();
  for (const root of roots) bySubject.set(root.subject, [...(bySubject.get(root.subject) ?? []), root]);
  return bySubject;
}

/**
 * Looks for a way from the leaf (first of `chain`) over the certificates sent with it, in any order, to a trusted one, as
 * clients do (RFC 4158): by name, key identifier and key usage, then by signature. The leaf's own validity is not judged.
 * Bounded: at most 10 certificates deep and 64 signatures, whatever a hostile chain holds. `now` in ms since 1970.
 */
export function trustPath(chain: readonly X509Certificate[], roots: Roots, now: number): TrustPath | undefined {
  const [leaf, ...sent] = chain;
  return leaf && trustPathOf(leaf, sent, roots, now);
}

/** The same, of a leaf that may not be open yet. `sent`: what came behind it. */
export function trustPathOf<From extends Leaf>(
  leaf: From,
  sent: readonly X509Certificate[],
  roots: Roots,
  now: number,
): TrustPath<From | X509Certificate> {
  return follow(leaf, [leaf], { sent, roots, now, signatures: 0 });
}

const limits = { depth: 10, signatures: 64 } as const;

interface Search {
  sent: readonly X509Certificate[];
  roots: Roots;
  now: number;
  signatures: number;
}

function follow<From extends Leaf>(
  certificate: From | X509Certificate,
  path: readonly Leaf[],
  search: Search,
): TrustPath<From | X509Certificate> {
  const named = search.roots.get(certificate.subject) ?? [];
  if (named.some((root) => root.fingerprint256 === certificate.fingerprint256)) {
    return { trusted: true, root: certificate.subject, until: Number.POSITIVE_INFINITY };
  }
  const ends: TrustPath<From | X509Certificate>[] = [];
  const candidates = [
    ...(search.roots.get(certificate.issuer) ?? []).map((issuer) => ({ issuer, root: true })),
    ...search.sent
      .filter((issuer) => issuer.subject === certificate.issuer && !path.includes(issuer))
      .map((issuer) => ({ issuer, root: false })),
  ];
  for (const { issuer, root } of candidates) {
    if (search.signatures >= limits.signatures || path.length >= limits.depth)
      return { trusted: false, problem: 'gave-up', at: certificate };
    if (!isIssuer(certificate, issuer, search)) continue;
    const time = outsideValidity(issuer, search.now);
    if (time) ends.push({ trusted: false, problem: time, at: issuer });
    else {
      const until = issuer.validToDate.getTime();
      const found: TrustPath<From | X509Certificate> = root
        ? { trusted: true, root: issuer.subject, until }
        : follow(issuer, [...path, issuer], search);
      if (found.trusted) return { ...found, until: Math.min(found.until, until) };
      ends.push(found);
    }
  }
  return ends.sort((a, b) => tellingOf(b) - tellingOf(a))[0] ?? endAt(certificate, path.length === 1);
}

/** An expired issuer says more than that another way led nowhere. */
function tellingOf(end: TrustPath<unknown>): number {
  if (end.trusted) return 0;
  return (
    { 'issuer-expired': 3, 'issuer-not-yet-valid': 3, 'gave-up': 2, 'unknown-root': 1 }[end.problem as string] ?? 0
  );
}

function endAt<From extends Leaf>(certificate: From, isLeaf: boolean): TrustPath<From> {
  if (certificate.subject !== certificate.issuer) return { trusted: false, problem: 'no-issuer', at: certificate };
  return { trusted: false, problem: isLeaf ? 'self-signed' : 'unknown-root', at: certificate };
}

function isIssuer(certificate: Leaf, issuer: X509Certificate, search: Search): boolean {
  if (issuer === certificate || !issuer.ca) return false;
  try {
    if (!certificate.checkIssued(issuer)) return false;
    search.signatures++;
    return certificate.verify(issuer.publicKey);
  } catch {
    // an algorithm that OpenSSL does not know: no client of this host would follow it
    return false;
  }
}

function outsideValidity(issuer: X509Certificate, now: number): 'issuer-expired' | 'issuer-not-yet-valid' | undefined {
  if (issuer.validToDate.getTime() <= now) return 'issuer-expired';
  return issuer.validFromDate.getTime() > now ? 'issuer-not-yet-valid' : undefined;
}
