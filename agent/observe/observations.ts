import type { Certificate } from '@certherd/protocol/certificate';
import type { Failure } from '@certherd/protocol/failure';
import type { Endpoint, Snapshot } from '@certherd/protocol/snapshot';
import type { NotAsked } from './endpoints/not-asked.ts';
import type { LineageArchive } from './lineage-archive.ts';
import type { KeptRehearsal } from './rehearsals.ts';
import type { RunningNginx } from './nginx-running.ts';
import type { OwnRights } from './own-rights.ts';
import type { ServerProcesses } from './server-processes.ts';
import type { SuggestedRenewal } from './suggested-renewals.ts';
import type { Upkeep } from './upkeep.ts';

/** What was seen of one host at one time: facts and failures, no verdicts. */
export interface Observations extends Omit<Snapshot, 'findings' | 'endpoints'>, Upkeep {
  /** Milliseconds since 1970. */
  at: number;
  endpoints: ObservedEndpoint[];
  /** When the oldest answer among them was got, milliseconds since 1970; absent where none was asked for. Stays out of the snapshot. */
  askedAt?: number;
  /** Names and addresses that the config names and no handshake asked, by reason. Stays on the host. */
  notAsked?: NotAsked[];
  certbot: {
    /** Is certbot's config directory there? A failure when it is but cannot be read. */
    directory: 'present' | 'absent' | Failure;
    binary: 'present' | 'absent';
  };
  /** Names of lineages whose links certbot is rewriting at this moment. */
  settling: string[];
  /** Deployments (ids) of nginx whose key is of another kind than the certificate: nginx takes the pair, and no handshake succeeds. */
  foreignKeys?: string[];
  /** What certbot's archive still holds for lineages that have a failure; absent where none has. Stays on the host. */
  archives?: LineageArchive[];
  /** What runs, as opposed to what is on disk; absent where that could not be told. Stays on the host. */
  running?: RunningNginx;
  /** What this process may do. Stays on the host. */
  rights?: OwnRights;
  /** When the servers beside nginx were started. Stays on the host. */
  processes?: ServerProcesses[];
  /** When CAs want their certificates renewed, by fingerprint; absent where none was asked. Stays on the host. */
  suggestedRenewals?: ReadonlyMap<string, SuggestedRenewal>;
  /** The last rehearsal of each lineage, by name; absent where there was none. */
  rehearsals?: ReadonlyMap<string, KeptRehearsal>;
  /** Certificate files in which a certificate is not issued by the next one. */
  brokenChains: string[];
}

export type ObservedEndpoint = Omit<Endpoint, 'reached' | 'reachedAt'>;

/** Certificates by fingerprint, as the rest of the observations refer to them. */
export function certificatesByFingerprint(observations: { certificates: Certificate[] }): Map<string, Certificate> {
  return new Map(observations.certificates.map((certificate) => [certificate.fingerprint, certificate]));
}

/** Tells the algorithm of each certificate that was seen, by its fingerprint. */
export function algorithmsOf(observations: { certificates: Certificate[] }) {
  const certificates = certificatesByFingerprint(observations);
  return (fingerprint: string): Certificate['algorithm'] | undefined => certificates.get(fingerprint)?.algorithm;
}
