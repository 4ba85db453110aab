import { isIP } from 'node:net';
import type { Certificate } from '@certherd/protocol/certificate';
import { attributeValues } from '../evaluate/distinguished-name.ts';
import type { CertificateFacts } from '../store/facts.ts';
import type { ChannelState } from '../store/tell.ts';
import type { EstateParts } from './estate-parts.ts';

/** What the collector counts of itself. */
export interface CollectorCounts {
  eventsTotal: number;
  agentsConnected: number;
  agentsWaiting: number;
  pagesConnected: number;
  refusals: ReadonlyMap<string, number>;
  channels: readonly ChannelState[];
}

/** A label with many names is cut to this many bytes, on a whole name. */
const longestList = 1024;

/** Reading this many items without a line still takes less than some milliseconds. */
const quietItems = 1_000;

/**
 * The estate in Prometheus' text format 0.0.4, one metric family after the other, in pieces that a stream can take
 * one at a time; an empty piece says that there was some work without a line. Names and labels of certificates are ssl_exporter's; `instance`
 * is the host, `endpoint` or `file` says where. Values are seconds since 1970. No series is given twice, whatever hosts report.
 */
export function* metricsText(
  { hosts, certificates, findings }: EstateParts,
  counts: CollectorCounts,
): Generator<string> {
  const labels = new Map<string, string>();
  // Made when a line needs them: all at once would hold up everything else.
  const labelsOf = (certificate: Certificate): string => {
    const made = labels.get(certificate.fingerprint) ?? certificateLabels(certificate);
    labels.set(certificate.fingerprint, made);
    return made;
  };
  const instances = new Map<string, string>();
  yield* instanceNames(hosts, instances);
  const served = function* (instant: 'notBefore' | 'notAfter'): Generator<Sample> {
    for (const { agentId, part, certificates } of hosts) {
      const known = certificatesOf(certificates);
      const given = new Set<string>();
      for (const { id, served, labels: own } of part.endpoints) {
        const certificate = known.get(served ?? '');
        if (!certificate) continue;
        const place = `${placeOf(instances, agentId, 'endpoint', id)}${ownersOf(own)}`;
        const series = `${place},${labelsOf(certificate)}`;
        if (!isGiven(given, series)) yield [series, seconds(certificate[instant])];
      }
    }
  };
  yield* family(
    'ssl_cert_not_after',
    'gauge',
    'When the certificate that this endpoint serves ends.',
    served('notAfter'),
  );
  yield* family(
    'ssl_cert_not_before',
    'gauge',
    'When the certificate that this endpoint serves begins.',
    served('notBefore'),
  );
  yield* family(
    'ssl_file_cert_not_after',
    'gauge',
    'When the leaf certificate in this file ends.',
    (function* () {
      for (const { agentId, part, certificates } of hosts) {
        const known = certificatesOf(certificates);
        const given = new Set<string>();
        for (const { path, fingerprint } of part.files) {
          const certificate = known.get(fingerprint);
          if (!certificate) continue;
          const place = `${placeOf(instances, agentId, 'file', path)}${ownersOf(part.host.labels)}`;
          const series = `${place},${labelsOf(certificate)}`;
          if (!isGiven(given, series)) yield [series, seconds(certificate.notAfter)] as const;
        }
      }
    })(),
  );
  yield* family(
    'ssl_probe_success',
    'gauge',
    '1 if a certificate was presented and the host is heard.',
    (function* () {
      for (const { agentId, part } of hosts) {
        const given = new Set<string>();
        for (const { id, status, served, labels: own } of part.endpoints) {
          const answered = served !== undefined && status !== 'unreachable' && status !== 'unknown';
          const series = `${placeOf(instances, agentId, 'endpoint', id)}${ownersOf(own)}`;
          if (!isGiven(given, series)) yield [series, answered ? 1 : 0] as const;
        }
      }
    })(),
  );
  yield* counted(
    'certherd_hosts',
    'Enrolled hosts by status, revoked ones left out.',
    'status',
    hostStatuses,
    hosts,
    (host) =>
      // Of a revoked host nothing is to be known any more: it must not be told as unknown for ever.
      host.part.host.revokedAt === undefined ? host.part.host.status : undefined,
  );
  yield* counted(
    'certherd_findings',
    'Open findings by severity.',
    'severity',
    severities,
    findings,
    ({ finding }) => finding.severity,
  );
  yield* counted(
    'certherd_certificates',
    'Current certificates: read in the DER, or told by an agent.',
    'basis',
    ['der', 'told'],
    certificates,
    ({ facts }) => facts.basis,
  );
  const single = (name: string, type: 'gauge' | 'counter', purpose: string, value: number) =>
    family(name, type, purpose, [['', value]]);
  yield* single('certherd_events_total', 'counter', 'Events kept.', counts.eventsTotal);
  yield* single('certherd_agents_connected', 'gauge', 'Agents with a live session.', counts.agentsConnected);
  yield* single('certherd_agents_waiting', 'gauge', 'Sockets that have not authenticated yet.', counts.agentsWaiting);
  yield* single('certherd_pages_connected', 'gauge', 'Open live streams of the status page.', counts.pagesConnected);
  const refusals = [...counts.refusals].map(([reason, count]) => [pairs({ reason }), count] as const);
  yield* family('certherd_refusals_total', 'counter', 'Connections refused, by reason.', refusals);
  yield* channelFamilies(counts.channels);
}

