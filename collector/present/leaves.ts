import type { CertificateView, Estate, LineageView } from '../serve/estate.ts';
import { authorityName, namesOf } from '../wording/names.ts';
import type { Labels } from './needs.ts';

/** Who renews a certificate: a lineage by itself, a lineage that somebody told not to, or nobody that is known. */
export type Keeper = 'automatic' | 'paused' | 'hand';

/** A certificate that is no authority's, with what pages about time and money ask of it. */
export interface Leaf {
  readonly certificate: CertificateView;
  /** What people call it, raw. */
  readonly name: string;
  /** The organisation that issued it, raw. */
  readonly authority: string;
  readonly keeper: Keeper;
  readonly lineage: LineageView | undefined;
  /** Milliseconds since 1970. */
  readonly endsAt: number;
  /** Of an endpoint that serves it, else of the list's row for its name, else of a host that has it. */
  readonly labels: Labels;
}

/** Every certificate that is no authority's. */
export function leavesOf(estate: Pick<Estate, 'certificates' | 'lineages' | 'endpoints' | 'hosts' | 'listed'>): Leaf[] {
  const lineages = new Map<string, LineageView>();
  for (const lineage of estate.lineages)
    for (const fingerprint of [lineage.live, lineage.issued])
      if (fingerprint !== undefined) lineages.set(fingerprint, lineage);
  const labelsOf = labelFinder(estate);
  return estate.certificates
    .filter(({ isAuthority }) => !isAuthority)
    .map((certificate) => {
      const lineage = lineages.get(certificate.fingerprint);
      const [name = ''] = namesOf(certificate);
      return {
        certificate,
        name,
        authority: authorityName(certificate),
        keeper: lineage === undefined ? 'hand' : lineage.autorenew === false ? 'paused' : 'automatic',
        lineage,
        endsAt: Date.parse(certificate.notAfter),
        labels: labelsOf(certificate),
      };
    });
}

const monthMs = 30 * 86_400_000;

export interface Standing {
  readonly ended: number;
  /** Not ended, and will be within 30 days. */
  readonly ending: number;
}

export function standingOf(leaves: readonly Pick<Leaf, 'endsAt'>[], now: number): Standing {
  const ended = leaves.filter(({ endsAt }) => endsAt <= now).length;
  return { ended, ending: leaves.filter(({ endsAt }) => endsAt < now + monthMs).length - ended };
}

function labelFinder({ endpoints, hosts, listed }: Pick<Estate, 'endpoints' | 'hosts' | 'listed'>) {
  const ofEndpoint = new Map(endpoints.map(({ agentId, id, labels }) => [JSON.stringify([agentId, id]), labels]));
  const ofHost = new Map(hosts.map(({ agentId, labels }) => [agentId, labels]));
  const ofName = new Map(listed.map(({ name, labels }) => [name, labels]));
  return (certificate: CertificateView): Labels => {
    for (const { agentId, id } of certificate.endpoints) {
      const labels = ofEndpoint.get(JSON.stringify([agentId, id]));
      if (labels) return labels;
    }
    for (const name of namesOf(certificate)) {
      const labels = ofName.get(name.toLowerCase());
      if (labels) return labels;
    }
    return ofHost.get(certificate.files[0]?.agentId ?? '') ?? {};
  };
}
