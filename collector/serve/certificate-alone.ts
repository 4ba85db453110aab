import { registeredDomain } from '../evaluate/registered-domain.ts';
import type { CertificateFacts } from '../store/facts.ts';
import type { CertificateChange } from './estate-change.ts';

/** A certificate as it is shown, without where it is. */
export function certificateAlone({ certificate, firstSeenAt, basis }: CertificateFacts): CertificateChange {
  const { isAuthority, subjectAltNames } = certificate;
  // By the collector: the list of public suffixes is as large as all of the page.
  const domains = isAuthority ? [] : [...new Set(subjectAltNames.map(registeredDomain))];
  return { ...certificate, firstSeenAt: new Date(firstSeenAt).toISOString(), basis, domains };
}
