import type { Severity, Subject } from '@certherd/protocol/finding';
import type { EndpointView, Estate, FindingView, HostView, LineageView } from '../serve/estate.ts';
import { concernedByFinding, servesNameOf } from '../evaluate/concerned-endpoints.ts';
import { labelsOf, labelsOfPlace, shared } from '../evaluate/shared-labels.ts';
import type { Validity } from './life.ts';
import { type Offer, offersOf } from './offers.ts';

/** One thing that a person should know or do: a finding, or a host whose status no fresh finding explains. */
export interface Need {
  /** Stable from one estate to the next. */
  readonly key: string;
  readonly severity: Severity;
  /** '': it is of no host, and `hostName` what was asked from outside. */
  readonly agentId: string;
  readonly hostName: string;
  /** Server name, lineage or path; absent when it is the host itself. */
  readonly name?: string;
  readonly code?: string;
  /** The id of the campaign that waits. */
  readonly campaign?: string;
  /** The code that people are told of it by, and its subject: a host by itself has one there, too, and of a campaign that waits it is the campaign. */
  readonly told: { readonly code: string; readonly kind: Subject['kind'] | 'campaign'; readonly subject: string };
  /** Server names that are concerned, at most 20. */
  readonly names: readonly string[];
  readonly cause: string;
  readonly since: string;
  /** Validity of the served certificate that this puts at risk: the one that ends first, or that is seen from outside. */
  readonly deadline?: Validity;
  readonly remedy: string;
  readonly evidence: readonly (readonly [string, string])[];
  /** The host is silent or looks no more: it was so at the last look. */
  readonly stale: boolean;
  /** Of what it is about: those that all concerned endpoints share, else the host's. */
  readonly labels: Labels;
  readonly offers: readonly Offer[];
}

/** As the collector tells them. */
const mostNames = 20;

export type Labels = Readonly<Record<string, string>>;

export interface Needs {
  /** Most urgent first: by severity, then what ends first, then what has lasted longest. */
  readonly pressing: readonly Need[];
  readonly notices: readonly Need[];
}

/** What needs a person, from an estate alone. */
export function needsOf(estate: Pick<Estate, 'hosts' | 'endpoints' | 'lineages' | 'findings'>): Needs {
  const onHost = Map.groupBy(estate.endpoints, ({ agentId }) => agentId);
  const told = Map.groupBy(estate.findings, ({ agentId }) => agentId);
  const hostOf = new Map(estate.hosts.map((host) => [host.agentId, host]));
  const lineages = Map.groupBy(estate.lineages, ({ agentId }) => agentId);
  const findings = estate.findings.map((finding) =>
    fromFinding(finding, {
      host: hostOf.get(finding.agentId),
      lineages: lineages.get(finding.agentId) ?? [],
      endpoints: onHost.get(finding.agentId) ?? [],
    }),
  );
  const hosts = estate.hosts
    // Whoever revoked a host knows of it.
    .filter(
      (host) =>
        host.status !== 'healthy' &&
        host.revokedAt === undefined &&
        !told.get(host.agentId)?.some((finding) => explains(finding, host)),
    )
    .map((host) => fromHost(host, onHost.get(host.agentId) ?? []));
  const all = [...findings, ...hosts].sort(moreUrgent);
  return {
    pressing: all.filter(({ severity }) => severity !== 'notice'),
    notices: all.filter(({ severity }) => severity === 'notice'),
  };
}

/** What was told before a silence explains nothing; a critical finding is reason enough for a critical host. */
function explains({ severity, cause, stale }: FindingView, { status, reason }: HostView): boolean {
  return !stale && severity === status && (severity === 'critical' || cause === reason);
}

const rank: Readonly<Record<Severity, number>> = { critical: 0, unknown: 1, warning: 2, notice: 3 };

