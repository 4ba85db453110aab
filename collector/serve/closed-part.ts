import type { Endpoint, Lineage } from '@certherd/protocol/snapshot';
import type { KeptFacts } from '../store/facts.ts';
import {
  type ClosedLists,
  closeLists,
  type ListTexts,
  type OpenedLists,
  openLists,
  type SeenEndpoint,
  textsOfLists,
} from './closed-lists.ts';
import type { HeldFile, HostPart, PartLists } from './assemble-host.ts';
import type { EndpointView, LineageView } from './estate.ts';
import type { PackedCertificate } from './packed-certificate.ts';
import { reachedAtHost } from './reached.ts';

/** Each list has another one, once it says something else: numbers grow. */
type ListMarks = Readonly<Record<keyof PartLists, number>>;

interface Compared extends Record<keyof PartLists, boolean> {
  closed?: ClosedLists;
}

interface Opened {
  closed: ClosedLists;
  certificates: readonly PackedCertificate[];
  lists: OpenedLists;
}

/** The lists of parts that somebody reads: opened once for all that read a host at a time, and those of a few hosts. */
export class OpenedParts {
  /** By agent id: of a host that has much only one part is kept open, however often it is another one. */
  readonly #kept = new Map<string, Opened>();

  /** What is closed may say the same of parts that have other certificates. */
  of(agentId: string, closed: ClosedLists, certificates: readonly PackedCertificate[]): OpenedLists {
    const known = this.#kept.get(agentId);
    if (known?.closed === closed && known.certificates === certificates) return known.lists;
    this.#kept.delete(agentId);
    for (const oldest of this.#kept.keys()) if (this.#kept.size >= mostOpened) this.#kept.delete(oldest);
    const lists = openLists(closed, certificates.map(fingerprintOf));
    this.#kept.set(agentId, { closed, certificates, lists });
    return lists;
  }
}

/** Whoever walks through all hosts needs one; some may do so at once. */
const mostOpened = 16;

type Beside = Omit<HostPart, keyof PartLists>;

interface Closed extends Beside {
  /** Many hosts have none, and need not be opened for that. */
  hasLineages: boolean;
  marks: ListMarks;
  lists: ClosedLists;
  /** By which it was judged. */
  certificates: readonly PackedCertificate[];
  parts: OpenedParts;
}

/** A host's part as it is kept: what is asked of all hosts is at hand, and the lists, which are most of it, are opened for whoever reads them. */
export class ClosedPart implements HostPart {
  readonly host;
  readonly findings;
  readonly statuses;
  readonly countsDownFrom;
  readonly unread;
  readonly stale;
  readonly standsUntil;
  readonly hasLineages;
  readonly marks;
  readonly certificates;
  readonly #lists;
  readonly #parts;

  constructor({ host, findings, statuses, countsDownFrom, unread, stale, standsUntil, ...kept }: Closed) {
    this.host = host;
    this.findings = findings;
    this.statuses = statuses;
    this.countsDownFrom = countsDownFrom;
    this.unread = unread;
    this.stale = stale;
    this.standsUntil = standsUntil;
    this.hasLineages = kept.hasLineages;
    this.marks = kept.marks;
    this.certificates = kept.certificates;
    this.#lists = kept.lists;
    this.#parts = kept.parts;
  }

  get endpoints(): EndpointView[] {
    const { agentId, name: hostName, observedAt } = this.host;
    const served = new Map(this.certificates.map((one) => [one.fingerprint, one.life]));
    const { endpoints, verdicts } = this.#told();
    return endpoints.map((endpoint, index): EndpointView => {
      const { status = 'unknown', labels } = verdicts[index] ?? {};
      const life = served.get(endpoint.served ?? '');
      return {
        agentId,
        hostName,
        ...endpoint,
        status,
        ...(observedAt !== undefined && { observedAt }),
        ...(life && { servedNotBefore: life.notBefore, servedNotAfter: life.notAfter }),
        ...(labels && { labels }),
      };
    });
  }

  get seen(): readonly SeenEndpoint[] {
    return this.#told().seen;
  }

  get lineages(): LineageView[] {
    const { agentId, name: hostName } = this.host;
    if (!this.hasLineages) return [];
    return this.#told().lineages.map((lineage) => ({ agentId, hostName, ...lineage }));
  }

  get files(): readonly HeldFile[] {
    return this.#told().files;
  }

