import type { X509Certificate } from 'node:crypto';

/** A file's certificates judged as the chain that a server would send, leaf first (RFC 5246 7.4.2). */
export interface ChainOrder {
  /** Position (from 0) of the first certificate that the next one did not issue; absent when each is issued by the next. */
  breakAt?: number;
  /**
   * Whether a client that knows only root certificates can follow it: unbroken, and the leaf either has an issuer here or
   * signed itself. A leaf alone counts as incomplete: public CAs always issue through an intermediate.
   */
  complete: boolean;
  /** The last certificate signed itself: a root, which a server need not send. */
  endsInRoot: boolean;
}

/**
 * Compares names, key identifiers and key usage of each certificate with the next (X509Certificate.checkIssued), and with
 * `signatures` also verifies that the next one's key signed it, where its algorithm is known.
 */
export function orderOf(chain: readonly X509Certificate[], options: { signatures: boolean }): ChainOrder {
  const breakAt = chain.findIndex((certificate, index) => {
    const next = chain[index + 1];
    return next !== undefined && !issued(certificate, next, options.signatures);
  });
  const last = chain.at(-1);
  const endsInRoot = last !== undefined && signedItself(last);
  const unbroken = breakAt < 0;
  return {
    ...(unbroken ? {} : { breakAt }),
    complete: unbroken && (chain.length > 1 || endsInRoot),
    endsInRoot,
  };
}

function issued(certificate: X509Certificate, issuer: X509Certificate, signatures: boolean): boolean {
  return certificate.checkIssued(issuer) && (!signatures || signed(certificate, issuer));
}

/** checkIssued would not do: it wants the right to sign certificates, which a self-signed leaf seldom has. */
function signedItself(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && signed(certificate, certificate);
}

function signed(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    // an algorithm that OpenSSL does not know: the names are all there is to go by
    return true;
  }
}

/** What is untidy about the certificates that a server sends; positions count from 0, the leaf. */
export interface Untidiness {
  /** An issuer stands before what it issued: clients that follow the order (TLS 1.2, RFC 5246 7.4.2) stumble. */
  unsorted: boolean;
  /** Certificates that are there already. */
  repeated: number[];
  /** Certificates that issued none of the others on the leaf's way. */
  strangers: number[];
}

/** Undefined where the leaf is followed by its issuers in order and by nothing else. Bounded: at most n² comparisons of names. */
export function untidinessOf(chain: readonly X509Certificate[]): Untidiness | undefined {
  const prints = chain.map(({ fingerprint256 }) => fingerprint256);
  const repeated = prints.flatMap((print, at) => (prints.indexOf(print) < at ? [at] : []));
  const way = [0];
  const rest = prints.map((_, at) => at).filter((at) => at > 0 && !repeated.includes(at));
  for (let last = chain[0]; last; ) {
    const from = last;
    const next = rest.find((at) => !way.includes(at) && isIssuedBy(from, chain[at]));
    if (next !== undefined) way.push(next);
    last = next === undefined ? undefined : chain[next];
  }
  // another certificate for the same issuer, as cross-signed CAs have them, is no stranger
  const strangers = rest.filter(
    (at) => !way.includes(at) && !way.some((each) => each !== at && isIssuedBy(chain[each], chain[at])),
  );
  const unsorted = way.some((at, index) => index > 0 && at < (way[index - 1] ?? 0));
  return unsorted || repeated.length > 0 || strangers.length > 0 ? { unsorted, repeated, strangers } : undefined;
}

function isIssuedBy(certificate: X509Certificate | undefined, issuer: X509Certificate | undefined): boolean {
  return certificate !== undefined && issuer !== undefined && certificate.checkIssued(issuer);
}
