import type { Certificate } from '@certherd/protocol/certificate';
import type { Finding, Severity } from '@certherd/protocol/finding';
import type { Deployment, Endpoint, Lineage, Snapshot } from '@certherd/protocol/snapshot';
import { lifeLeft } from '../decide/renewal-time.ts';
import { addressAndPort } from '../observe/endpoints/place.ts';

/** Whether the newest certificate got into one of the six states, as far as one host can tell. */
export type State = 'reached' | 'missing' | 'unknown';

/** One line of `check`: an endpoint, or, where nobody was asked, what the config would have it present. */
export interface EndpointRow {
  serverName: string;
  listener: string;
  algorithm: string;
  /** Issued, on disk, in the config, loaded, served on the host, served everywhere. */
  states: readonly State[];
  /** What clients are shown, or else what is configured. */
  certificate?: Certificate;
  /** Share of its life left, from 0 to 1. */
  left?: number;
  /** Findings about it, its deployment, its lineage or its files, worst first. */
  findings: Finding[];
  /** It was asked, and presents what is configured. */
  served: boolean;
  endpoint?: Endpoint;
  deployment?: Deployment;
  lineage?: Lineage;
}

const order: readonly Severity[] = ['critical', 'unknown', 'warning', 'notice'];

/** How urgent findings are, from 0 (critical) to 4 (there are none). */
export function urgencyOf(findings: readonly Finding[]): number {
  return Math.min(order.length, ...findings.map(({ severity }) => order.indexOf(severity)));
}

/** Every endpoint, most urgent first: by its worst finding, then by the share of life left. `now` in milliseconds since 1970. */
export function endpointRows(snapshot: Snapshot, now: number): EndpointRow[] {
  const known = lookUp(snapshot);
  const rows =
    snapshot.endpoints.length > 0
      ? snapshot.endpoints.map((endpoint) => askedRow(endpoint, known, now))
      : snapshot.deployments.flatMap((deployment) => configuredRows(deployment, known, now));
  const ranked = rows.map((row) => ({ row, urgency: urgencyOf(row.findings) }));
  ranked.sort((a, b) => a.urgency - b.urgency || (a.row.left ?? 1) - (b.row.left ?? 1));
  return ranked.map(({ row }) => row);
}

type Known = ReturnType<typeof lookUp>;

function lookUp({ certificates, deployments, lineages, endpoints, findings }: Snapshot) {
  const bySubject = new Map<string, Finding[]>();
  const add = (key: string, finding: Finding) => bySubject.set(key, [...(bySubject.get(key) ?? []), finding]);
  for (const finding of findings) {
    const { kind, id } = finding.subject;
    add(`${kind} ${id}`, finding);
    const one = kind === 'endpoint' ? endpoints.find((endpoint) => endpoint.id === id) : undefined;
    // told of one endpoint, and true of all at its address and port, or of all that present its certificate
    if (one && finding.code === 'listener-unbound') add(`listener ${addressAndPort(one)}`, finding);
    if (one?.served && ['expired', 'not-yet-valid'].includes(finding.code)) add(`certificate ${one.served}`, finding);
  }
  return {
    certificates: new Map(certificates.map((certificate) => [certificate.fingerprint, certificate])),
    deployments: new Map(deployments.map((deployment) => [deployment.id, deployment])),
    lineages: new Map(lineages.map((lineage) => [lineage.name, lineage])),
    bySubject,
  };
}

function askedRow(endpoint: Endpoint, known: Known, now: number): EndpointRow {
  const deployment = known.deployments.get(endpoint.deployment ?? '');
  const lineage = endpoint.configured ? known.lineages.get(deployment?.lineage ?? '') : undefined;
  const certificate = known.certificates.get(endpoint.served ?? endpoint.configured ?? '');
  return {
    serverName: endpoint.serverName,
    listener: addressAndPort(endpoint),
    algorithm: endpoint.algorithm,
    states: [...onDisk(endpoint.configured, deployment, lineage), ...running(endpoint, lineage), 'unknown'],
    ...(certificate && { certificate, left: lifeLeft(certificate, now) }),
    findings: findingsAbout(
      [`endpoint ${endpoint.id}`, `listener ${addressAndPort(endpoint)}`, `certificate ${endpoint.served}`],
      deployment,
      lineage,
      known,
    ),
    served: endpoint.reached === 'served' || endpoint.reached === 'served-everywhere',
    endpoint,
    ...(deployment && { deployment }),
    ...(lineage && { lineage }),
  };
}

function configuredRows(deployment: Deployment, known: Known, now: number): EndpointRow[] {
  const lineage = known.lineages.get(deployment.lineage ?? '');
  const certificate = known.certificates.get(deployment.configured ?? '');
  const names = deployment.serverNames.length > 0 ? deployment.serverNames : [''];
  return deployment.listeners.flatMap((listener) =>
    names.map((serverName) => ({
      serverName,
      listener: addressAndPort(listener),
      algorithm: certificate?.algorithm ?? '',
      states: [...onDisk(deployment.configured, deployment, lineage), 'unknown', 'unknown', 'unknown'],
      ...(certificate && { certificate, left: lifeLeft(certificate, now) }),
      findings: findingsAbout([], deployment, lineage, known),
      served: false,
      deployment,
      ...(lineage && { lineage }),
    })),
  );
}

/** Issued, on disk, in the config. Without a lineage the configured certificate is the newest that is known. */
function onDisk(
  configured: string | undefined,
  deployment: Deployment | undefined,
  lineage: Lineage | undefined,
): State[] {
  if (!lineage?.issued) {
    const missing = deployment?.failure?.reason === 'not-found';
    return configured ? ['reached', 'reached', 'reached'] : ['unknown', missing ? 'missing' : 'unknown', 'unknown'];
  }
  const isLive = lineage.live === lineage.issued;
  return [
    'reached',
    isLive ? 'reached' : 'missing',
    configured === undefined ? 'unknown' : configured === lineage.issued ? 'reached' : 'missing',
  ];
}

/** Loaded by the server, served on this host. What another server than nginx has loaded is seen only where it serves it. */
function running(endpoint: Endpoint, lineage: Lineage | undefined): State[] {
  const { served, configured, failure, reached, server } = endpoint;
  const newest = lineage?.issued ?? configured;
  if (!newest) return ['unknown', 'unknown'];
  if (served === newest) return ['reached', 'reached'];
  const loaded = reached === 'loaded' ? 'reached' : server === 'nginx' && reached !== 'unknown' ? 'missing' : 'unknown';
  const refused = failure?.reason === 'connection-refused' || failure?.reason === 'no-shared-algorithm';
  return [loaded, served !== undefined || refused ? 'missing' : 'unknown'];
}

function findingsAbout(
  own: string[],
  deployment: Deployment | undefined,
  lineage: Lineage | undefined,
  { bySubject }: Known,
): Finding[] {
  const subjects = [
    ...own,
    ...(deployment
      ? [`deployment ${deployment.id}`, `file ${deployment.certificatePath}`, `file ${deployment.keyPath}`]
      : []),
    ...(lineage ? [`lineage ${lineage.name}`, `file ${lineage.certificatePath}`, `file ${lineage.keyPath}`] : []),
  ];
  const found = new Set([...new Set(subjects)].flatMap((subject) => bySubject.get(subject) ?? []));
  return [...found].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
