import type { SnapshotFrame } from '@certherd/protocol/frame';
import type { Snapshot } from '@certherd/protocol/snapshot';
import type { Topic } from '../../receive/records.ts';
import type { PartKind } from '../compare.ts';
import type { SnapshotFacts } from '../facts.ts';

// A certificate's files and endpoints are part of how it is shown, and a deployment explains its endpoints.
export const topicOf: Readonly<Record<PartKind, Topic>> = {
  file: 'certificates',
  lineage: 'lineages',
  deployment: 'endpoints',
  endpoint: 'endpoints',
  finding: 'findings',
};

export interface RawSnapshot {
  host: number;
  digest: string;
  observed_at: number;
  received_at: number;
  ahead_ms: number | null;
  body: string;
}

export interface RawPart {
  kind: PartKind;
  body: string;
}

/** When the host was looked at, as it is kept: by the host's clock, but never after the snapshot came. Milliseconds since 1970. */
export function keptLook({ observedAt }: Pick<SnapshotFrame, 'observedAt'>, receivedAt: number): number {
  return Math.min(Date.parse(observedAt), receivedAt);
}

/** By how much, at least, the host's clock is ahead: nobody looks at a host after its snapshot came. Milliseconds. */
export function msAhead({ observedAt }: Pick<SnapshotFrame, 'observedAt'>, receivedAt: number): number {
  return Math.max(0, Date.parse(observedAt) - receivedAt);
}

export function emptyFacts(row: RawSnapshot): SnapshotFacts {
  const { host, servers }: Pick<Snapshot, 'host' | 'servers'> = JSON.parse(row.body);
  return {
    digest: row.digest,
    observedAt: row.observed_at,
    receivedAt: row.received_at,
    ...(row.ahead_ms && { aheadMs: row.ahead_ms }),
    host,
    servers,
    files: [],
    lineages: [],
    deployments: [],
    endpoints: [],
    findings: [],
  };
}

/** Bodies were validated before they were kept. */
export function addPart(facts: SnapshotFacts, { kind, body }: RawPart): void {
  const part = JSON.parse(body);
  if (kind === 'file') facts.files.push(part);
  else if (kind === 'lineage') facts.lineages.push(part);
  else if (kind === 'deployment') facts.deployments.push(part);
  else if (kind === 'endpoint') facts.endpoints.push(part);
  else facts.findings.push(part);
}