/** How messages get along, by channel. */
function* channelFamilies(channels: readonly ChannelState[]): Generator<string> {
  const samples = (value: (one: ChannelState) => number | undefined) =>
    channels.flatMap((one): Sample[] => {
      const found = value(one);
      return found === undefined ? [] : [[pairs({ channel: one.channel }), found]];
    });
  const told = 'certherd_notification';
  yield* family(
    `${told}s_waiting`,
    'gauge',
    'Messages that nobody has taken yet.',
    samples(({ waiting }) => waiting),
  );
  yield* family(
    `${told}s_sent_total`,
    'counter',
    'Messages that the channel took.',
    samples(({ sent }) => sent),
  );
  const dropped = samples((one) => one.dropped);
  yield* family(`${told}s_dropped_total`, 'counter', 'Messages given up after three days.', dropped);
  const oldest = samples(({ oldestAt }) => (oldestAt === undefined ? undefined : oldestAt / 1000));
  yield* family(`${told}_oldest_seconds`, 'gauge', 'When the oldest that waits was made.', oldest);
}

type Sample = readonly [series: string, value: number];

const hostStatuses = ['healthy', 'warning', 'critical', 'unknown'];
const severities = ['critical', 'unknown', 'warning', 'notice'];

function* family(
  name: string,
  type: 'gauge' | 'counter',
  purpose: string,
  samples: Iterable<Sample>,
): Generator<string> {
  yield `# HELP ${name} ${purpose}\n# TYPE ${name} ${type}\n`;
  for (const [series, value] of samples) yield series === '' ? `${name} ${value}\n` : `${name}{${series}} ${value}\n`;
}

function* counted<T>(
  name: string,
  purpose: string,
  label: string,
  values: readonly string[],
  all: Iterable<T>,
  of: (one: T) => string | undefined,
): Generator<string> {
  const counts = new Map<string | undefined, number>();
  let quiet = 0;
  for (const one of all) {
    const value = of(one);
    counts.set(value, (counts.get(value) ?? 0) + 1);
    if (++quiet % quietItems === 0) yield '';
  }
  yield* family(
    name,
    'gauge',
    purpose,
    values.map((value) => [pairs({ [label]: value }), counts.get(value) ?? 0] as const),
  );
}

/** A host's name; hosts that share one are told apart by agent id. Identical label sets fail a whole scrape. */
function* instanceNames(hosts: EstateParts['hosts'], names: Map<string, string>): Generator<string> {
  const uses = new Map<string, number>();
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

function placeOf(
  instances: ReadonlyMap<string, string>,
  agentId: string,
  label: 'endpoint' | 'file',
  place: string,
): string {
  return `instance="${instances.get(agentId) ?? ''}",${label}="${escapeLabel(place)}"`;
}

/** Whose it is, as far as that is said: labels of which each series has one value at most, so that they make no more series. */
const ownerKeys = ['owner', 'team', 'environment', 'platform', 'role'] as const;

function ownersOf(labels: Readonly<Record<string, string>> | undefined): string {
  if (labels === undefined) return '';
  let text = '';
  for (const key of ownerKeys) {
    const value = labels[key];
    if (value !== undefined) text += `,${key}="${escapeLabel(bounded(value))}"`;
  }
  return text;
}

function certificatesOf(list: readonly CertificateFacts[]): Map<string, Certificate> {
  return new Map(list.map(({ certificate }) => [certificate.fingerprint, certificate]));
}

function isGiven(given: Set<string>, series: string): boolean {
  const { size } = given;
  return given.add(series).size === size;
}

/** ssl_exporter's labels: lists are wrapped in commas, the serial number is decimal. */
function certificateLabels(certificate: Certificate): string {
  const { subject, issuer, subjectAltNames, serialNumber } = certificate;
  const isPlain = (name: string) => !/^[A-Za-z][A-Za-z ]*:/.test(name) || isIP(name) !== 0;
  return pairs({
    serial_no: decimal(serialNumber),
    issuer_cn: bounded(attributeValues(issuer, 'CN')[0] ?? ''),
    cn: bounded(attributeValues(subject, 'CN')[0] ?? ''),
    dnsnames: list(subjectAltNames.filter((name) => isPlain(name) && isIP(name) === 0)),
    ips: list(subjectAltNames.filter((name) => isIP(name) !== 0)),
    emails: list(subjectAltNames.filter((name) => name.startsWith('email:')).map((name) => name.slice(6))),
    ou: list(attributeValues(subject, 'OU')),
  });
}

function pairs(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

/** Text format 0.0.4: backslash, double quote and line feed are escaped; lone surrogates are not text. */
function escapeLabel(value: string): string {
  return value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function decimal(hexadecimal: string): string {
  return /^[0-9A-Fa-f]+$/.test(hexadecimal) ? BigInt(`0x${hexadecimal}`).toString() : hexadecimal;
}

function list(names: readonly string[]): string {
  let text = '';
  for (const name of names) {
    if (Buffer.byteLength(text) + Buffer.byteLength(name) + 2 > longestList) break;
    text += `,${name}`;
  }
  return text === '' ? '' : `${text},`;
}

function bounded(text: string): string {
  return text.length > longestList ? text.slice(0, longestList) : text;
}

function seconds(instant: string): number {
  return Date.parse(instant) / 1000;
}
