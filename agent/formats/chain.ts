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
