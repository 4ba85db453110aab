import { Certificate, Fingerprint, Instant, SignatureAlgorithm } from '@certherd/protocol/certificate';
import { Event } from '@certherd/protocol/event';
import { Finding, type FindingCode } from '@certherd/protocol/finding';
import { NotTold } from '@certherd/protocol/look';
import { Endpoint, Lineage, Mode } from '@certherd/protocol/snapshot';
import Type, { type Static } from 'typebox';
import type { FleetFindingCode, HaltedCode, OutsideFindingCode } from '../evaluate/explanations.ts';
import { Staple } from '../scan/seen.ts';

const closed = { additionalProperties: false };

/** `unknown` is never healthy: silent, nothing told yet, or not looked for three of the agent's look intervals. */
export const HostStatus = Type.Enum(['healthy', 'warning', 'critical', 'unknown']);
export type HostStatus = Static<typeof HostStatus>;

/** By key: what people set with `label set`, or as the host enrolled. Of an endpoint: of its server name, then of its host. */
const Labels = Type.Record(Type.String(), Type.String());

export const HostView = Type.Object(
  {
    agentId: Type.String(),
    name: Type.String(),
    agentVersion: Type.String(),
    platform: Type.String(),
    mode: Type.Optional(Mode),
    status: HostStatus,
    /** One plain sentence: why this status. */
    reason: Type.String(),
    connected: Type.Boolean(),
    enrolledAt: Instant,
    /** When another machine last presented this host's identity, however its status is. */
    conflictAt: Type.Optional(Instant),
    /** When a person took its identity away: what it told before is shown, and nothing is taken from it since. */
    revokedAt: Type.Optional(Instant),
    lastHeardAt: Type.Optional(Instant),
    /** When the agent last looked at the facts shown here. */
    observedAt: Type.Optional(Instant),
    /**
     * How far its clock is ahead of the collector's, by its heartbeats (receive/clock-skew.ts): whole seconds below a minute, then whole minutes, negative
     * where it is behind, 0 below two seconds. Absent: this collector has not measured it.
     */
    clockSkewSeconds: Type.Optional(Type.Integer()),
    labels: Type.Optional(Labels),
  },
  closed,
);
export type HostView = Static<typeof HostView>;

const onHost = { agentId: Type.String(), hostName: Type.String() };

/** `proved`: issued = configured = served, seen recently, and valid now. */
export const EndpointStatus = Type.Enum(['proved', 'drift', 'expired', 'not-yet-valid', 'unreachable', 'unknown']);
export type EndpointStatus = Static<typeof EndpointStatus>;

export const EndpointView = Type.Object(
  {
    ...onHost,
    ...Endpoint.properties,
    status: EndpointStatus,
    observedAt: Type.Optional(Instant),
    /** Validity of the certificate that is served. */
    servedNotBefore: Type.Optional(Instant),
    servedNotAfter: Type.Optional(Instant),
    labels: Type.Optional(Labels),
  },
  closed,
);
export type EndpointView = Static<typeof EndpointView>;

export const CertificateView = Type.Object(
  {
    ...Certificate.properties,
    firstSeenAt: Instant,
    /** Its facts were read by the collector in the certificate itself (`der`), or are what the first agent that named it told (`told`). */
    basis: Type.Enum(['der', 'told']),
    /** What was registered of its names, by the Public Suffix List; of an authority none. */
    domains: Type.Array(Type.String()),
    /** Files that hold it as their leaf, and endpoints that serve it. */
    files: Type.Array(Type.Object({ ...onHost, path: Type.String() }, closed)),
    endpoints: Type.Array(Type.Object({ ...onHost, id: Type.String() }, closed)),
  },
  closed,
);
export type CertificateView = Static<typeof CertificateView>;

export const FindingView = Type.Object(
  {
    ...onHost,
    ...Finding.properties,
    /** The agent's own, or one of those that only the collector gives. */
    code: Type.Unsafe<FindingCode | FleetFindingCode | OutsideFindingCode | HaltedCode>(Finding.properties.code),
    /** The host is silent or looks no more: this was true when it last looked. */
    stale: Type.Boolean(),
    /** Of what is presented where this was seen from outside. */
    life: Type.Optional(Type.Object({ notBefore: Instant, notAfter: Instant }, closed)),
    /** Server names that it is about, at most 20, where no endpoint of its host tells them: it was seen from outside, or is a campaign's. */
    names: Type.Optional(Type.Array(Type.String())),
    /** Of the target that it is about, where it is of no host. */
    labels: Type.Optional(Labels),
  },
  closed,
);
export type FindingView = Static<typeof FindingView>;

