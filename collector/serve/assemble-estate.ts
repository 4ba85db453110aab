import type { Certificate } from '@certherd/protocol/certificate';
import { endpointStatus } from '../evaluate/endpoint-status.ts';
import { isOutOfDate } from '../evaluate/freshness.ts';
import { bySeverity, hostStatus } from '../evaluate/host-status.ts';
import { type LabelBook, labelBook, type Labels } from '../evaluate/labels.ts';
import { silentFindings } from '../evaluate/silent-findings.ts';
import type { EventFacts, Facts, HostFacts } from '../store/facts.ts';
import { targetFindings, targetView } from './target-views.ts';
import type { CertificateView, EndpointView, Estate, EventView, FindingView, HostView } from './estate.ts';

/** How each host is heard: what only the running collector knows. */
export interface HostPresence {
  connected: boolean;
  silent: boolean;
  heardAt: number | undefined;
  observedAt: number | undefined;
  /** Milliseconds since it looked, whatever the clocks say; undefined: only observedAt can tell. */
  lookAgeMs?: number | undefined;
}

export interface EstateFacts extends Facts {
  presenceOf(agentId: string): HostPresence;
  collectorVersion: string;
  startedAt: number;
}

/** The whole estate as of `now` (milliseconds since 1970): pure. Every verdict that depends on time is made here. */
export function assembleEstate(facts: EstateFacts, now: number): Estate {
  const known = new Map(facts.certificates.map(({ certificate }) => [certificate.fingerprint, certificate]));
  const held = new Map<string, Pick<CertificateView, 'files' | 'endpoints'>>();
  for (const fingerprint of known.keys()) held.set(fingerprint, { files: [], endpoints: [] });
  const book = labelBook(facts.labels);
  const views = facts.hosts.map((host) =>
    assembleHost(host, facts.presenceOf(host.agentId), { known, held, book }, now),
  );
  const endpoints = views.flatMap((view) => view.endpoints);
  const outside = targetFindings(facts.targets, endpoints, known, now);
  return {
    version: 1,
    at: instant(now),
    collector: { version: facts.collectorVersion, startedAt: instant(facts.startedAt) },
    hosts: views.map((view) => view.host),
    certificates: facts.certificates.map(({ certificate, firstSeenAt, basis }) => ({
      ...certificate,
      firstSeenAt: instant(firstSeenAt),
      basis,
      ...(held.get(certificate.fingerprint) ?? { files: [], endpoints: [] }),
    })),
    endpoints,
    lineages: facts.hosts.flatMap((host) =>
      (host.revokedAt === undefined ? (host.snapshot?.lineages ?? []) : []).map((lineage) => ({
        ...onHost(host),
        ...lineage,
      })),
    ),
    findings: [...views.flatMap((view) => view.findings), ...outside].sort(
      (a, b) => bySeverity(a, b) || order(a.since, b.since),
    ),
    events: facts.events.map(eventView),
    listed: facts.listed,
    targets: facts.targets.map(targetView),
  };
}

/** An event as the API shows it. */
export function eventView({ agentId, hostName, epoch, receivedAt, event }: EventFacts): EventView {
  return { agentId, hostName, epoch, ...event, receivedAt: instant(receivedAt) };
}

/** What all hosts share. */
interface Known {
  known: ReadonlyMap<string, Certificate>;
  held: ReadonlyMap<string, Pick<CertificateView, 'files' | 'endpoints'>>;
  book: LabelBook;
}

function assembleHost(
  host: HostFacts,
  presence: HostPresence,
  { known, held, book }: Known,
  now: number,
): { host: HostView; endpoints: EndpointView[]; findings: FindingView[] } {
  // What a revoked host said before is no more knowledge than what it would say now.
  const snapshot = host.revokedAt === undefined ? host.snapshot : undefined;
  const { silent } = presence;
  const heardAt = presence.heardAt ?? host.heardAt;
  const observedAt = snapshot && observedAtOf(snapshot.observedAt, presence);
  const lookAgeMs = presence.lookAgeMs ?? Math.abs(now - (observedAt ?? now));
  const blind = snapshot !== undefined && isOutOfDate(lookAgeMs, snapshot.host.lookSeconds);
  const stale = silent || blind;
  for (const { path, fingerprints } of snapshot?.files ?? [])
    held.get(fingerprints[0] ?? '')?.files.push({ ...onHost(host), path });
  const endpoints = (snapshot?.endpoints ?? []).map((endpoint): EndpointView => {
    const served = known.get(endpoint.served ?? '');
    held.get(endpoint.served ?? '')?.endpoints.push({ ...onHost(host), id: endpoint.id });
    return {
      ...onHost(host),
      ...endpoint,
      status: endpointStatus(endpoint, served, { stale, now }),
      ...(observedAt === undefined ? {} : { observedAt: instant(observedAt) }),
      ...(served ? { servedNotBefore: served.notBefore, servedNotAfter: served.notAfter } : {}),
      ...labelled(book.ofNames([endpoint.serverName], host.name)),
    };
  });
  const told = snapshot?.findings ?? [];
  const derived = stale ? silentFindings(snapshot?.endpoints ?? [], told, known, now) : [];
  const verdict = hostStatus({
    silent,
    heardAt,
    hasSnapshot: snapshot !== undefined,
    blindSince: blind ? now - lookAgeMs : undefined,
    findings: told,
    expiredEndpoints: endpoints.filter(({ servedNotAfter }) => isPast(servedNotAfter, now)).map(({ id }) => id),
    conflictAt: host.conflictAt,
    revokedAt: host.revokedAt,
    now,
  });
  return {
    host: {
      agentId: host.agentId,
      name: host.name,
      agentVersion: host.agentVersion,
      platform: host.snapshot?.host.platform ?? '',
      ...(snapshot ? { mode: snapshot.host.mode } : {}),
      ...verdict,
      connected: presence.connected,
      ...(host.conflictAt === undefined ? {} : { conflictAt: instant(host.conflictAt) }),
      ...(host.revokedAt === undefined ? {} : { revokedAt: instant(host.revokedAt) }),
      enrolledAt: instant(host.enrolledAt),
      ...(heardAt === undefined ? {} : { lastHeardAt: instant(heardAt) }),
      ...(observedAt === undefined ? {} : { observedAt: instant(observedAt) }),
      ...labelled(book.ofHost(host.name)),
    },
    endpoints,
    findings: [
      ...told.map((finding) => ({ ...onHost(host), ...finding, stale })),
      ...derived.map((finding) => ({ ...onHost(host), ...finding, stale: false })),
    ],
  };
}

/** A look that this process was told of is the last one; what is kept of earlier ones may be from a clock that was ahead. */
function observedAtOf(kept: number, { observedAt = kept, lookAgeMs }: HostPresence): number {
  return lookAgeMs === undefined ? Math.max(kept, observedAt) : observedAt;
}

function onHost({ agentId, name }: HostFacts): { agentId: string; hostName: string } {
  return { agentId, hostName: name };
}

function labelled(labels: Labels): { labels?: Record<string, string> } {
  return labels.size === 0 ? {} : { labels: Object.fromEntries([...labels].map(([key, { value }]) => [key, value])) };
}

function isPast(notAfter: string | undefined, now: number): boolean {
  return notAfter !== undefined && Date.parse(notAfter) < now;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
