import { bySeverity } from '../evaluate/host-status.ts';
import type { PartLists } from './assemble-host.ts';
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
import type { PackedCertificate } from './packed-certificate.ts';
import { type Sorted, sorted } from './sorted.ts';

/** The order of hosts. */
export interface HostKey {
  name: string;
  agentId: string;
}

/** The order of certificates: what ends first. */
export interface CertificateKey {
  notAfter: number;
  fingerprint: string;
}

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

/** Where a host has a certificate, if it has it anywhere: as one text, since there is one for each certificate of each host. */
class Place implements HostKey {
  readonly #host: HostKey;
  readonly text: string;

  constructor(host: HostKey, files: readonly string[], endpoints: readonly string[]) {
    this.#host = host;
    this.text = JSON.stringify([files, endpoints]);
  }

  get name(): string {
    return this.#host.name;
  }

  get agentId(): string {
    return this.#host.agentId;
  }

  /** Paths, and ids of endpoints. */
  read(): [files: string[], endpoints: string[]] {
    return JSON.parse(this.text);
  }
}

/** The order of findings: the most urgent first, then the oldest. */
interface FindingKey extends HostKey {
  urgency: Pick<FindingView, 'severity' | 'since'>;
  /** Among those of its host. */
  index: number;
}

interface KeptFinding extends FindingKey {
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
  findings: sorted(
    (one, other) => byUrgency(one.urgency, other.urgency) || byHost(one, other) || one.index - other.index,
  ),
};

/** What of the estate has one place: a host by its agent id, a certificate by its fingerprint. */
export interface EstateIndex {
  hosts: Map<string, KeptHost>;
  certificates: Map<string, KeptCertificate>;
}

type Listed = Pick<PartLists, 'files' | 'endpoints'>;

/** `lists`: those of its part, where they are at hand. Puts a host in the place of what it was before, if it was there: costs what that host has, and not what the fleet has. Keeps `index` in step. */
export function withHost(
  parts: EstateParts,
  index: EstateIndex,
  host: KeptHost,
  lists: Listed = host.part,
): EstateParts {
  const before = index.hosts.get(host.agentId);
  let { hosts, certificates, findings } = parts;
  if (before && byHost(before, host) !== 0) hosts = hosts.without(before);
  if (before?.part.findings !== host.part.findings || before.name !== host.name) {
    for (const one of before ? findingsOf(before) : []) findings = findings.without(one);
    for (const one of findingsOf(host)) findings = findings.with(one);
  }
  // Without what else is known of the host now: a place stays when that is another.
  const key: HostKey = { name: host.name, agentId: host.agentId };
  const places = placesOf(key, lists);
  const named = new Set(host.certificates.map(({ fingerprint }) => fingerprint));
  for (const { fingerprint } of before?.certificates ?? []) {
    const kept = index.certificates.get(fingerprint);
    // Its place goes with its host's old name, or as it names the certificate no more.
    if (!kept || !before || (named.has(kept.fingerprint) && byHost(before, host) === 0)) continue;
    certificates = put(certificates, { ...kept, places: kept.places.without(before) });
  }
  for (const facts of host.certificates) {
    const { fingerprint } = facts;
    const kept = index.certificates.get(fingerprint);
    const place = places.get(fingerprint) ?? new Place(key, [], []);
    if (kept?.facts === facts && kept.places.get(host)?.text === place.text) continue;
    const notAfter = facts.notAfter;
    if (kept && kept.notAfter !== notAfter) certificates = certificates.without(kept);
    certificates = put(certificates, { notAfter, fingerprint, facts, places: (kept?.places ?? noPlaces).with(place) });
  }
  index.hosts.set(host.agentId, host);
  return { hosts: hosts.with(host), certificates, findings };

  function put(all: EstateParts['certificates'], one: KeptCertificate): EstateParts['certificates'] {
    if (one.places.size > 0) index.certificates.set(one.fingerprint, one);
    else index.certificates.delete(one.fingerprint);
    return one.places.size > 0 ? all.with(one) : all.without(one);
  }
}

/** Puts findings that are of no host in the place of those before: each stands where a host of that name would. */
export function withHostless(
  parts: EstateParts,
  before: readonly FindingView[],
  after: readonly FindingView[],
): EstateParts {
  const keyed = (list: readonly FindingView[]) =>
    list.map((finding, index) => ({
      name: finding.hostName,
      agentId: finding.agentId,
      urgency: finding,
      finding,
      index,
    }));
  let { findings } = parts;
  for (const one of keyed(before)) findings = findings.without(one);
  for (const one of keyed(after)) findings = findings.with(one);
  return { ...parts, findings };
}

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

function byHost(one: HostKey, other: HostKey): number {
  return order(one.name, other.name) || order(one.agentId, other.agentId);
}

function byEnd(one: CertificateKey, other: CertificateKey): number {
  return one.notAfter - other.notAfter || order(one.fingerprint, other.fingerprint);
}

function byUrgency(one: FindingKey['urgency'], other: FindingKey['urgency']): number {
  return bySeverity(one, other) || order(one.since, other.since);
}

const noPlaces: Sorted<HostKey, Place> = sorted(byHost);

function findingsOf({ name, agentId, part }: KeptHost): KeptFinding[] {
  return part.findings.map((finding, index) => ({ name, agentId, urgency: finding, finding, index }));
}

/** By fingerprint. */
function placesOf(host: HostKey, lists: Listed): Map<string, Place> {
  const files = Map.groupBy(lists.files, ({ fingerprint }) => fingerprint);
  const endpoints = Map.groupBy(lists.endpoints, ({ served }) => served);
  const places = new Map<string, Place>();
  for (const fingerprint of [...files.keys(), ...endpoints.keys()])
    if (fingerprint !== undefined && !places.has(fingerprint))
      places.set(
        fingerprint,
        new Place(
          host,
          files.get(fingerprint)?.map(({ path }) => path) ?? [],
          endpoints.get(fingerprint)?.map(({ id }) => id) ?? [],
        ),
      );
  return places;
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
