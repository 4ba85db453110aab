import type { Certificate } from '@certherd/protocol/certificate';
import type { Failure } from '@certherd/protocol/failure';
import type { Endpoint, Snapshot } from '@certherd/protocol/snapshot';
import type { RunningNginx } from './nginx-running.ts';
import type { Upkeep } from './upkeep.ts';

/** What was seen of one host at one time: facts and failures, no verdicts. */
export interface Observations extends Omit<Snapshot, 'findings' | 'endpoints'>, Upkeep {
  /** Milliseconds since 1970. */
  at: number;
  endpoints: ObservedEndpoint[];
  certbot: {
    /** Is certbot's config directory there? A failure when it is but cannot be read. */
    directory: 'present' | 'absent' | Failure;
    binary: 'present' | 'absent';
  };
  /** Names of lineages whose links certbot is rewriting at this moment. */
  settling: string[];
  /** What runs, as opposed to what is on disk; absent where that could not be told. Stays on the host. */
  running?: RunningNginx;
  /** Certificate files in which a certificate is not issued by the next one. */
  brokenChains: string[];
}

export type ObservedEndpoint = Omit<Endpoint, 'reached'>;

/** Certificates by fingerprint, as the rest of the observations refer to them. */
export function certificatesByFingerprint(observations: { certificates: Certificate[] }): Map<string, Certificate> {
  return new Map(observations.certificates.map((certificate) => [certificate.fingerprint, certificate]));
}
