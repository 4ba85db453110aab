import type { CertificateView, EndpointStatus, EndpointView, Estate, LineageView } from '../serve/estate.ts';
import { issuerName, namesOf } from '../wording/names.ts';
import { endpointStatuses } from '../wording/words.ts';
import { labelWords } from './estate-view.ts';
import type { Labels } from './needs.ts';

/**
 * The worst of what it is served with. `awaited`: endpoints should serve it and serve another; `unserved`: it lies in
 * files, and no endpoint has to do with it.
 */
export type CertificateState = EndpointStatus | 'awaited' | 'unserved';

/** Who renews it: the agent, certbot's own timer, or nobody that an agent sees. */
export type Automation = 'certherd' | 'certbot' | 'by hand';

/** The labels that certificates are told apart by. */
export const ownLabels = ['owner', 'team', 'environment', 'platform'] as const;
type OwnLabel = (typeof ownLabels)[number];

/** One certificate with what its endpoints, hosts and lineages tell of it. Texts are raw. */
export interface CertificateRow extends Readonly<Record<OwnLabel, readonly string[]>> {
  readonly certificate: CertificateView;
  readonly name: string;
  /** How many names it has besides. */
  readonly others: number;
  readonly issuer: string;
  readonly state: CertificateState;
  readonly automation: Automation;
  /** When its lineage will renew it. */
  readonly renewal?: string;
  /** Of its endpoints, else of the hosts of its files. */
  readonly labels: readonly (Labels | undefined)[];
}

/** A row for each certificate of the estate, in its order. */
export function certificateRowsOf(
  estate: Pick<Estate, 'hosts' | 'certificates' | 'endpoints' | 'lineages'>,
): CertificateRow[] {
  const servedBy = Map.groupBy(estate.endpoints, ({ served }) => served);
  const issuedFor = Map.groupBy(estate.endpoints, ({ issued }) => issued);
  const lineageOf = lineagesByLeaf(estate.lineages);
  const hosts = new Map(estate.hosts.map((host) => [host.agentId, host]));
  const issuerOf = remembered(issuerName);
  return estate.certificates.map((certificate): CertificateRow => {
    const { fingerprint, files } = certificate;
    const serving = servedBy.get(fingerprint) ?? [];
    const waiting = (issuedFor.get(fingerprint) ?? []).filter(({ served }) => served !== fingerprint);
    const concerned = serving.length > 0 ? serving : waiting;
    const lineage = lineageOf.get(fingerprint) ?? lineageOf.get(serving.find(({ issued }) => issued)?.issued ?? '');
    const hostLabels = () => files.map(({ agentId }) => hosts.get(agentId)?.labels);
    const labels = concerned.length > 0 ? concerned.map((endpoint) => endpoint.labels) : hostLabels();
    const names = namesOf(certificate);
    const renewal = lineage?.issued === fingerprint ? lineage.renewal?.at : undefined;
    return {
      certificate,
      name: names[0] ?? '',
      others: names.length - 1,
      issuer: issuerOf(certificate.issuer),
      state: stateOf(serving, waiting),
      automation: automationOf(lineage, lineage && hosts.get(lineage.agentId)?.mode),
      ...valuesOf(labels),
      ...(renewal !== undefined && { renewal }),
      labels,
    };
  });
}

/** What is served comes first, and of it what ends first. For sort(). */
export function byUrgency({ certificate: left }: CertificateRow, { certificate: right }: CertificateRow): number {
  return (
    Number(right.endpoints.length > 0) - Number(left.endpoints.length > 0) ||
    inOrder(left.notAfter, right.notAfter) ||
    inOrder(left.fingerprint, right.fingerprint)
  );
}

function inOrder(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/** There are few issuers, and many certificates of each. */
function remembered(work: (text: string) => string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text) ?? work(text);
    known.set(text, found);
    return found;
  };
}

function lineagesByLeaf(lineages: readonly LineageView[]): Map<string, LineageView> {
  const byLeaf = new Map<string, LineageView>();
  for (const lineage of lineages) {
    const { live, issued } = lineage;
    if (live !== undefined) byLeaf.set(live, lineage);
    if (issued !== undefined) byLeaf.set(issued, lineage);
  }
  return byLeaf;
}

function stateOf(serving: readonly EndpointView[], waiting: readonly EndpointView[]): CertificateState {
  if (serving.length === 0) return waiting.length > 0 ? 'awaited' : 'unserved';
  const statuses = new Set(serving.map(({ status }) => status));
  return endpointStatuses.find((status) => statuses.has(status)) ?? 'unknown';
}

function automationOf(lineage: LineageView | undefined, hostMode: string | undefined): Automation {
  if (lineage === undefined || lineage.autorenew === false) return 'by hand';
  return (lineage.mode ?? hostMode) === 'renew' ? 'certherd' : 'certbot';
}

function valuesOf(labels: readonly (Labels | undefined)[]): Record<OwnLabel, string[]> {
  const of = (key: OwnLabel): string[] => {
    const values = new Set<string>();
    for (const one of labels) {
      const value = one?.[key];
      if (value !== undefined) values.add(value);
    }
    return [...values];
  };
  return { owner: of('owner'), team: of('team'), environment: of('environment'), platform: of('platform') };
}

/**
 * Does a row hold a word, in lower case: in what the certificate says, where it lies, or what it is labelled? Each
 * certificate's text is made once, for as long as the certificate is the same.
 */
export function certificateSearch(): (row: CertificateRow, word: string) => boolean {
  const textOf = onceFor(certificateText);
  const labelText = onceFor((labels: Labels) => labelWords(labels).join('\n').toLowerCase());
  return ({ certificate, labels }, word) =>
    textOf(certificate).includes(word) || labels.some((one) => one !== undefined && labelText(one).includes(word));
}

function onceFor<Key extends object>(work: (key: Key) => string): (key: Key) => string {
  const known = new WeakMap<Key, string>();
  return (key) => {
    const found = known.get(key) ?? work(key);
    known.set(key, found);
    return found;
  };
}

function certificateText(certificate: CertificateView): string {
  const { fingerprint, subject, issuer, key, serialNumber, subjectAltNames, files, endpoints } = certificate;
  let text = `${fingerprint}\n${subject}\n${issuer}\n${key}\n${serialNumber}\n${subjectAltNames.join('\n')}`;
  for (const { hostName, path } of files) text += `\n${hostName}\n${path}`;
  for (const { hostName, id } of endpoints) text += `\n${hostName}\n${id}`;
  return text.toLowerCase();
}
