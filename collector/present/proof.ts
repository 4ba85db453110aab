import type { Severity } from '@certherd/protocol/finding';
import type { CertificateView, EndpointStatus, Estate, HostStatus, HostView } from '../serve/estate.ts';
import type { Connection } from './connection.ts';
import { counted, type Tone } from '../wording/words.ts';
import type { Needs } from './needs.ts';

/** What the estate is made of, counted. */
export interface Proof {
  readonly hosts: Readonly<Record<HostStatus, number>>;
  readonly endpoints: Readonly<Record<EndpointStatus, number>>;
  readonly hostCount: number;
  readonly endpointCount: number;
  /** Endpoints that were proved by a look in the hour before the estate was told. */
  readonly recent: number;
  /** The oldest look among the proved endpoints: each of them was seen since. */
  readonly lookedAt?: string;
  /** Whose look is the oldest among the hosts that are not revoked. */
  readonly oldest?: Pick<HostView, 'agentId' | 'name'> & { readonly observedAt: string };
}

const hourMs = 3_600_000;

export function proofOf({ at, hosts, endpoints }: Pick<Estate, 'at' | 'hosts' | 'endpoints'>): Proof {
  const hourAgo = new Date(Date.parse(at) - hourMs).toISOString();
  const proof = {
    hosts: { critical: 0, unknown: 0, warning: 0, healthy: 0 },
    endpoints: { expired: 0, 'not-yet-valid': 0, drift: 0, unreachable: 0, unknown: 0, proved: 0 },
    hostCount: hosts.length,
    endpointCount: endpoints.length,
  };
  let oldest: Proof['oldest'];
  for (const { status, agentId, name, observedAt, revokedAt } of hosts) {
    proof.hosts[status] += 1;
    if (observedAt === undefined || revokedAt !== undefined) continue;
    if (oldest === undefined || observedAt < oldest.observedAt) oldest = { agentId, name, observedAt };
  }
  let recent = 0;
  let lookedAt: string | undefined;
  for (const { status, observedAt } of endpoints) {
    proof.endpoints[status] += 1;
    if (status !== 'proved' || observedAt === undefined) continue;
    if (observedAt > hourAgo) recent += 1;
    if (lookedAt === undefined || observedAt < lookedAt) lookedAt = observedAt;
  }
  return { ...proof, recent, ...(lookedAt && { lookedAt }), ...(oldest && { oldest }) };
}

/** The page's first sentence. `good` only when everything is proved and the page hears from the collector. */
export interface Verdict {
  readonly tone: Tone;
  readonly sentence: string;
}

export function verdictOf({ pressing }: Needs, proof: Proof, connection: Connection): Verdict {
  const { endpoints, hostCount: hosts, endpointCount } = proof;
  const counts = { pressing: pressing.length, hosts, endpoints: endpointCount, proved: endpoints.proved };
  return verdictBy(counts, pressing[0]?.severity, connection);
}

/** `worst`: the severity of the most urgent need. */
export function verdictBy(
  { pressing, hosts, endpoints, proved }: Readonly<Record<'pressing' | 'hosts' | 'endpoints' | 'proved', number>>,
  worst: Severity | undefined,
  connection: Connection,
): Verdict {
  if (worst !== undefined)
    return { tone: worst, sentence: `${counted(pressing, 'thing needs', 'things need')} a person` };
  if (connection === 'lost') return { tone: 'unknown', sentence: 'Nothing needed a person when last heard' };
  if (hosts === 0) return { tone: 'unknown', sentence: 'No host yet' };
  if (endpoints === 0) return { tone: 'unknown', sentence: 'Nothing to prove yet' };
  if (proved < endpoints) {
    return { tone: 'unknown', sentence: 'Nothing needs a person, but not everything is proved' };
  }
  return { tone: 'good', sentence: 'Nothing needs a person' };
}

/** The served certificate that ends first among those still valid at `now`, in milliseconds since 1970. */
export function nextToEnd(certificates: readonly CertificateView[], now: number): CertificateView | undefined {
  let next: CertificateView | undefined;
  for (const certificate of certificates) {
    if (certificate.endpoints.length === 0 || Date.parse(certificate.notAfter) <= now) continue;
    if (next === undefined || certificate.notAfter < next.notAfter) next = certificate;
  }
  return next;
}
