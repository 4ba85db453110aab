import { Step } from '@certherd/protocol/event';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };
/** A file name below renewal/, so neither an option nor a path. */
const LineageName = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?!-)(?!\\.{1,2}$)[^/\\x00-\\x1f]+$' });

/** What `certherd-agent act` may be asked for: a closed list, each argument an id that the host itself has. */
export const Request = Type.Union([
  Type.Object({ verb: Type.Literal('renew'), lineage: LineageName }, closed),
  Type.Object({ verb: Type.Literal('reload'), server: Type.Literal('nginx') }, closed),
]);
export type Request = Static<typeof Request>;

export const OutcomeReason = Type.Enum([
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
  /** the agent's own rights kept certbot or nginx from what they may do themselves */
  'sandbox-blocked',
  'program-absent',
  'internal',
]);
export type OutcomeReason = Static<typeof OutcomeReason>;

/** What happened. `detail` is one plain sentence, already redacted. */
export const Outcome = Type.Object(
  {
    verb: Type.Enum(['renew', 'reload']),
    reason: OutcomeReason,
    detail: Type.String(),
    steps: Type.Array(Step),
  },
  closed,
);
export type Outcome = Static<typeof Outcome>;
