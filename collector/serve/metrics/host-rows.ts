import type { EstateParts, KeptHost } from '../estate-parts.ts';
import { bounded, type CertificateLabels, type LabelsOf } from './certificate-labels.ts';
import { escapeLabel, quietItems } from './family.ts';

/** What the families say of one endpoint. */
export interface EndpointRow {
  /** Labels that say where, and whose it is. */
  place: string;
  /** What it presents, where that is known. */
  served: CertificateLabels | undefined;
  answered: boolean;
  tlsVersion: string | undefined;
  /** As in SeenEndpoint. */
  servedAfter: number | undefined;
  everywhereAfter: number | undefined;
}

/** What they say of one file. */
export interface FileRow {
  /** Labels that say where, and whose it is. */
  place: string;
  held: CertificateLabels;
  /** x509-certificate-exporter's labels, with those of the file. */
  x509: string;
}

export interface HostRows {
  /** Labels that say which host, and whose it is. */
  place: string;
  /** Files that a config names and that could not be read, as the host told last; undefined: it tells nothing. */
  readErrors: number | undefined;
  endpoints: EndpointRow[];
  files: FileRow[];
}

/**
 * Every host's rows, in the order of hosts, made once for all families. An endpoint is its id, and a file its path: no series is there twice, whatever a
 * host tells. Pieces are empty: there is only work.
 */
export function* rowsOf(
  hosts: EstateParts['hosts'],
  instances: ReadonlyMap<string, string>,
  labelsOf: LabelsOf,
): Generator<string, HostRows[]> {
  const all: HostRows[] = [];
  for (const host of hosts) {
    const rows: HostRows = { place: '', readErrors: undefined, endpoints: [], files: [] };
    let made = 0;
    for (const _ of hostRows(host, instances.get(host.agentId) ?? '', labelsOf, rows))
      if (++made % rowsAtATime === 0) yield '';
    all.push(rows);
    yield '';
  }
  return all;
}

/** Each costs some microseconds, and to open its host a hundred. */
const rowsAtATime = 250;

/** Puts the rows of one host into `rows`; gives way before each of its endpoints and files. */
function* hostRows(
  { part, certificates }: KeptHost,
  instance: string,
  labelsOf: LabelsOf,
  rows: HostRows,
): Generator<undefined> {
  const { endpoints, files } = rows;
  const known = new Map(certificates.map((one) => [one.fingerprint, one]));
  const ids = new Set<string>();
  const owners = ownersOnce();
  for (const one of part.seen) {
    yield;
    const id = escapeLabel(one.id);
    if (ids.has(id)) continue;
    ids.add(id);
    const certificate = known.get(one.served ?? '');
    endpoints.push({
      place: ['instance="', instance, '",endpoint="', id, '"', owners(one.labels)].join(''),
      served: certificate && labelsOf(certificate),
      answered: one.served !== undefined && one.status !== 'unreachable' && one.status !== 'unknown',
      tlsVersion: one.tlsVersion,
      servedAfter: one.servedAfter,
      everywhereAfter: one.everywhereAfter,
    });
  }
  const paths = new Set<string>();
  const whose = owners(part.host.labels);
  rows.place = ['instance="', instance, '"', whose].join('');
  if (part.host.observedAt !== undefined) rows.readErrors = part.findings.filter(isReadError).length;
  for (const file of part.files) {
    yield;
    const certificate = known.get(file.fingerprint);
    const path = escapeLabel(file.path);
    if (!certificate || paths.has(path)) continue;
    paths.add(path);
    const held = labelsOf(certificate);
    const name = path.slice(path.lastIndexOf('/') + 1);
    files.push({
      place: ['instance="', instance, '",file="', path, '"', whose].join(''),
      held,
      x509: ['instance="', instance, '",filename="', name, '",filepath="', path, '",', held.x509, whose].join(''),
    });
  }
}

function isReadError({ code }: { code: string }): boolean {
  return code === 'file-unreadable' || code === 'file-missing';
}

/** How the collector is called among those that look. */
const collectorVantage = 'collector';

/** A host's name; hosts that share one, or the vantage's name that the collector has, are told apart by agent id. Identical label sets fail a whole scrape. */
export function* instanceNames(hosts: EstateParts['hosts'], names: Map<string, string>): Generator<string> {
  const uses = new Map<string, number>([[collectorVantage, 1]]);
  let quiet = 0;
  for (const { name } of hosts) {
    uses.set(name.toWellFormed(), (uses.get(name.toWellFormed()) ?? 0) + 1);
    if (++quiet % quietItems === 0) yield '';
  }
  for (const { name, agentId } of hosts) {
    const isShared = (uses.get(name.toWellFormed()) ?? 0) > 1;
    names.set(
      agentId,
      escapeLabel(isShared || uses.has(`${name.toWellFormed()}/${agentId}`) ? `${name}/${agentId}` : name),
    );
    if (++quiet % quietItems === 0) yield '';
  }
}

/** Whose it is, as far as that is said: labels of which each series has one value at most, so that they make no more series. */
const ownerKeys = ['owner', 'team', 'environment', 'platform', 'role'] as const;

type Labels = Readonly<Record<string, string>> | undefined;

/** The labels of most of a host's endpoints are the same ones. */
function ownersOnce(): (labels: Labels) => string {
  let last: { labels: Labels; text: string } = { labels: undefined, text: '' };
  return (labels) => {
    if (labels !== last.labels) last = { labels, text: ownersOf(labels ?? {}) };
    return last.text;
  };
}

/** The labels that say whose it is, each behind a comma. */
export function ownersOf(labels: Readonly<Record<string, string>>): string {
  let text = '';
  for (const key of ownerKeys) {
    const value = labels[key];
    if (value !== undefined) text += `,${key}="${escapeLabel(bounded(value))}"`;
  }
  return text;
}
