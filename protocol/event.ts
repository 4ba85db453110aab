import Type, { type Static } from 'typebox';
import { Instant } from './certificate.ts';
import { Subject } from './finding.ts';

const closed = { additionalProperties: false };

export const EventKind = Type.Enum([
  'agent-started',
  /** a lineage's newest certificate changed, whoever renewed it */
  'certificate-issued',
  /** a finding appeared, or ended */
  'finding-opened',
  'finding-closed',
  /** an action of the agent ended */
  'renewal',
  'deployment',
  'restoration',
  'rehearsal',
  /** the answer to a collector's request that led to no action: refused, or looked again */
  'request',
  /** events were lost: the outbox was full or damaged; `detail` says how many */
  'gap',
]);
export type EventKind = Static<typeof EventKind>;

/** One step of an action, with its duration in milliseconds. */
export const Step = Type.Object(
  {
    step: Type.String({ maxLength: 64 }),
    ok: Type.Boolean(),
    durationMs: Type.Number(),
    detail: Type.Optional(Type.String({ maxLength: 4000 })),
  },
  closed,
);
export type Step = Static<typeof Step>;

/** Immutable record of an outcome or a change. (agent, epoch, seq) is its identity; seq counts from 1 within an epoch. */
export const Event = Type.Object(
  {
    seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    at: Instant,
    /** A newer agent may know more kinds: they are kept and shown by their own name. */
    kind: Type.Unsafe<EventKind>(Type.String({ pattern: '^[a-z][a-z-]{0,63}$' })),
    subject: Subject,
    ok: Type.Boolean(),
    /** One plain sentence, raw. */
    summary: Type.String({ maxLength: 4000 }),
    detail: Type.Record(Type.String({ maxLength: 64 }), Type.String({ maxLength: 4000 })),
    steps: Type.Array(Step, { maxItems: 50 }),
  },
  closed,
);
export type Event = Static<typeof Event>;
