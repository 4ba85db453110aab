import type { FileObservation } from '@certherd/protocol/snapshot';
import type { CertificateFacts, KeptFacts } from '../store/facts.ts';
import type { HeldFile } from './assemble-host.ts';
import type { ClosedPart } from './closed-part.ts';

type KeptSnapshot = NonNullable<KeptFacts['snapshot']>;

/** Of a host what its part does not show as it was told: the rest is there once. */
export interface BesidePart extends Omit<KeptFacts, 'snapshot'> {
  /** `servers`: none, where all was read. */
  snapshot: Omit<KeptSnapshot, 'files' | 'endpoints' | 'lineages'> | undefined;
}

/** What is kept of a host's facts once its part was made of them; findings that say what they said before are those before, whose texts its part has too. */
export function besidePart({ snapshot, ...row }: KeptFacts, before: BesidePart | undefined): BesidePart {
  if (!snapshot) return { ...row, snapshot };
  const { digest, observedAt, receivedAt, aheadMs, host } = snapshot;
  const ahead = aheadMs !== undefined && { aheadMs };
  const servers = snapshot.servers.some(isUnread) ? snapshot.servers.filter(isUnread) : none;
  const known = before?.snapshot?.findings;
  const findings = JSON.stringify(known) === JSON.stringify(snapshot.findings) ? known : undefined;
  return {
    ...row,
    snapshot: { digest, observedAt, receivedAt, ...ahead, host, servers, findings: findings ?? snapshot.findings },
  };
}

const none: KeptSnapshot['servers'] = [];

function isUnread({ failure }: KeptSnapshot['servers'][number]): boolean {
  return failure !== undefined;
}

/** The facts that a part was made of, as far as another one can be made of them. A revoked host's part shows nothing of them, and needs none. */
export function factsAgain({ snapshot, ...row }: BesidePart, part: Pick<ClosedPart, 'told' | 'files'>): KeptFacts {
  if (!snapshot) return { ...row, snapshot };
  return { ...row, snapshot: { ...snapshot, ...part.told, files: part.files.map(leafOnly) } };
}

/** Nothing else of a file is shown. */
function leafOnly({ path, fingerprint }: HeldFile): FileObservation {
  return { path, fingerprints: [fingerprint] };
}

/** A key that is known stays so, in whatever order rows were read: the fleet's index finds by it what has it. */
export function withKey(one: CertificateFacts, before: CertificateFacts | undefined): CertificateFacts {
  const keyDigest = one.keyDigest ?? before?.keyDigest;
  return keyDigest === one.keyDigest || keyDigest === undefined ? one : { ...one, keyDigest };
}
