import { Fingerprint, Instant, SignatureAlgorithm } from '@certherd/protocol/certificate';
import { Subject } from '@certherd/protocol/finding';
import { RequestedVerb } from '@certherd/protocol/frame';
import Type, { type Static } from 'typebox';
import { auditActions, auditWays } from '../../store/audit-words.ts';

const closed = { additionalProperties: false };

const version = Type.Literal(1);

const request = {
  id: Type.String(),
  agentId: Type.String(),
  hostName: Type.String(),
  verb: RequestedVerb,
  subject: Subject,
  requester: Type.String(),
  reason: Type.String(),
  askedAt: Instant,
  until: Instant,
  sentAt: Type.Optional(Instant),
  state: Type.Enum(['waiting', 'sent', 'late', 'done', 'failed', 'refused']),
  endedAt: Type.Optional(Instant),
  refused: Type.Optional(Type.String()),
  summary: Type.Optional(Type.String()),
};

/** As request-view.ts makes it. */
export const RequestShown = Type.Object(request, closed);

/** One alone. */
export const Asked = Type.Object({ version, ...request }, closed);

/** How many are not as before. */
export const Changed = Type.Object({ version, changed: Type.Integer() }, closed);

/** A join string, which is told this once. */
export const Joined = Type.Object({ version, join: Type.String(), expiresAt: Instant }, closed);

/** As audit-view.ts makes it. */
export const AuditView = Type.Object(
  {
    id: Type.Integer(),
    at: Instant,
    /** Empty: nobody had signed in. */
    actor: Type.String(),
    via: Type.Enum([...auditWays]),
    action: Type.Enum([...auditActions]),
    subject: Type.String(),
    detail: Type.Record(Type.String(), Type.String()),
  },
  closed,
);
export type AuditView = Static<typeof AuditView>;

export const StayView = Type.Object(
  {
    agentId: Type.String(),
    hostName: Type.String(),
    state: Type.Enum(['endpoint-issued', 'endpoint-configured', 'endpoint-served']),
    endpoint: Type.String(),
    from: Instant,
    until: Type.Optional(Instant),
  },
  closed,
);
export type StayView = Static<typeof StayView>;

export const EndpointStayView = Type.Object(
  { state: StayView.properties.state, fingerprint: Fingerprint, from: Instant, until: Type.Optional(Instant) },
  closed,
);
export type EndpointStayView = Static<typeof EndpointStayView>;

export const TargetStayView = Type.Object(
  {
    address: Type.String(),
    algorithm: SignatureAlgorithm,
    served: Fingerprint,
    from: Instant,
    until: Type.Optional(Instant),
  },
  closed,
);
export type TargetStayView = Static<typeof TargetStayView>;

export const LabelView = Type.Object(
  {
    id: Type.Integer(),
    /** Names the rule as it stands: If-Match of its change. */
    tag: Type.String(),
    scope: Type.Enum(['host', 'name']),
    pattern: Type.String(),
    key: Type.String(),
    value: Type.String(),
    source: Type.Enum(['command', 'enrolment', 'list']),
    setBy: Type.String(),
    setAt: Instant,
  },
  closed,
);
export type LabelView = Static<typeof LabelView>;

export const RestorationView = Type.Object({ backedUpAt: Instant, restoredAt: Instant }, closed);

/** RFC 9457. */
export const Problem = Type.Object(
  { type: Type.Literal('about:blank'), title: Type.String(), status: Type.Integer(), detail: Type.String() },
  closed,
);
