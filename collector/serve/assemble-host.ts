import type { Certificate } from '@certherd/protocol/certificate';
import { countdownsFrom } from '../evaluate/countdown.ts';
import { endpointStatus } from '../evaluate/endpoint-status.ts';
import { becomesOutOfDate, isOutOfDate } from '../evaluate/freshness.ts';
import { conflictMs, hostStatus } from '../evaluate/host-status.ts';
import type { OutsideFinding } from '../evaluate/outside/outside.ts';
import type { FleetFinding } from '../evaluate/fleet/fleet-findings.ts';
import type { LabelBook, Labels } from '../evaluate/labels.ts';
import { silentFindings } from '../evaluate/silent-findings.ts';
import type { KeptFacts } from '../store/facts.ts';
import type { EndpointStatus, EndpointView, FindingView, HostView, LineageView } from './estate.ts';
import { reachedWith } from './reached.ts';

/** How each host is heard: what only the running collector knows. */
export interface HostPresence {
  connected: boolean;
  silent: boolean;
  heardAt: number | undefined;
  observedAt: number | undefined;
  /** Milliseconds since it looked, whatever the clocks say; undefined: only observedAt can tell. */
  lookAgeMs?: number | undefined;
  /** How far its clock is ahead; undefined: not measured. */
  clockSkewSeconds?: number | undefined;
}

/** What all hosts share. */
export interface Shared {
  certificates: Pick<ReadonlyMap<string, Certificate>, 'get'>;
  book: LabelBook;
  fleet: FleetView;
  outside?: OutsideView;
}

/** What is seen from outside of the names that one host proves. It is no verdict of the host's own checks. */
export interface OutsideView {
  /** By endpoint: since when what it proves is presented at every address of its name, in milliseconds since 1970; those of which that is known alone. */
  everywhereOf: (agentId: string, now: number) => ReadonlyMap<string, number>;
  findingsOf: (agentId: string, now: number) => OutsideFinding[];
  /** Fingerprints that some target presents, or presented when it was heard last. */
  presented: () => ReadonlySet<string>;
  /** As in HostPart. */
  standUntil: (agentId: string, now: number) => number;
}

/** What the fleet as a whole says of one host. */
export interface FleetView {
  findingsOf: (agentId: string, now: number) => FleetFinding[];
  /** They stay as they are up to this instant and including it: milliseconds since 1970. */
  standUntil: (agentId: string, now: number) => number;
}

/** What a host's part says of each of its things. */
export interface PartLists {
  endpoints: EndpointView[];
  lineages: LineageView[];
  /** With the leaf that each holds. */
  files: readonly HeldFile[];
}

/** One host's part of the estate. */
export interface HostPart extends PartLists {
  host: HostView;
  findings: FindingView[];
  /** How many of its endpoints are of each status. */
  statuses: Readonly<Partial<Record<EndpointStatus, number>>>;
  /** As in ConcernedHost. */
  countsDownFrom: number;
  /** A server's config could not be read whole: more endpoints may be there than are told. */
  unread: boolean;
  /** It is silent, or looks no more. */
  stale: boolean;
  /** If nothing is told, every verdict in it stands up to this instant and including it: milliseconds since 1970. */
  standsUntil: number;
}

export interface HeldFile {
  path: string;
  fingerprint: string;
}

/** A host's part as of `now` (milliseconds since 1970): pure. Every verdict that depends on time is made here. */
export function assembleHost(host: KeptFacts, presence: HostPresence, shared: Shared, now: number): HostPart {
  const { certificates, book, fleet, outside } = shared;
  // What a revoked host said before is no more knowledge than what it would say now.
  const snapshot = host.revokedAt === undefined ? host.snapshot : undefined;
  const { silent } = presence;
  const { heardAt, observedAt, lookAgeMs, blind } = hearingOf(host, presence, now);
  const stale = silent || blind;
  const on = { agentId: host.agentId, hostName: host.name };
  const everywhere = outside?.everywhereOf(host.agentId, now);
  const looked = observedAt === undefined ? undefined : instant(observedAt);
  const endpoints = (snapshot?.endpoints ?? []).map((endpoint): EndpointView => {
    const served = certificates.get(endpoint.served ?? '');
    const labels = book.ofNames([endpoint.serverName], host.name);
    const status = endpointStatus(endpoint, served, { stale, now });
    const view: EndpointView = { ...on, ...endpoint, ...reachedWith(endpoint, everywhere?.get(endpoint.id)), status };
    if (looked !== undefined) view.observedAt = looked;
    if (served) {
      view.servedNotBefore = served.notBefore;
      view.servedNotAfter = served.notAfter;
    }
    return labels.size === 0 ? view : { ...view, ...labelled(labels) };
  });
  const told = snapshot?.findings ?? [];
  const derived = stale ? silentFindings(snapshot?.endpoints ?? [], told, certificates, now) : [];
  const presented = outside?.presented();
  // What the outside is shown is served, though no host here shows it: it came to an appliance, or to hosting.
  const fleetwide = fleet
    .findingsOf(host.agentId, now)
    .filter(({ code, evidence }) => code !== 'orphan' || !presented?.has(evidence['held'] ?? ''));
  const verdict = hostStatus({
    silent,
    heardAt,
    hasSnapshot: snapshot !== undefined,
    blindSince: blind ? now - lookAgeMs : undefined,
    findings: [...told, ...fleetwide],
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
      ...(looked === undefined ? {} : { observedAt: looked }),
      ...skewed(presence),
      ...labelled(book.ofHost(host.name)),
    },
    endpoints,
    lineages: (snapshot?.lineages ?? []).map((lineage) => ({ ...on, ...lineage })),
    findings: [
      ...told.map((finding) => ({ ...on, ...finding, stale })),
      ...derived.map((finding) => ({ ...on, ...finding, stale: false })),
      ...fleetwide.map((finding) => ({ ...on, ...finding, stale })),
      ...(outside?.findingsOf(host.agentId, now) ?? []).map((found) => ({
        ...on,
        ...found.finding,
        names: [...found.names],
        stale: stale || found.stale,
        ...(found.life && { life: found.life }),
      })),
    ],
    files: (snapshot?.files ?? []).flatMap(({ path, fingerprints: [fingerprint] }) =>
      fingerprint === undefined ? [] : [{ path, fingerprint }],
    ),
    statuses: counted(endpoints),
    countsDownFrom: countdownsFrom(endpoints),
    unread: snapshot?.servers.some(({ failure }) => failure) ?? false,
    stale,
    standsUntil: [
      ...endpoints.flatMap(({ servedNotBefore, servedNotAfter }) => [
        // Valid from its first instant on, and up to its last one.
        upcoming(servedNotBefore === undefined ? undefined : Date.parse(servedNotBefore) - 1, now),
        upcoming(servedNotAfter === undefined ? undefined : Date.parse(servedNotAfter), now),
      ]),
      upcoming(host.conflictAt === undefined ? undefined : host.conflictAt + conflictMs - 1, now),
      fleet.standUntil(host.agentId, now),
      outside?.standUntil(host.agentId, now) ?? Infinity,
      snapshot && !blind ? now + becomesOutOfDate(snapshot.host.lookSeconds) - lookAgeMs : Infinity,
    ].reduce((first, at) => Math.min(first, at)),
  };
}

