import { createHash } from 'node:crypto';
import type { Change, EndpointStay, Stay } from '../facts.ts';

/** A host's rows, oldest first, as changes. `before` of the first row that is still kept of a track is not known. */
export function historyOf(rows: readonly RawChange[]): (Change & { at: number })[] {
  const latest = new Map<string, string | undefined>();
  return rows.map((row) => {
    const { at, kind, subject } = row;
    if (kind === 'certificate-seen') return { at, kind, subject, before: undefined, after: subject };
    const track = `${kind} ${subject}`;
    const before = latest.get(track);
    const after = row.body === null ? row.fingerprint || undefined : withSince(row.body, row.since);
    latest.set(track, after);
    if (kind !== 'finding') return { at, kind, subject, before, after };
    return { at, kind: after === undefined ? 'finding-closed' : 'finding-opened', subject, before, after };
  });
}

export function readStay(row: RawStay): Stay {
  return {
    agentId: row.agent_id,
    hostName: row.name,
    state: row.kind,
    endpoint: row.subject,
    from: row.at,
    until: row.until ?? undefined,
  };
}

/** States of an endpoint; of each its track has the certificates. */
export const stayKinds = "'endpoint-issued', 'endpoint-configured', 'endpoint-served'";

export interface RawEndpointStay extends Pick<RawStay, 'kind' | 'at' | 'until'> {
  fingerprint: string;
}

export function readEndpointStay({ kind, fingerprint, at, until }: RawEndpointStay): EndpointStay {
  return { state: kind, fingerprint, from: at, until: until ?? undefined };
}

/** A finding as it is kept: its text without `since`, and the name of that text. */
export function findingText(finding: string): { body: string; digest: Buffer; since: number } {
  const { since, ...rest }: { since: string } = JSON.parse(finding);
  const body = JSON.stringify(rest);
  return { body, digest: createHash('sha256').update(body).digest().subarray(0, 16), since: Date.parse(since) };
}

function withSince(body: string, since: number | null): string {
  const finding: object = JSON.parse(body);
  return JSON.stringify(since === null ? finding : { ...finding, since: new Date(since).toISOString() });
}

/** As both databases give it. */
export interface RawChange {
  at: number;
  kind: Exclude<Change['kind'], 'finding-opened' | 'finding-closed'> | 'finding';
  subject: string;
  fingerprint: string | null;
  body: string | null;
  since: number | null;
}

export interface RawStay {
  agent_id: string;
  name: string;
  kind: Stay['state'];
  subject: string;
  at: number;
  until: number | null;
}
