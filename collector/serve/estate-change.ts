import { Instant } from '@certherd/protocol/certificate';
import Type, { type Static } from 'typebox';
import type { ClosedPart } from './closed-part.ts';
import {
  CertificateView,
  EndpointView,
  EventView,
  FindingView,
  HostView,
  LineageView,
  ListedView,
  TargetView,
} from './estate.ts';

const closed = { additionalProperties: false };

/** A host's lists that are not as before, each one whole; of a host that is new all of them. */
export const HostChange = Type.Object(
  {
    agentId: Type.String(),
    host: Type.Optional(HostView),
    endpoints: Type.Optional(Type.Array(EndpointView)),
    lineages: Type.Optional(Type.Array(LineageView)),
    findings: Type.Optional(Type.Array(FindingView)),
    /** The leaf in each file that holds one. */
    files: Type.Optional(Type.Array(Type.Object({ path: Type.String(), fingerprint: Type.String() }, closed))),
  },
  closed,
);
export type HostChange = Static<typeof HostChange>;

/** A host that was only heard again: of the same as before, these instants are newer, and its clock may be. */
export const HeardChange = Type.Object(
  {
    agentId: Type.String(),
    lastHeardAt: Instant,
    observedAt: Type.Optional(Instant),
    clockSkewSeconds: Type.Optional(Type.Integer()),
  },
  closed,
);
export type HeardChange = Static<typeof HeardChange>;

/** A certificate without its files and endpoints: those are told with their hosts. */
const { files: _files, endpoints: _endpoints, ...alone } = CertificateView.properties;
export const CertificateChange = Type.Object(alone, closed);
export type CertificateChange = Static<typeof CertificateChange>;

/** What changed between two moments of the estate. */
export const EstateChange = Type.Object(
  {
    /** Of the later moment. */
    at: Instant,
    hosts: Type.Array(HostChange),
    heard: Type.Array(HeardChange),
    /** New, or with other facts. */
    certificates: Type.Array(CertificateChange),
    /** Fingerprints of what no host names any more. */
    gone: Type.Array(Type.String()),
    /** New ones, newest first. */
    events: Type.Array(EventView),
    /** The whole imported list, if it is another one. */
    listed: Type.Optional(Type.Array(ListedView)),
    /** All that is asked from outside, and all findings of what no host proves, if any of them is another one. */
    targets: Type.Optional(Type.Array(TargetView)),
    hostless: Type.Optional(Type.Array(FindingView)),
  },
  closed,
);
export type EstateChange = Static<typeof EstateChange>;

/** undefined: nothing that is shown differs. */
export function hostChange(agentId: string, before: ClosedPart | undefined, after: ClosedPart): HostChange | undefined {
  const change: HostChange = {
    agentId,
    ...(before?.host !== after.host && { host: after.host }),
    ...(before?.marks.endpoints !== after.marks.endpoints && { endpoints: after.endpoints }),
    ...(before?.marks.lineages !== after.marks.lineages && { lineages: after.lineages }),
    ...(before?.findings !== after.findings && { findings: after.findings }),
    ...(before?.marks.files !== after.marks.files && { files: [...after.files] }),
  };
  return Object.keys(change).length > 1 ? change : undefined;
}
