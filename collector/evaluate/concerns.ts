import type { Finding } from '@certherd/protocol/finding';
import type { Endpoint, Lineage } from '@certherd/protocol/snapshot';
import type { Concern, Life } from '../store/concern.ts';
import { concernedBy, concernedByFinding, servesNameOf } from './concerned-endpoints.ts';
import { type Countdown, countdowns } from './countdown.ts';
import { type ConcernCode, type HaltedCode, isOutsideCode } from './explanations.ts';
import { type Labelled, labelsOf, labelsOfPlace, partlyOf, shared } from './shared-labels.ts';

interface OnHost {
  agentId: string;
  hostName: string;
}

export type ConcernedEndpoint = OnHost &
  Labelled &
  Pick<Endpoint, 'id' | 'serverName' | 'deployment' | 'issued' | 'served'> & {
    servedNotBefore?: string;
    servedNotAfter?: string;
  };

export type ConcernedLineage = OnHost & Pick<Lineage, 'name' | 'issued' | 'certificatePath'>;

export type ToldFinding = OnHost &
  Omit<Finding, 'code'> & { code: string; stale: boolean; life?: Life; names?: readonly string[] } & Labelled;

/** The whole fleet as of one moment. */
export interface ConcernedFleet {
  hosts: Iterable<{ part: ConcernedHost }>;
  /** About what is not on any host. */
  hostless: readonly ToldFinding[];
  /** Of campaigns that wait for a person. */
  campaigns: readonly Concern[];
}

interface HostState extends Labelled {
  agentId: string;
  name: string;
  status: 'healthy' | 'warning' | 'critical' | 'unknown';
  reason: string;
  connected: boolean;
  enrolledAt: string;
  conflictAt?: string;
  revokedAt?: string;
  lastHeardAt?: string;
  observedAt?: string;
}

/** What of one host concerns people; a host's part of the estate is one. */
export interface ConcernedHost {
  host: HostState;
  endpoints: readonly ConcernedEndpoint[];
  lineages: readonly ConcernedLineage[];
  findings: readonly ToldFinding[];
  /** None of its certificates counts down before this: milliseconds since 1970. Absent: nobody says. */
  countsDownFrom?: number;
}

/** A refused clone tries again at least every 300 s: after an hour without one it is gone. */
const conflictMs = 3_600_000;
/** Who enrols a host has this long to start its agent, and that to have looked around. */
const setUpMs = 3_600_000;
const mostNames = 20;

/**
 * Everything about one host that should be told, most of it as its agent found it. Notices are none: what is due is on its way. A silent host's findings stay,
 * since nobody said that they are over, and its certificates count down. `silent`: no heartbeat for too long.
 */
export function concernsOf(part: ConcernedHost, silent: boolean, now: number): Concern[] {
  const { host, findings } = part;
  if (host.revokedAt !== undefined) return [];
  const pressing = findings.filter(({ severity }) => severity !== 'notice');
  if (pressing.length === 0 && isCalm(part, silent, now)) return [];
  // Of most hosts nobody asks for them, and they are not at hand.
  const { endpoints, lineages } = part;
  const told = new Map<string, Concern>();
  for (const finding of pressing) {
    const concerned = endpoints.filter(concernedByFinding(finding, lineages));
    // Seen from outside it is at an address that the host does not know, by a name that it does.
    const named = shared(endpoints.filter(servesNameOf(finding)));
    const concern = ofFinding(finding, concerned, named ?? host.labels ?? {});
    if (concern && !told.has(concern.key)) told.set(concern.key, concern);
  }
  const unexplained = countdowns(endpoints, now).filter((countdown) => !isExplained(countdown, pressing, lineages));
  return [...told.values(), ...ofHost(host, endpoints, silent, pressing, now), ...unexplained.map(ofCountdown)];
}

function isCalm({ host, countsDownFrom = -Infinity }: ConcernedHost, silent: boolean, now: number): boolean {
  return !silent && host.status !== 'unknown' && host.conflictAt === undefined && now < countsDownFrom;
}

const haltedCode: string = 'campaign-paused' satisfies HaltedCode;

/** Findings about what no host of the fleet serves: targets that somebody listed. A campaign that waits is told from its row. */
export function hostlessConcerns(findings: readonly ToldFinding[]): Concern[] {
  return findings
    .filter(({ code }) => code !== haltedCode)
    .flatMap((finding) => ofFinding(finding, [], finding.labels ?? {}) ?? []);
}

