import Type, { type Static } from 'typebox';
import { Fingerprint, Instant } from './certificate.ts';
import { Event } from './event.ts';
import { Subject } from './finding.ts';
import { LookedFrame, LookFrame } from './look.ts';
import { Snapshot } from './snapshot.ts';
import { maxDerBytes, maxSnapshotParts, maxWantedCertificates } from './version.ts';

const closed = { additionalProperties: false };
/** 8 to 64 of A-Z, a-z, 0-9, _ and -. */
export const Id = Type.String({ title: 'id', pattern: '^[A-Za-z0-9_-]{8,64}$' });
/** 32 random bytes, base64url without padding: 43 characters. */
export const Nonce = Type.String({ title: 'nonce', pattern: '^[A-Za-z0-9_-]{43}$' });
/** Lower-case hexadecimal SHA-256. */
export const Digest = Type.String({ title: 'digest', pattern: '^[0-9a-f]{64}$' });
const Epoch = Id;

/** collector -> agent, first frame of every connection. */
export const Challenge = Type.Object(
  {
    type: Type.Literal('challenge'),
    collectorId: Id,
    nonce: Nonce,
    minVersion: Type.Integer(),
    maxVersion: Type.Integer(),
  },
  closed,
);
export type Challenge = Static<typeof Challenge>;

/** agent -> collector: register the public half of a key made on the host. The token is spent once. */
export const Enrol = Type.Object(
  {
    type: Type.Literal('enrol'),
    token: Nonce,
    /** Ed25519 public key, SPKI DER, base64. */
    publicKey: Type.String({ maxLength: 512 }),
    hostName: Type.String({ maxLength: 1024 }),
  },
  closed,
);
export type Enrol = Static<typeof Enrol>;

/** collector -> agent: the same token and key within the token's life give the same agentId. */
export const Enrolled = Type.Object({ type: Type.Literal('enrolled'), agentId: Id, collectorId: Id }, closed);
export type Enrolled = Static<typeof Enrolled>;

/** agent -> collector: who it is, and what it would send. `signature` is Ed25519 over sessionStatement(), base64. */
export const Hello = Type.Object(
  {
    type: Type.Literal('hello'),
    minVersion: Type.Integer(),
    maxVersion: Type.Integer(),
    agentId: Id,
    nonce: Nonce,
    /** Counts sessions; never repeats for one identity unless its state was copied. */
    generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    bootId: Type.String({ maxLength: 64 }),
    signature: Type.String({ maxLength: 128 }),
    hostName: Type.String({ maxLength: 1024 }),
    agentVersion: Type.String({ maxLength: 64 }),
    /** Digest of the agent's current snapshot, if it has one yet. */
    snapshotDigest: Type.Optional(Digest),
    epoch: Epoch,
  },
  closed,
);
export type Hello = Static<typeof Hello>;

/** collector -> agent: accepted. Events up to ackedSeq of this epoch are durable already. */
export const Welcome = Type.Object(
  {
    type: Type.Literal('welcome'),
    version: Type.Integer(),
    ackedSeq: Type.Integer({ minimum: 0 }),
    wantSnapshot: Type.Boolean(),
    heartbeatSeconds: Type.Number({ minimum: 0.1, maximum: 600 }),
    /** How many events may be unacked at a time. */
    window: Type.Integer({ minimum: 1, maximum: 10000 }),
  },
  closed,
);
export type Welcome = Static<typeof Welcome>;

/**
 * agent -> collector. No fact in it was seen before `observedAt`, which is not part of the digest: where the answer of an endpoint stands from
 * an earlier look, the instant of that one.
 */
export const SnapshotFrame = Type.Object(
  { type: Type.Literal('snapshot'), digest: Digest, observedAt: Instant, snapshot: Snapshot },
  closed,
);
export type SnapshotFrame = Static<typeof SnapshotFrame>;

/**
 * agent -> collector: a piece of the JSON text of a snapshot that is larger than a frame. The pieces in order, put together, are that text,
 * and `digest` is the SHA-256 of it in UTF-8; it counts once the last piece is there and not before.
 */
export const SnapshotPart = Type.Object(
  {
    type: Type.Literal('snapshot-part'),
    digest: Digest,
    observedAt: Instant,
    /** Which one this is, from 1; 1 begins anew. */
    part: Type.Integer({ minimum: 1, maximum: maxSnapshotParts }),
    /** How many there are; the same in each. */
    parts: Type.Integer({ minimum: 2, maximum: maxSnapshotParts }),
    text: Type.String({ minLength: 1 }),
  },
  closed,
);
export type SnapshotPart = Static<typeof SnapshotPart>;

/** agent -> collector, in order of seq. */
export const EventsFrame = Type.Object(
  { type: Type.Literal('events'), epoch: Epoch, events: Type.Array(Event, { minItems: 1, maxItems: 1000 }) },
  closed,
);
export type EventsFrame = Static<typeof EventsFrame>;

/** collector -> agent: all events of this epoch up to seq are committed to disk. */
export const Ack = Type.Object(
  {
    type: Type.Literal('ack'),
    epoch: Epoch,
    seq: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  },
  closed,
);
export type Ack = Static<typeof Ack>;

/** both ways. From the agent it says that the facts of `digest` were seen again at `observedAt`. */
export const Heartbeat = Type.Object(
  { type: Type.Literal('heartbeat'), at: Instant, observedAt: Type.Optional(Instant), digest: Type.Optional(Digest) },
  closed,
);
export type Heartbeat = Static<typeof Heartbeat>;

/** collector -> agent: asks for the whole current snapshot (the collector lost or never had it). */
export const WantSnapshot = Type.Object({ type: Type.Literal('want-snapshot') }, closed);
export type WantSnapshot = Static<typeof WantSnapshot>;

