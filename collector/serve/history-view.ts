import { Fingerprint, Instant } from '@certherd/protocol/certificate';
import { Severity, Subject } from '@certherd/protocol/finding';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };
const onHost = { agentId: Type.String(), hostName: Type.String() };

export const FindingSpanView = Type.Object(
  {
    ...onHost,
    code: Type.String(),
    severity: Severity,
    subject: Subject,
    /** When the collector was told of it, and of its end; without an end it stands. */
    from: Instant,
    until: Type.Optional(Instant),
  },
  closed,
);
export type FindingSpanView = Static<typeof FindingSpanView>;

/** A certificate that took the place of another one at an endpoint. */
export const ServingView = Type.Object(
  {
    ...onHost,
    /** The endpoint's id. */
    endpoint: Type.String(),
    fingerprint: Fingerprint,
    /** When a look first saw it issued, or configured where no lineage issues it. */
    issuedAt: Instant,
    /** When a look first saw it served. */
    servedAt: Type.Optional(Instant),
  },
  closed,
);
export type ServingView = Static<typeof ServingView>;

/** What stood, and what was renewed, since an instant; newest first. */
export const HistoryAnswer = Type.Object(
  {
    version: Type.Literal(1),
    at: Instant,
    since: Instant,
    /** False: there is more than 20,000 of a list, and the oldest is left out. */
    complete: Type.Boolean(),
    findings: Type.Array(FindingSpanView),
    servings: Type.Array(ServingView),
  },
  closed,
);
export type HistoryAnswer = Static<typeof HistoryAnswer>;