/** The host said why, or said so: only what it said before a silence is not enough once little life is left. */
function isExplained(
  { severity, endpoints }: Countdown,
  findings: readonly ToldFinding[],
  lineages: readonly ConcernedLineage[],
): boolean {
  return findings.some(({ subject, stale }) => {
    if (subject.kind === 'host' || subject.kind === 'server' || (stale && severity === 'critical')) return false;
    return endpoints.some(concernedBy(subject, lineages));
  });
}

function ofFinding(
  finding: ToldFinding,
  concerned: readonly ConcernedEndpoint[],
  hostLabels: Readonly<Record<string, string>>,
): Concern | undefined {
  const { agentId, hostName, code, severity, subject, since, cause, remedy, life, names } = finding;
  if (severity === 'notice') return undefined;
  const isPlace = subject.kind === 'host' || subject.kind === 'server';
  const ofPlace = isPlace ? labelsOfPlace(hostLabels, concerned) : labelsOf(concerned);
  return {
    // which host proves the youngest changes, and the place that it is about does not
    key: JSON.stringify([isOutsideCode(code) ? '' : agentId, code, subject.kind, subject.id]),
    code,
    severity,
    agentId,
    hostName,
    subject,
    since,
    cause,
    remedy,
    causeId: JSON.stringify([code, remedy]),
    ...about(concerned, ofPlace ?? hostLabels),
    ...(names && { names }),
    ...(life && { life }),
  };
}

function ofCountdown({ code, severity, endpoints, since, cause, fingerprint }: Countdown): Concern {
  const [{ agentId, hostName }] = endpoints;
  return {
    key: JSON.stringify([agentId, code, 'certificate', fingerprint]),
    code,
    severity,
    agentId,
    hostName,
    since,
    cause,
    subject: { kind: 'endpoint', id: endpoints[0].id },
    remedy: 'certherd-agent check',
    causeId: JSON.stringify([code, fingerprint]),
    ...about(endpoints, labelsOf(endpoints) ?? {}),
  };
}

function ofHost(
  host: HostState,
  endpoints: readonly ConcernedEndpoint[],
  silent: boolean,
  findings: readonly ToldFinding[],
  now: number,
): Concern[] {
  const { agentId, name: hostName, conflictAt } = host;
  const concern = (code: ConcernCode, severity: Concern['severity'], since: string, cause: string, remedy: string) => ({
    key: JSON.stringify([agentId, code, 'host', hostName]),
    code,
    severity,
    agentId,
    hostName,
    since,
    cause,
    remedy,
    subject: { kind: 'host' as const, id: hostName },
    causeId: JSON.stringify([code, remedy]),
    ...about(endpoints, labelsOfPlace(host.labels, endpoints)),
  });
  const heardAt = host.lastHeardAt ?? host.enrolledAt;
  const concerns: Concern[] = [];
  const isNew = now - Date.parse(host.enrolledAt) < setUpMs;
  if (isNew && host.lastHeardAt === undefined) return [];
  const isAwaited = isNew && host.observedAt === undefined;
  if (silent && !host.connected)
    concerns.push(concern('host-silent', 'unknown', heardAt, host.reason, 'systemctl restart certherd-agent'));
  else if (
    host.status === 'unknown' &&
    !isAwaited &&
    !findings.some(({ severity, stale }) => severity === 'unknown' && !stale)
  )
    concerns.push(
      concern('host-not-looking', 'unknown', host.observedAt ?? heardAt, host.reason, 'certherd-agent doctor'),
    );
  if (conflictAt !== undefined && now - Date.parse(conflictAt) < conflictMs)
    concerns.push(
      concern(
        'identity-conflict',
        'warning',
        conflictAt,
        'Another machine presents the identity of this host: its state was copied.',
        'Enrol the copy anew on its own machine: certherd-agent enroll --replace JOIN',
      ),
    );
  return concerns;
}

function about(
  concerned: readonly ConcernedEndpoint[],
  labels: Concern['labels'],
): Pick<Concern, 'names' | 'labels' | 'partly' | 'life'> {
  let life: Life | undefined;
  for (const { servedNotBefore: notBefore, servedNotAfter: notAfter } of concerned) {
    if (notBefore === undefined || notAfter === undefined) continue;
    if (life === undefined || notAfter < life.notAfter) life = { notBefore, notAfter };
  }
  const names = [...new Set(concerned.map(({ serverName }) => serverName))].slice(0, mostNames);
  const partly = partlyOf(concerned, labels);
  return { names, labels, ...(partly && { partly }), ...(life && { life }) };
}

/** From its first to its last valid instant, in milliseconds. */
export function lifeMs({ notBefore, notAfter }: Life): number {
  return Date.parse(notAfter) - Date.parse(notBefore);
}
