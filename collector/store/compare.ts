import type { Finding } from '@certherd/protocol/finding';
import type { Endpoint, Snapshot } from '@certherd/protocol/snapshot';
import type { Change } from './facts.ts';

export type PartKind = 'file' | 'lineage' | 'deployment' | 'endpoint' | 'finding';

/** One row of current state. */
export interface Part {
  kind: PartKind;
  id: string;
  /** Fingerprint of the leaf of a file, or of the certificate that an endpoint serves. */
  certificate: string | undefined;
  /** JSON. */
  body: string;
}

/** A snapshot as rows, each with an id that is unique within its kind. */
export function partsOf(snapshot: Snapshot): Part[] {
  const seen = new Map<string, number>();
  return [
    ...snapshot.files.map((file) => part('file', file.path, file, file.fingerprints[0])),
    ...snapshot.lineages.map((lineage) => part('lineage', lineage.name, lineage)),
    ...snapshot.deployments.map((deployment) => part('deployment', deployment.id, deployment)),
    ...snapshot.endpoints.map((endpoint) => part('endpoint', endpoint.id, endpoint, endpoint.served)),
    ...snapshot.findings.map((finding) => part('finding', findingKey(finding, seen), finding)),
  ];
}

/** The history that lies between two states of one host: pure. */
export function changesBetween(before: ReadonlyMap<string, Part>, after: ReadonlyMap<string, Part>): Change[] {
  const changes: Change[] = [];
  for (const [key, now] of after) {
    const was = before.get(key);
    if (was?.body === now.body) continue;
    if (now.kind === 'endpoint') changes.push(...endpointChanges(now.id, was?.body, now.body));
    if (now.kind === 'finding' && !was) changes.push(change('finding-opened', now.id, undefined, now.body));
  }
  for (const [key, was] of before) {
    if (after.has(key)) continue;
    if (was.kind === 'endpoint') changes.push(...endpointChanges(was.id, was.body, undefined));
    if (was.kind === 'finding') changes.push(change('finding-closed', was.id, was.body, undefined));
  }
  return changes;
}

/** Parts by kind and id. A kind holds no space, so that the key is unambiguous. */
export function partsByKey(parts: readonly Part[]): Map<string, Part> {
  return new Map(parts.map((one) => [`${one.kind} ${one.id}`, one]));
}

function part(kind: PartKind, id: string, body: object, certificate?: string): Part {
  // A database keeps no half of a surrogate pair: the id that it gives back has to be the same.
  return { kind, id: id.toWellFormed(), certificate, body: JSON.stringify(body) };
}

/** "ORDINAL CODE KIND ID": the ordinal tells apart findings with one code about one subject. */
function findingKey({ code, subject }: Finding, seen: Map<string, number>): string {
  const name = `${code} ${subject.kind} ${subject.id}`;
  const ordinal = (seen.get(name) ?? 0) + 1;
  seen.set(name, ordinal);
  return `${ordinal} ${name}`;
}

function endpointChanges(id: string, before: string | undefined, after: string | undefined): Change[] {
  const was: Endpoint | undefined = before === undefined ? undefined : JSON.parse(before);
  const now: Endpoint | undefined = after === undefined ? undefined : JSON.parse(after);
  return (['issued', 'configured', 'served'] as const)
    .filter((field) => was?.[field] !== now?.[field])
    .map((field) => change(`endpoint-${field}`, id, was?.[field], now?.[field]));
}

function change(kind: Change['kind'], subject: string, before: string | undefined, after: string | undefined): Change {
  return { kind, subject, before, after };
}
