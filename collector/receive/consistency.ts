import type { SnapshotFrame } from '@certherd/protocol/frame';
import { snapshotExcess } from '@certherd/protocol/snapshot';
import type { ToldEvent } from './told-events.ts';

/** What a schema cannot say of a snapshot: its lists together are within their bounds, ids are unique, references lead somewhere, instants exist. */
export function snapshotMistake(frame: SnapshotFrame): string | undefined {
  const excess = snapshotExcess(frame.snapshot);
  if (excess !== undefined) return excess;
  const { certificates, files, lineages, deployments, endpoints, findings } = frame.snapshot;
  const known = new Set(certificates.map((certificate) => certificate.fingerprint));
  const deploymentIds = new Set(deployments.map((deployment) => deployment.id));
  const referred = [
    ...files.flatMap((file) => file.fingerprints),
    ...lineages.flatMap((lineage) => [lineage.issued, lineage.live]),
    ...deployments.map((deployment) => deployment.configured),
    ...endpoints.flatMap((endpoint) => [endpoint.issued, endpoint.configured, endpoint.served, ...endpoint.chain]),
  ];
  if (known.size !== certificates.length) return 'a certificate is listed twice';
  if (referred.some((fingerprint) => fingerprint !== undefined && !known.has(fingerprint)))
    return 'a fingerprint names no certificate of the snapshot';
  if (hasDuplicate(files.map((file) => file.path))) return 'a file is listed twice';
  if (hasDuplicate(lineages.map((lineage) => lineage.name))) return 'a lineage is listed twice';
  if (deploymentIds.size !== deployments.length) return 'a deployment is listed twice';
  if (hasDuplicate(endpoints.map((endpoint) => endpoint.id))) return 'an endpoint is listed twice';
  if (endpoints.some(({ deployment }) => deployment !== undefined && !deploymentIds.has(deployment)))
    return 'an endpoint names no deployment of the snapshot';
  const instants = [
    frame.observedAt,
    ...certificates.flatMap((certificate) => [certificate.notBefore, certificate.notAfter]),
    ...files.map((file) => file.modifiedAt),
    ...findings.map((finding) => finding.since),
    ...lineages.flatMap(({ changedAt, renewal, rehearsal }) => [
      changedAt,
      renewal?.windowStart,
      renewal?.windowEnd,
      renewal?.at,
      rehearsal?.at,
    ]),
    ...endpoints.flatMap(({ reachedAt }) => Object.values(reachedAt ?? {})),
  ];
  return instants.some((instant) => instant !== undefined && !isInstant(instant)) ? 'no such instant' : undefined;
}

/** Events come in order of seq, each at an instant that exists. */
export function eventsMistake(events: readonly ToldEvent[]): string | undefined {
  if (events.some((event, index) => index > 0 && event.seq <= (events[index - 1]?.seq ?? 0)))
    return 'events are not in order of seq';
  return events.every(({ at }) => Number.isFinite(at)) ? undefined : 'no such instant';
}

/** The pattern of an instant admits a thirteenth month. */
export function isInstant(text: string): boolean {
  return Number.isFinite(Date.parse(text));
}

function hasDuplicate(names: readonly string[]): boolean {
  return new Set(names).size !== names.length;
}