export const LineageView = Type.Object({ ...onHost, ...Lineage.properties }, closed);
export type LineageView = Static<typeof LineageView>;

export const EventView = Type.Object(
  { ...onHost, epoch: Type.String(), ...Event.properties, receivedAt: Instant },
  closed,
);
export type EventView = Static<typeof EventView>;

/** A row of the list that was imported, as written: what somebody believes, and no agent told. */
export const ListedView = Type.Object(
  { name: Type.String(), expiration: Type.String(), issuer: Type.String(), labels: Labels },
  closed,
);
export type ListedView = Static<typeof ListedView>;

/** Why nothing was seen from outside; `detail` is raw. */
const OutsideFailure = { reason: Type.String(), detail: Type.String() };

/** What one address of a target presents to clients of one kind of key. */
const TargetPlaceView = Type.Object(
  {
    address: Type.String(),
    algorithm: Type.Optional(SignatureAlgorithm),
    /** The leaf; absent where this address has never shown one. */
    served: Type.Optional(Fingerprint),
    chain: Type.Array(Fingerprint),
    subject: Type.Optional(Type.String()),
    issuer: Type.Optional(Type.String()),
    serialNumber: Type.Optional(Type.String()),
    notBefore: Type.Optional(Instant),
    notAfter: Type.Optional(Instant),
    tlsVersion: Type.Optional(Type.String()),
    /** Is the name that was asked for among the leaf's own? */
    nameMatches: Type.Optional(Type.Boolean()),
    /** Does the chain lead to a root that the collector trusts? */
    trusted: Type.Optional(Type.Boolean()),
    chainProblem: Type.Optional(Type.String()),
    /** The OCSP answer that is stapled to the leaf, with since when its state is so. Absent where that is not known. */
    staple: Type.Optional(Type.Object({ ...Staple.properties, since: Instant }, closed)),
    /** The leaf demands that there is one (RFC 7633). */
    mustStaple: Type.Optional(Type.Literal(true)),
    /** Since when it has presented this one, by when that was first seen. */
    since: Instant,
    /** It was silent when it was asked last, and since when; what is told beside it is from before. */
    failure: Type.Optional(Type.Object({ ...OutsideFailure, since: Instant }, closed)),
  },
  closed,
);

/** Something that the collector asks from outside, again and again. */
export const TargetView = Type.Object(
  {
    id: Type.Integer(),
    /** As targets are written: "smtp://mail.example.com:25". */
    target: Type.String(),
    everySeconds: Type.Number(),
    /** Where it is asked from: 'collector', or the id of the agent that looks. */
    vantage: Type.String(),
    /** What that agent's host is called. */
    vantageName: Type.Optional(Type.String()),
    setBy: Type.String(),
    setAt: Instant,
    askedAt: Type.Optional(Instant),
    /** Somebody wants it asked before its time. */
    wanted: Type.Optional(Type.Literal(true)),
    /** Of its name. */
    labels: Type.Optional(Labels),
    places: Type.Array(TargetPlaceView),
    /** Addresses of the name that are not asked, because it has so many. */
    leftOut: Type.Integer(),
    /** A family of addresses of which no resolver told, while there are some of the other one. */
    notTold: Type.Optional(NotTold),
    failure: Type.Optional(Type.Object(OutsideFailure, closed)),
  },
  closed,
);
export type TargetView = Static<typeof TargetView>;

/** The whole estate as of `at`; instants only, never derived days. */
export const Estate = Type.Object(
  {
    version: Type.Literal(1),
    at: Instant,
    collector: Type.Object({ version: Type.String(), startedAt: Instant }, closed),
    hosts: Type.Array(HostView),
    certificates: Type.Array(CertificateView),
    endpoints: Type.Array(EndpointView),
    lineages: Type.Array(LineageView),
    findings: Type.Array(FindingView),
    /** Newest first, at most 100. */
    events: Type.Array(EventView),
    /** In the order of the list. */
    listed: Type.Array(ListedView),
    targets: Type.Array(TargetView),
  },
  closed,
);
export type Estate = Static<typeof Estate>;
