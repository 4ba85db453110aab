import type { Subject } from '@certherd/protocol/finding';
import type { Endpoint, Lineage } from '@certherd/protocol/snapshot';
import { isNameOf } from './outside/name-of.ts';

/** Their agent tells one for each certificate, whose subject is one of the endpoints that serve it. */
const ofCertificate: readonly string[] = ['expired', 'not-yet-valid'];

/** Tells which endpoints of a host a finding puts at risk: `concernedBy`, and where it is about a certificate all that serve that one. */
export function concernedByFinding(
  { code, subject, evidence }: { code: string; subject: Subject; evidence: Readonly<Record<string, string>> },
  lineages: Parameters<typeof concernedBy>[1],
): (endpoint: Pick<Endpoint, 'id' | 'deployment' | 'issued' | 'served'>) => boolean {
  const bySubject = concernedBy(subject, lineages);
  const fingerprint = ofCertificate.includes(code) && subject.kind === 'endpoint' ? evidence['fingerprint'] : undefined;
  if (fingerprint === undefined) return bySubject;
  return (endpoint) => endpoint.served === fingerprint || bySubject(endpoint);
}

/** Tells which endpoints of a host serve what a finding about `subject` puts at risk; `lineages` are that host's. */
export function concernedBy(
  { kind, id }: Subject,
  lineages: readonly Pick<Lineage, 'name' | 'issued' | 'certificatePath'>[],
): (endpoint: Pick<Endpoint, 'id' | 'deployment' | 'issued'>) => boolean {
  switch (kind) {
    case 'endpoint':
      return (endpoint) => endpoint.id === id;
    case 'deployment':
      return ({ deployment }) => deployment === id;
    case 'file':
      return ({ deployment }) => deployment?.endsWith(`:${id}`) ?? false;
    case 'lineage': {
      const lineage = lineages.find(({ name }) => name === id);
      if (lineage === undefined) return () => false;
      return ({ issued, deployment }) =>
        (issued !== undefined && issued === lineage.issued) ||
        (deployment?.endsWith(`:${lineage.certificatePath}`) ?? false);
    }
    default:
      return () => true;
  }
}

/** Tells which endpoints of a host serve the name of a finding about an address that the host does not know: it was seen from outside. */
export function servesNameOf({
  names,
  subject,
}: {
  names?: readonly string[];
  subject: Subject;
}): (endpoint: Pick<Endpoint, 'serverName'>) => boolean {
  return ({ serverName }) =>
    names?.some((name) => isNameOf(serverName, name)) ?? subject.id.startsWith(`${serverName}@`);
}