/**
 * The part of a host that was only heard again: the same verdicts, with newer instants. undefined: it has to be assembled, since it is heard in
 * another way than before.
 */
export function heardAgain(
  part: Pick<HostPart, 'host' | 'stale' | 'standsUntil'>,
  host: Looked,
  presence: HostPresence,
  now: number,
): Pick<HostPart, 'host' | 'standsUntil'> | undefined {
  const { heardAt, observedAt, lookAgeMs, blind } = hearingOf(host, presence, now);
  const before = part.host;
  if (presence.clockSkewSeconds === undefined && before.clockSkewSeconds !== undefined) return undefined;
  if (part.stale || presence.silent || blind) return undefined;
  const snapshot = host.revokedAt === undefined ? host.snapshot : undefined;
  if (!snapshot || observedAt === undefined || heardAt === undefined) return undefined;
  const looked = instant(observedAt);
  const staysTill = now + becomesOutOfDate(snapshot.host.lookSeconds) - lookAgeMs;
  return {
    host: {
      ...before,
      connected: presence.connected,
      lastHeardAt: instant(heardAt),
      observedAt: looked,
      ...skewed(presence),
    },
    // Too early by the look before: then it is assembled once for nothing.
    standsUntil: Math.min(part.standsUntil, staysTill),
  };
}

function counted(endpoints: readonly Pick<EndpointView, 'status'>[]): HostPart['statuses'] {
  const counts: Partial<Record<EndpointStatus, number>> = {};
  for (const { status } of endpoints) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Of a host when it last looked, and how often it does. */
interface Looked extends Pick<KeptFacts, 'revokedAt' | 'heardAt'> {
  snapshot: Pick<NonNullable<KeptFacts['snapshot']>, 'observedAt' | 'host'> | undefined;
}

interface Hearing {
  heardAt: number | undefined;
  observedAt: number | undefined;
  lookAgeMs: number;
  blind: boolean;
}

function hearingOf(host: Looked, presence: HostPresence, now: number): Hearing {
  const snapshot = host.revokedAt === undefined ? host.snapshot : undefined;
  const observedAt = snapshot && observedAtOf(snapshot.observedAt, presence);
  const lookAgeMs = presence.lookAgeMs ?? Math.abs(now - (observedAt ?? now));
  return {
    heardAt: presence.heardAt ?? host.heardAt,
    observedAt,
    lookAgeMs,
    blind: snapshot !== undefined && isOutOfDate(lookAgeMs, snapshot.host.lookSeconds),
  };
}

/** A look that this process was told of is the last one; what is kept of earlier ones may be from a clock that was ahead. */
function observedAtOf(kept: number, { observedAt = kept, lookAgeMs }: HostPresence): number {
  return lookAgeMs === undefined ? Math.max(kept, observedAt) : observedAt;
}

function skewed({ clockSkewSeconds }: HostPresence): { clockSkewSeconds?: number } {
  return clockSkewSeconds === undefined ? {} : { clockSkewSeconds };
}

function labelled(labels: Labels): { labels?: Record<string, string> } {
  return labels.size === 0 ? {} : { labels: Object.fromEntries([...labels].map(([key, { value }]) => [key, value])) };
}

function isPast(notAfter: string | undefined, now: number): boolean {
  return notAfter !== undefined && Date.parse(notAfter) < now;
}

/** Up to when nothing happens at `at`: what is over happens no more. */
function upcoming(at: number | undefined, now: number): number {
  return at === undefined || at < now ? Infinity : at;
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
