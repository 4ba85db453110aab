import type { Step } from '@certherd/protocol/event';

/** What `certherd-agent act` may be asked for: a closed list, each argument an id that the host itself has. */
export type Request = { verb: 'renew'; lineage: string } | { verb: 'reload'; server: 'nginx' };

export const outcomeReasons = [
  'done',
  /** the local policy (mode) does not allow it */
  'not-allowed',
  'not-found',
  /** certbot's lock is held, or another action runs */
  'busy',
  /** certificate, key and names do not fit together: nothing was touched */
  'preflight-failed',
  'config-test-failed',
  'reload-failed',
  /** reloaded, but an endpoint still presents something else at the deadline */
  'not-proved',
  'certbot-failed',
  /** certbot said all is well, yet the lineage's leaf is the same */
  'unchanged',
  'rate-limited',
  'timed-out',
  'program-absent',
  'internal',
] as const;
export type OutcomeReason = (typeof outcomeReasons)[number];

/** What happened. `detail` is one plain sentence, already redacted. */
export interface Outcome {
  verb: Request['verb'];
  reason: OutcomeReason;
  detail: string;
  steps: Step[];
}
