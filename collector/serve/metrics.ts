import { isIP } from 'node:net';
import type { Certificate } from '@certherd/protocol/certificate';
import type { ChannelState } from '../store/tell.ts';
import { attributeValues } from './distinguished-name.ts';
import type { CertificateView, Estate } from './estate.ts';

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

/**
 * The estate in Prometheus' text format 0.0.4, one metric family after the other, in pieces that a stream can take
 * one at a time. Names and labels of certificates are ssl_exporter's; `instance` is the host, `endpoint` or `file`
 * says where. Values are seconds since 1970. No series is given twice, whatever hosts report.
 */
export function* metricsText(estate: Estate, counts: CollectorCounts): Generator<string> {
  const instanceOf = instanceNames(estate);
  const known = new Map(estate.certificates.map((one) => [one.fingerprint, one]));
  const labels = new Map<string, string>();
  // Made when a line needs them: all at once would hold up everything else.
  const labelsOf = (certificate: CertificateView): string => {
    const made = labels.get(certificate.fingerprint) ?? certificateLabels(certificate);
    labels.set(certificate.fingerprint, made);
    return made;
  };
  const served = function* (instant: 'notBefore' | 'notAfter'): Generator<Sample> {
    for (const endpoint of estate.endpoints) {
      const certificate = known.get(endpoint.served ?? '');
      if (!certificate) continue;
      const place = pairs({ instance: instanceOf.get(endpoint.agentId) ?? '', endpoint: endpoint.id });
      yield [`${place},${labelsOf(certificate)}`, seconds(certificate[instant])];
    }
  };
  yield* family('ssl_cert_not_after', 'gauge', 'When the certificate that this endpoint serves ends.', () =>
    served('notAfter'),
  );
  yield* family('ssl_cert_not_before', 'gauge', 'When the certificate that this endpoint serves begins.', () =>
    served('notBefore'),
  );
  yield* family('ssl_file_cert_not_after', 'gauge', 'When the leaf certificate in this file ends.', function* () {
    for (const certificate of estate.certificates)
      for (const { agentId, path } of certificate.files) {
        const place = pairs({ instance: instanceOf.get(agentId) ?? '', file: path });
        yield [`${place},${labelsOf(certificate)}`, seconds(certificate.notAfter)];
      }
  });
  yield* family('ssl_probe_success', 'gauge', '1 if a certificate was presented and the host is heard.', function* () {
    for (const { agentId, id, status, served } of estate.endpoints) {
      const answered = served !== undefined && status !== 'unreachable' && status !== 'unknown';
      yield [pairs({ instance: instanceOf.get(agentId) ?? '', endpoint: id }), answered ? 1 : 0];
    }
  });
  // Of a revoked host nothing is to be known any more: it must not be told as unknown for ever.
  const hosts = estate.hosts.filter(({ revokedAt }) => revokedAt === undefined);
  yield* family('certherd_hosts', 'gauge', 'Enrolled hosts by status, revoked ones left out.', () =>
    counted('status', ['healthy', 'warning', 'critical', 'unknown'], hosts, (host) => host.status),
  );
  yield* family('certherd_findings', 'gauge', 'Open findings by severity.', () =>
    counted('severity', ['critical', 'unknown', 'warning', 'notice'], estate.findings, ({ severity }) => severity),
  );
  yield* family('certherd_certificates', 'gauge', 'Current certificates: read in the DER, or told by an agent.', () =>
    counted('basis', ['der', 'told'], estate.certificates, ({ basis }) => basis),
  );
  yield* family('certherd_events_total', 'counter', 'Events kept.', () => [['', counts.eventsTotal]]);
  yield* family('certherd_agents_connected', 'gauge', 'Agents with a live session.', () => [
    ['', counts.agentsConnected],
  ]);
  yield* family('certherd_agents_waiting', 'gauge', 'Sockets that have not authenticated yet.', () => [
    ['', counts.agentsWaiting],
  ]);
  yield* family('certherd_pages_connected', 'gauge', 'Open live streams of the status page.', () => [
    ['', counts.pagesConnected],
  ]);
  yield* family('certherd_refusals_total', 'counter', 'Connections refused, by reason.', function* () {
    for (const [reason, count] of counts.refusals) yield [pairs({ reason }), count];
  });
  const ofChannels = function* (field: 'waiting' | 'sent' | 'dropped'): Generator<Sample> {
    for (const one of counts.channels) yield [pairs({ channel: one.channel }), one[field]];
  };
  yield* family('certherd_notifications_waiting', 'gauge', 'Messages that no channel has taken yet.', () =>
    ofChannels('waiting'),
  );
  yield* family('certherd_notifications_sent_total', 'counter', 'Messages that a channel took.', () =>
    ofChannels('sent'),
  );
  yield* family('certherd_notifications_dropped_total', 'counter', 'Messages given up after three days.', () =>
    ofChannels('dropped'),
  );
  yield* family('certherd_notification_oldest_seconds', 'gauge', 'When the oldest that waits was made.', function* () {
    for (const { channel, oldestAt } of counts.channels)
      if (oldestAt !== undefined) yield [pairs({ channel }), oldestAt / 1000];
  });
}

type Sample = readonly [series: string, value: number];

function* family(
  name: string,
  type: 'gauge' | 'counter',
  purpose: string,
  samples: () => Iterable<Sample>,
): Generator<string> {
  yield `# HELP ${name} ${purpose}\n# TYPE ${name} ${type}\n`;
  // Identical label sets fail a whole scrape.
  const given = new Set<string>();
  for (const [series, value] of samples()) {
    if (given.has(series)) continue;
    given.add(series);
    yield series === '' ? `${name} ${value}\n` : `${name}{${series}} ${value}\n`;
  }
}

function* counted<T>(label: string, values: readonly string[], all: readonly T[], of: (one: T) => string) {
  for (const value of values)
    yield [pairs({ [label]: value }), all.reduce((sum, one) => sum + (of(one) === value ? 1 : 0), 0)] as const;
}

/** A host's name; hosts that share one are told apart by agent id. */
function instanceNames(estate: Estate): Map<string, string> {
  const uses = new Map<string, number>();
  for (const { name } of estate.hosts) uses.set(name, (uses.get(name) ?? 0) + 1);
  return new Map(
    estate.hosts.map(({ agentId, name }) => [agentId, (uses.get(name) ?? 0) > 1 ? `${name}/${agentId}` : name]),
  );
}

/** ssl_exporter's labels: lists are wrapped in commas, the serial number is decimal. */
function certificateLabels(certificate: CertificateView | Certificate): string {
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
