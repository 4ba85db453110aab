import { Step } from '@certherd/protocol/event';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };
/** A file name below renewal/, so neither an option nor a path. */
const LineageName = Type.String({ minLength: 1, maxLength: 255, pattern: '^(?!-)(?!\\.{1,2}$)[^/\\x00-\\x1f]+$' });

/** Servers that the agent can have load their files anew. */
export const ReloadableServer = Type.Enum(['nginx', 'apache', 'haproxy']);
export type ReloadableServer = Static<typeof ReloadableServer>;

/** What `certherd-agent act` may be asked for: a closed list, each argument an id that the host itself has. */
export const Request = Type.Union([
  Type.Object({ verb: Type.Literal('renew'), lineage: LineageName }, closed),
  Type.Object({ verb: Type.Literal('reload'), server: ReloadableServer }, closed),
  /** Links the version before back into live/ and brings it into service. */
  Type.Object({ verb: Type.Literal('restore'), lineage: LineageName }, closed),
  /** Tries a renewal without renewing: what would stop it is found weeks ahead. */
  Type.Object({ verb: Type.Literal('rehearse'), lineage: LineageName }, closed),
]);
export type Request = Static<typeof Request>;

export const Verb = Type.Enum(['renew', 'reload', 'restore', 'rehearse']);
export type Verb = Static<typeof Verb>;

export const OutcomeReason = Type.Enum([
  'done',
  /** the local policy (mode) does not allow it */
  'not-allowed',
  'not-found',
  /** this host's own limit on renewals is reached: the CA's stands just above it */
  'capped',
  /** certbot's lock is held, or another action runs */
  'busy',
  /** certificate, key and names do not fit together: nothing was touched */
  'preflight-failed',
  'config-test-failed',
  'reload-failed',
  /** reloaded, but an endpoint still presents something else at the deadline */
  'not-proved',
  /** the new certificate did not come into service: the one before is linked, loaded and proved again */
  'restored',
  /** and neither did the one before */
  'restore-failed',
  /** the CA could not look a name up */
  'dns',
  /** the CA reached the host and got another answer than the challenge's */
  'unauthorized',
  /** a CAA record forbids this CA */
  'caa',
  /** the CA issues for one of the names to nobody, or not in this way */
  'rejected-identifier',
  /** the CA, or what stands before it, failed by itself */
  'ca-failed',
  /** certbot cannot reach the CA, or the CA the host */
  'connection',
  /** certbot cannot read its own config, or the config names what is not there */
  'config-broken',
  /** an authenticator or installer that certbot does not have */
  'plugin-missing',
  /** no space left where certbot writes */
  'disk-full',
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
    verb: Verb,
    reason: OutcomeReason,
    detail: Type.String(),
    /** Not before this instant again, as the CA asked for; milliseconds since 1970. */
    retryAt: Type.Optional(Type.Number()),
    steps: Type.Array(Step),
  },
  closed,
);
export type Outcome = Static<typeof Outcome>;
