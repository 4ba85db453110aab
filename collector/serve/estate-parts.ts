import type { ClosedPart } from './closed-part.ts';
import { certificateAlone } from './certificate-alone.ts';
import type {
  CertificateView,
  EndpointView,
  Estate,
  EventView,
  FindingView,
  HostView,
  LineageView,
  ListedView,
  TargetView,
} from './estate.ts';
import { byEnd, byFinding, byHost, type CertificateKey, type FindingKey, type HostKey } from './estate-order.ts';
import type { PackedCertificate } from './packed-certificate.ts';
import type { Place } from './place.ts';
import { type Sorted, sorted } from './sorted.ts';

/** A host with its part. */
export interface KeptHost extends HostKey {
  part: ClosedPart;
  /** What its current snapshot names. */
  certificates: readonly PackedCertificate[];
}

/** A certificate with all hosts whose snapshots name it. */
export interface KeptCertificate extends CertificateKey {
  facts: PackedCertificate;
  places: Sorted<HostKey, Place>;
}

export interface KeptFinding extends FindingKey {
  finding: FindingView;
}

/** The whole estate at one moment; it is never changed. */
export interface EstateParts {
  hosts: Sorted<HostKey, KeptHost>;
  certificates: Sorted<CertificateKey, KeptCertificate>;
  findings: Sorted<FindingKey, KeptFinding>;
}

export const noParts: EstateParts = {
  hosts: sorted(byHost),
  certificates: sorted(byEnd),
  findings: sorted(byFinding),
};

/** Estate, with lists that are read one item at a time. */
export type EstateLists = {
  [K in keyof Estate]: Estate[K] extends readonly (infer Item)[] ? Iterable<Item> : Estate[K];
};

/** All that an estate is made of. */
export interface EstateContent {
  parts: EstateParts;
  /** Newest first. */
  events: readonly EventView[];
  listed: readonly ListedView[];
  targets: readonly TargetView[];
}

/** Every list as of one moment, however long it takes to read them. */
export function estateLists(
  { parts, events, listed, targets }: EstateContent,
  collector: Estate['collector'],
  now: number,
): EstateLists {
  return {
    version: 1,
    at: new Date(now).toISOString(),
    collector,
    hosts: again(() => hostViews(parts)),
    certificates: again(() => certificateViews(parts)),
    endpoints: again(() => endpointViews(parts)),
    lineages: again(() => lineageViews(parts)),
    findings: again(() => findingViews(parts)),
    events,
    listed,
    targets,
  };
}

/** Can be read more than once. */
function again<T>(read: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: read };
}

function* hostViews({ hosts }: EstateParts): Generator<HostView> {
  for (const { part } of hosts) yield part.host;
}

function* endpointViews({ hosts }: EstateParts): Generator<EndpointView> {
  for (const { part } of hosts) yield* part.endpoints;
}

function* lineageViews({ hosts }: EstateParts): Generator<LineageView> {
  for (const { part } of hosts) yield* part.lineages;
}

/** Most urgent first. */
function* findingViews({ findings }: EstateParts): Generator<FindingView> {
  for (const { finding } of findings) yield finding;
}

function* certificateViews({ certificates }: EstateParts): Generator<CertificateView> {
  for (const certificate of certificates) yield certificateView(certificate);
}

export function certificateView({ facts, places }: KeptCertificate): CertificateView {
  const files: CertificateView['files'] = [];
  const endpoints: CertificateView['endpoints'] = [];
  for (const place of places) {
    const { agentId, name: hostName } = place;
    const [paths, ids] = place.read();
    for (const path of paths) files.push({ agentId, hostName, path });
    for (const id of ids) endpoints.push({ agentId, hostName, id });
  }
  return { ...certificateAlone(facts), files, endpoints };
}
