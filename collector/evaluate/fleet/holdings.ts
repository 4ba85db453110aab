import type { Certificate } from '@certherd/protocol/certificate';
import type { Snapshot } from '@certherd/protocol/snapshot';

/** One leaf that a host holds, and where. */
export interface Holding {
  /** Paths whose first certificate it is. */
  files: readonly string[];
  /** Endpoints (ids) that present it. */
  endpoints: readonly string[];
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

const none: readonly string[] = [];

type Told = Pick<Snapshot, 'files' | 'lineages' | 'deployments' | 'endpoints'>;

/** What a host holds, by what it last told. Certificates that are not known are left out. */
export function holdingsOf(
  { agentId, name }: { agentId: string; name: string },
  { files, lineages, deployments, endpoints }: Told,
  certificates: Pick<ReadonlyMap<string, Certificate>, 'get'>,
): HostHoldings {
  const held = new Map<string, Holding>();
  // Nearly always what a lineage has is what is held: then nobody asks for its names.
  const lineaged = new Set(lineages.flatMap(({ live, issued }) => [live, issued]));
  let purposes: Set<string> | undefined;
  const isRenewed = (certificate: Certificate): boolean => {
    if (lineaged.has(certificate.fingerprint)) return true;
    purposes ??= new Set([...lineaged].flatMap((one) => certificates.get(one ?? '') ?? []).map(purposeOf));
    return purposes.size > 0 && purposes.has(purposeOf(certificate));
  };
  const paths = Map.groupBy(files, ({ fingerprints: [leaf] }) => leaf);
  const presented = Map.groupBy(endpoints, ({ served }) => served);
  const configured = new Set(deployments.map((deployment) => deployment.configured));
  for (const fingerprint of new Set([...paths.keys(), ...configured, ...presented.keys()])) {
    const certificate = certificates.get(fingerprint ?? '');
    if (!certificate || certificate.isAuthority) continue;
    // Arrays of their exact length: one that grew has room for sixteen more, and there are two for each certificate of the fleet.
    held.set(certificate.fingerprint, {
      files: paths.get(fingerprint)?.map(({ path }) => path) ?? none,
      endpoints: presented.get(fingerprint)?.map(({ id }) => id) ?? none,
      renewedHere: isRenewed(certificate),
      inUse: configured.has(fingerprint) || presented.has(fingerprint),
    });
  }
  return { agentId, hostName: name, held };
}

/** Names in lower case (RFC 4343), each once, in their order as text. */
export function namesOf({ subjectAltNames }: Certificate): readonly string[] {
  const names = [...new Set(subjectAltNames.map((name) => name.toLowerCase()))].sort();
  // The same list where that is what it says: there is one for each certificate of the fleet.
  const isSame = names.length === subjectAltNames.length && names.every((name, at) => name === subjectAltNames[at]);
  return isSame ? subjectAltNames : names;
}

/** Names in lower case, as one text: the same for certificates that CAs count as duplicates of each other, in whatever order theirs are. */
export function namesKey(names: readonly string[]): string {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort().join(' ');
}

/** Certificates that stand for each other: the same names, and the same kind of key. */
function purposeOf(certificate: Certificate): string {
  return [certificate.algorithm, ...namesOf(certificate)].join('\n');
}