/** Order of urgency, for sort(). */
export function moreUrgent(left: Need, right: Need): number {
  return (
    rank[left.severity] - rank[right.severity] ||
    inOrder(left.deadline?.notAfter ?? '~', right.deadline?.notAfter ?? '~') ||
    inOrder(left.since, right.since) ||
    inOrder(left.key, right.key)
  );
}

function inOrder(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** A finding's host, as far as it is known. */
interface HostParts {
  readonly host: HostView | undefined;
  readonly lineages: readonly LineageView[];
  readonly endpoints: readonly EndpointView[];
}

function fromFinding(finding: FindingView, { host, lineages, endpoints }: HostParts): Need {
  const { agentId, hostName, code, subject, severity, since, cause, remedy, evidence, stale, life } = finding;
  const hostLabels = host?.labels ?? finding.labels ?? {};
  const named = () => shared(endpoints.filter(servesNameOf(finding))) ?? hostLabels;
  const concerned = endpoints.filter(concernedByFinding(finding, lineages));
  const name = nameOf(finding, concerned);
  const isPlace = subject.kind === 'host' || subject.kind === 'server';
  const campaign = code === 'campaign-paused' ? evidence['campaign'] : undefined;
  const deadline = life ?? firstToEnd(concerned);
  return {
    // Of several hosts one of that name may have paused a campaign; each is one.
    key: JSON.stringify([agentId, code, subject.kind, subject.id, ...(campaign === undefined ? [] : [campaign])]),
    severity,
    agentId,
    hostName,
    code,
    ...(campaign !== undefined && { campaign }),
    told:
      campaign === undefined
        ? { code, kind: subject.kind, subject: subject.id }
        : { code, kind: 'campaign', subject: campaign },
    names: finding.names ?? namesOf(concerned),
    cause,
    since,
    remedy,
    stale,
    evidence: Object.entries(evidence),
    labels: isPlace ? labelsOfPlace(hostLabels, concerned) : (labelsOf(concerned) ?? named()),
    offers: stale ? [] : offersOf(finding, { host, lineages, concerned }),
    ...(name === undefined ? {} : { name }),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

function fromHost(host: HostView, endpoints: readonly EndpointView[]): Need {
  const { agentId, name, status, reason, connected, observedAt } = host;
  const heardAt = host.lastHeardAt ?? host.enrolledAt;
  const deadline = firstToEnd(endpoints);
  return {
    key: JSON.stringify([agentId, 'host']),
    severity: status === 'healthy' ? 'notice' : status,
    agentId,
    hostName: name,
    told: { code: connected ? 'host-not-looking' : 'host-silent', kind: 'host', subject: name },
    names: namesOf(endpoints),
    cause: reason,
    since: connected && status === 'unknown' ? (observedAt ?? heardAt) : heardAt,
    remedy: connected ? 'certherd-agent check' : 'systemctl restart certherd-agent',
    evidence: [],
    stale: false,
    offers: connected ? [{ verb: 'rescan', subject: name, name }] : [],
    labels: labelsOfPlace(host.labels, endpoints),
    ...(deadline === undefined ? {} : { deadline }),
  };
}

function namesOf(concerned: readonly EndpointView[]): string[] {
  return [...new Set(concerned.map(({ serverName }) => serverName))].slice(0, mostNames);
}

function nameOf({ subject }: FindingView, concerned: readonly EndpointView[]): string | undefined {
  if (subject.kind === 'host') return undefined;
  if (subject.kind !== 'endpoint' && subject.kind !== 'deployment') return subject.id;
  const names = [...new Set(concerned.map(({ serverName }) => serverName))];
  const [first = subject.id] = names;
  return names.length > 1 ? `${first} and ${names.length - 1} more` : first;
}

function firstToEnd(endpoints: readonly EndpointView[]): Validity | undefined {
  let first: Validity | undefined;
  for (const { servedNotBefore: notBefore, servedNotAfter: notAfter } of endpoints) {
    if (notBefore === undefined || notAfter === undefined) continue;
    if (first === undefined || notAfter < first.notAfter) first = { notBefore, notAfter };
  }
  return first;
}