/**
 * collector -> agent: asks for the DER of certificates that the agent's current snapshot names. The next question comes when this one is
 * answered, and not before; what a session leaves unanswered is asked again in another one.
 */
export const WantCertificates = Type.Object(
  {
    type: Type.Literal('want-certificates'),
    fingerprints: Type.Array(Fingerprint, { minItems: 1, maxItems: maxWantedCertificates }),
  },
  closed,
);
export type WantCertificates = Static<typeof WantCertificates>;

/** agent -> collector: the answer, in one frame or in several: each fingerprint that was asked for once, and no other. */
export const CertificatesFrame = Type.Object(
  {
    type: Type.Literal('certificates'),
    certificates: Type.Array(
      Type.Object(
        {
          fingerprint: Fingerprint,
          /** base64, as found in a certificate file or in a handshake. Absent: it is found there no more, or too large. */
          der: Type.Optional(
            Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength: Math.ceil(maxDerBytes / 3) * 4 }),
          ),
        },
        closed,
      ),
      { minItems: 1, maxItems: maxWantedCertificates },
    ),
  },
  closed,
);
export type CertificatesFrame = Static<typeof CertificatesFrame>;

/**
 * agent -> collector: another key for this identity. Both signatures are Ed25519 over rotationStatement(), base64: the
 * holder of the old key wants it, and holds the new one too.
 */
export const RotateKey = Type.Object(
  {
    type: Type.Literal('rotate-key'),
    /** The new one: Ed25519 public key, SPKI DER, base64. */
    publicKey: Type.String({ maxLength: 512 }),
    /** By the key that the collector knows. */
    signature: Type.String({ maxLength: 128 }),
    /** By the new key. */
    proof: Type.String({ maxLength: 128 }),
  },
  closed,
);
export type RotateKey = Static<typeof RotateKey>;

/** collector -> agent: from now on this key alone proves the identity; it is on disk. */
export const KeyRotated = Type.Object(
  { type: Type.Literal('key-rotated'), publicKey: Type.String({ maxLength: 512 }) },
  closed,
);
export type KeyRotated = Static<typeof KeyRotated>;

/** What a collector may ask for: a closed list. `rescan` looks at the whole host again, `verify` at one subject of it. */
export const RequestedVerb = Type.Enum(['rescan', 'verify', 'reload', 'renew', 'restore', 'rehearse']);
export type RequestedVerb = Static<typeof RequestedVerb>;

/**
 * collector -> agent: a wish, never a command. The host's own policy and limits have the last word, and
 * the answer is an event whose `detail.request` is this id: exactly one for each id that is kept.
 */
export const RequestFrame = Type.Object(
  {
    type: Type.Literal('request'),
    /** A UUID (RFC 9562). The same id sent again is the same wish, and is done once. */
    id: Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' }),
    verb: RequestedVerb,
    /** Something that the agent itself reported: its host, a server, a lineage or an endpoint. */
    subject: Subject,
    /** Who asks and why, for the history; raw. */
    requester: Type.String({ minLength: 1, maxLength: 256 }),
    reason: Type.String({ maxLength: 1000 }),
    /** Not to be begun later than this after it came: a span, since the two clocks may disagree. */
    withinSeconds: Type.Number({ minimum: 1, maximum: 86_400 }),
  },
  closed,
);
export type RequestFrame = Static<typeof RequestFrame>;

/** Why the collector ends a connection. `try-later` alone means that the same request may succeed later. */
export const RefusalReason = Type.Enum([
  /** the token is unknown, spent by another key, or over: one answer for all three */
  'token-refused',
  /** another frame before the hello, an unknown agent, or a signature that is not the agent's: one answer for all */
  'not-authenticated',
  /** a person took this host's identity away */
  'revoked',
  /** another machine presents this identity: its state was copied */
  'identity-in-use',
  /** no version that both sides speak */
  'version-unsupported',
  /** not a frame, a frame that is not of its schema, or one that may not come here */
  'frame-invalid',
  /** no hello within 5 s, or a snapshot's parts do not come in time; or 1 MiB of answers waits and is not read, and then without a frame and a closing handshake */
  'too-slow',
  /** the collector cannot keep anything at the moment, or the next snapshot in parts comes too soon after the last one */
  'try-later',
]);
export type RefusalReason = Static<typeof RefusalReason>;

/** collector -> agent, last frame before it closes. */
export const Refused = Type.Object(
  {
    type: Type.Literal('refused'),
    reason: RefusalReason,
    retryAfterSeconds: Type.Optional(Type.Number({ minimum: 0 })),
  },
  closed,
);
export type Refused = Static<typeof Refused>;

export const AgentFrame = Type.Union([
  Enrol,
  Hello,
  SnapshotFrame,
  SnapshotPart,
  CertificatesFrame,
  LookedFrame,
  EventsFrame,
  Heartbeat,
  RotateKey,
]);
export type AgentFrame = Static<typeof AgentFrame>;

export const CollectorFrame = Type.Union([
  Challenge,
  Enrolled,
  Welcome,
  Ack,
  Heartbeat,
  WantSnapshot,
  WantCertificates,
  KeyRotated,
  RequestFrame,
  LookFrame,
  Refused,
]);
export type CollectorFrame = Static<typeof CollectorFrame>;

/** WebSocket close code for a refusal (RFC 6455 7.4.2, private range). */
export const closeCodes: Readonly<Record<RefusalReason, number>> = {
  'token-refused': 4001,
  'not-authenticated': 4002,
  revoked: 4003,
  'identity-in-use': 4004,
  'version-unsupported': 4005,
  'frame-invalid': 4006,
  'too-slow': 4007,
  'try-later': 4008,
};
