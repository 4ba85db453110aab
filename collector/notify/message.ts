import { Instant } from '@certherd/protocol/certificate';
import { Severity, Subject } from '@certherd/protocol/finding';
import Type, { type Static } from 'typebox';

const closed = { additionalProperties: false };

/** Why a message is sent: `opened` first; `worse`, `more`, `repeat` and `escalated` while it stands; `acknowledged` when somebody took it on, `given-back` when nobody has it any more; `resolved` at last, once; `test` by hand. Take one that you do not know for `repeat`. */
export const MessageKind = Type.Enum([
  'opened',
  'worse',
  'more',
  'repeat',
  'escalated',
  'acknowledged',
  'given-back',
  'resolved',
  'test',
]);
export type MessageKind = Static<typeof MessageKind>;

/** One thing that is concerned. */
export const Place = Type.Object(
  {
    hostName: Type.String(),
    /** As the finding's: what it is about on that host. */
    subject: Subject,
    /** Server names that are concerned there, at most 20. */
    names: Type.Array(Type.String()),
  },
  closed,
);
export type Place = Static<typeof Place>;

/** What one channel is told, once. Strings come from hosts and certificates: escape them where they are shown. */
export const Message = Type.Object(
  {
    version: Type.Literal(1),
    /** The same one is the same message, however often it comes. */
    id: Type.String(),
    /** The same one from `opened` to `resolved`. */
    incident: Type.String(),
    kind: MessageKind,
    severity: Severity,
    /** The finding's code, or `host-silent`, `host-not-looking`, `identity-conflict`, `renewal-missed`, `campaign-paused`. */
    code: Type.String(),
    /** One line: what, and where. */
    title: Type.String(),
    /** In words, of the first place. */
    cause: Type.String(),
    /** Since when it has been so. */
    since: Instant,
    /** When the first certificate of those that are served there ends. */
    deadline: Type.Optional(Instant),
    /** One command line as a person would type it on the host, or one sentence. */
    remedy: Type.String(),
    /** At most 100, for Alertmanager 10,000; most urgent first. */
    places: Type.Array(Place),
    placesTotal: Type.Integer(),
    /** Labels that all places have alike. */
    labels: Type.Record(Type.String(), Type.String()),
    /** Labels that they do not all have alike: each value, at most 20. */
    partly: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
    runbook: Type.Optional(Type.String()),
    /** The status page. */
    page: Type.Optional(Type.String()),
    /** Where it can be acknowledged or silenced, for a week: it holds the right to, for this incident alone. */
    answer: Type.Optional(Type.String()),
    /** Who took it on. */
    acknowledged: Type.Optional(Type.Object({ by: Type.String(), reason: Type.String(), at: Instant }, closed)),
    /** Of `resolved`: from `since` on. */
    durationSeconds: Type.Optional(Type.Number()),
    /** An earlier try was cut off: a copy may have arrived. */
    again: Type.Optional(Type.Literal(true)),
  },
  closed,
);
export type Message = Static<typeof Message>;
