import type { Certificate } from '@certherd/protocol/certificate';
import type { Snapshot } from '@certherd/protocol/snapshot';

/** One leaf that a host holds, and where. */
export interface Holding {
  /** Paths whose first certificate it is. */
  files: string[];
  /** Endpoints (ids) that present it. */
  endpoints: string[];
  /** The host renews these names itself: what becomes of this one is for its own agent to judge. */
  renewedHere: boolean;
  /** A deployment names it, or clients were shown it. */
  inUse: boolean;
}

/** All that the fleet's index needs of a host. */
export interface HostHoldings {
  agentId: string;
  hostName: string;
  /** By fingerprint; authorities' own certificates are left out. */
  held: ReadonlyMap<string, Holding>;
}

type Told = Pick<Snapshot, 'files' | 'lineages' | 'deployments' | 'endpoints'>;

/** What a host holds, by what it last told. Certificates that are not known are left out. */
export function holdingsOf(
  { agentId, name }: { agentId: string; name: string },
  { files, lineages, deployments, endpoints }: Told,
  certificates: Pick<ReadonlyMap<string, Certificate>, 'get'>,
): HostHoldings {
  const held = new Map<string, Holding>();
  const renewed = new Set<string>();
  for (const { live, issued } of lineages)
    for (const fingerprint of [live, issued]) {
      const certificate = certificates.get(fingerprint ?? '');
      if (certificate) renewed.add(purposeOf(certificate));
    }
  const hold = (fingerprint: string | undefined): Holding | undefined => {
    const certificate = certificates.get(fingerprint ?? '');
    if (!certificate || certificate.isAuthority) return undefined;
    const before = held.get(certificate.fingerprint);
    if (before) return before;
    const holding = { files: [], endpoints: [], renewedHere: renewed.has(purposeOf(certificate)), inUse: false };
    held.set(certificate.fingerprint, holding);
    return holding;
  };
  for (const { path, fingerprints } of files) hold(fingerprints[0])?.files.push(path);
  for (const { configured } of deployments) {
    const holding = hold(configured);
    if (holding) holding.inUse = true;
  }
  for (const { id, served } of endpoints) {
    const holding = hold(served);
    if (!holding) continue;
    holding.endpoints.push(id);
    holding.inUse = true;
  }
  return { agentId, hostName: name, held };
}

/** Names in lower case (RFC 4343), each once, in their order as text. */
export function namesOf({ subjectAltNames }: Certificate): string[] {
  return [...new Set(subjectAltNames.map((name) => name.toLowerCase()))].sort();
}

/** Certificates that stand for each other: the same names, and the same kind of key. */
function purposeOf(certificate: Certificate): string {
  return [certificate.algorithm, ...namesOf(certificate)].join('\n');
}