  /** As the host told them. */
  get told(): { endpoints: Endpoint[]; lineages: Lineage[] } {
    const { endpoints, lineages } = this.#told();
    return { endpoints: endpoints.map((one) => ({ ...one, ...reachedAtHost(one) })), lineages: [...lineages] };
  }

  /** The same with other instants. */
  heard({ host, standsUntil }: Pick<HostPart, 'host' | 'standsUntil'>): ClosedPart {
    const { marks } = this;
    return new ClosedPart({
      host,
      standsUntil,
      findings: this.findings,
      statuses: this.statuses,
      countsDownFrom: this.countsDownFrom,
      unread: this.unread,
      stale: this.stale,
      certificates: this.certificates,
      hasLineages: this.hasLineages,
      marks: host.observedAt === this.host.observedAt ? marks : { ...marks, endpoints: marks.endpoints + 1 },
      lists: this.#lists,
      parts: this.#parts,
    });
  }

  /** What of it says the same as another one of the same host, whose lists have this text; `closed`: all that was told does. */
  compare(texts: ListTexts, { host }: Beside, certificates: readonly PackedCertificate[]): Compared {
    const [before, after] = [linesOf(this.#told().texts), linesOf(texts)];
    const isSame = (...lists: (keyof typeof before)[]) => lists.every((list) => before[list] === after[list]);
    const isNamed = this.host.name === host.name;
    const isPlaced = haveSame(this.certificates, certificates, fingerprintOf);
    const isDated = isPlaced && haveSame(this.certificates, certificates, lifeOf);
    const isSeen = this.host.observedAt === host.observedAt && isSame('endpoints', 'verdicts');
    return {
      endpoints: isNamed && isDated && isSeen,
      lineages: isNamed && isPlaced && isSame('lineages'),
      files: isPlaced && isSame('files'),
      ...(isPlaced && isSame('endpoints', 'verdicts', 'lineages', 'files') && { closed: this.#lists }),
    };
  }

  #told(): OpenedLists {
    return this.#parts.of(this.host.agentId, this.#lists, this.certificates);
  }
}

/** Closes the part that was made of what a host told. What says the same as in the part before is the same, or keeps its mark. */
export function closePart(
  { snapshot, revokedAt }: Pick<KeptFacts, 'snapshot' | 'revokedAt'>,
  part: HostPart,
  before: ClosedPart | undefined,
  certificates: readonly PackedCertificate[],
  parts: OpenedParts,
): ClosedPart {
  const told = revokedAt === undefined ? snapshot : undefined;
  const { endpoints = [], lineages = [] } = told ?? {};
  // How far each got is also seen from outside: of that the host's own part can be told again.
  const texts = textsOfLists(
    { endpoints, verdicts: part.endpoints, lineages, files: part.files },
    certificates.map(fingerprintOf),
  );
  const kept = { ...part, hasLineages: lineages.length > 0, certificates, parts };
  if (!before)
    return new ClosedPart({ ...kept, marks: { endpoints: 0, lineages: 0, files: 0 }, lists: closeLists(texts) });
  const isSame = before.compare(texts, part, certificates);
  const mark = (list: keyof PartLists) => before.marks[list] + Number(!isSame[list]);
  return new ClosedPart({
    ...kept,
    host: sameOf(before.host, part.host),
    findings: sameOf(before.findings, part.findings),
    marks: { endpoints: mark('endpoints'), lineages: mark('lineages'), files: mark('files') },
    lists: isSame.closed ?? closeLists(texts),
  });
}

function linesOf({ scraped, told }: ListTexts) {
  const [, verdicts, files] = scraped.split('\n');
  const [endpoints, lineages] = told.split('\n');
  return { verdicts, files, endpoints, lineages };
}

function sameOf<T>(before: T, after: T): T {
  return JSON.stringify(before) === JSON.stringify(after) ? before : after;
}

function haveSame<T>(ones: readonly T[], others: readonly T[], of: (one: T) => string): boolean {
  return ones.length === others.length && ones.every((one, at) => one === others[at] || isSame(one, others[at]));

  function isSame(one: T, other: T | undefined): boolean {
    return other !== undefined && of(one) === of(other);
  }
}

function lifeOf({ life }: PackedCertificate): string {
  return JSON.stringify(life);
}

function fingerprintOf({ fingerprint }: PackedCertificate): string {
  return fingerprint;
}
