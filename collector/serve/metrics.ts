import type { EstateNow } from './kept-estate.ts';
import type { LabelsOf } from './metrics/certificate-labels.ts';
import { counted, escapeLabel, longFamily } from './metrics/family.ts';
import { type EndpointRow, type FileRow, type HostRows, instanceNames, rowsOf } from './metrics/host-rows.ts';
import { type CollectorCounts, ownHealth } from './metrics/own-health.ts';
import { type StapleRow, type TargetRow, targetRows } from './metrics/target-rows.ts';

/** A line of one metric behind its opening brace, `LABELS} VALUE`: of an endpoint, of a target's address, of a file or of a host; undefined: it has none. */
interface Lines {
  endpoint?: (row: EndpointRow) => string | undefined;
  target?: (row: TargetRow) => string | undefined;
  file?: (row: FileRow) => string;
  host?: (row: HostRows) => string | undefined;
}

/** What is told beside the estate. */
interface Beside {
  counts: CollectorCounts;
  labelsOf: LabelsOf;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * The estate in Prometheus' text format 0.0.4, one metric family after the other, in pieces that a stream can take
 * one at a time; an empty piece says that there was some work without a line. Names and labels of certificates are those of ssl_exporter and of
 * x509-certificate-exporter; `instance` is the host or the target, `endpoint` or `file` says where. Instants are seconds since 1970. No series is given
 * twice, whatever hosts report.
 */
export function* metricsText(
  { parts, targets, book }: Pick<EstateNow, 'parts' | 'targets' | 'book'>,
  { counts, labelsOf, now }: Beside,
): Generator<string> {
  const { hosts, certificates, findings } = parts;
  const instances = new Map<string, string>();
  yield* instanceNames(hosts, instances);
  const rows = yield* rowsOf(hosts, instances, labelsOf);
  const seen = targetRows(targets, book, instances);
  const lines = function* ({ endpoint, target, file, host }: Lines): Generator<string | undefined> {
    for (const row of rows) {
      const { endpoints, files } = row;
      if (host) yield host(row);
      if (endpoint) for (const one of endpoints) yield endpoint(one);
      if (file) for (const one of files) yield file(one);
    }
    if (target) for (const row of seen) yield target(row);
  };
  const gauge = (name: string, purpose: string, read: Lines) => longFamily(name, 'gauge', purpose, lines(read));
  yield* gauge('ssl_cert_not_after', 'When the certificate that this endpoint serves ends.', {
    endpoint: ({ place, served }) => served && `${place},${served.ssl}} ${served.notAfter}`,
    target: ({ place, served }) => served && `${place},${served.labels}} ${served.notAfter}`,
  });
  yield* gauge('ssl_cert_not_before', 'When the certificate that this endpoint serves begins.', {
    endpoint: ({ place, served }) => served && `${place},${served.ssl}} ${served.notBefore}`,
    target: ({ place, served }) => served && `${place},${served.labels}} ${served.notBefore}`,
  });
  yield* gauge('ssl_file_cert_not_after', 'When the leaf certificate in this file ends.', {
    file: ({ place, held }) => `${place},${held.ssl}} ${held.notAfter}`,
  });
  yield* gauge('ssl_file_cert_not_before', 'When the leaf certificate in this file begins.', {
    file: ({ place, held }) => `${place},${held.ssl}} ${held.notBefore}`,
  });
  yield* gauge('ssl_probe_success', '1 if a certificate was presented and the host is heard.', {
    endpoint: ({ place, answered }) => `${place}} ${answered ? 1 : 0}`,
    target: ({ place, answered }) => `${place}} ${answered ? 1 : 0}`,
  });
  yield* gauge('ssl_tls_version_info', 'The version of TLS in which it was presented.', {
    endpoint: ({ place, tlsVersion }) => tlsVersion && `${place},version="${escapeLabel(worded(tlsVersion))}"} 1`,
  });
  for (const [name, purpose, field] of stapleFamilies)
    yield* gauge(`ssl_ocsp_response_${name}`, purpose, {
      target: ({ place, staple }) => (staple?.[field] === undefined ? undefined : `${place}} ${staple[field]}`),
    });
  yield* gauge('x509_cert_not_after', 'When the leaf certificate in this file ends.', {
    file: ({ x509, held }) => `${x509}} ${held.notAfter}`,
  });
  yield* gauge('x509_cert_not_before', 'When the leaf certificate in this file begins.', {
    file: ({ x509, held }) => `${x509}} ${held.notBefore}`,
  });
  yield* gauge('x509_cert_expired', '1 if the leaf certificate in this file has ended.', {
    file: ({ x509, held }) => `${x509}} ${held.notAfter * 1000 < now ? 1 : 0}`,
  });
  yield* gauge('x509_read_errors', 'Files that a config of this host names and that could not be read.', {
    host: ({ place, readErrors }) => (readErrors === undefined ? undefined : `${place}} ${readErrors}`),
  });
  yield* gauge(
    'certherd_time_to_served_seconds',
    'From the newest certificate on disk to the first look that saw it served.',
    { endpoint: ({ place, servedAfter }) => (servedAfter === undefined ? undefined : `${place}} ${servedAfter}`) },
  );
  yield* gauge(
    'certherd_time_to_served_everywhere_seconds',
    'From the newest certificate on disk to the last address seen from outside that came to present it.',
    { endpoint: ({ place, everywhereAfter: after }) => (after === undefined ? undefined : `${place}} ${after}`) },
  );
  yield* counted(
    'certherd_endpoints',
    'Endpoints of hosts by status.',
    'status',
    endpointStatuses,
    statusesOf(parts),
    ([status]) => status,
    ([, count]) => count,
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
  yield* ownHealth(counts);
}

/** Of targets: ssl_exporter's names behind `ssl_ocsp_response_`. */
const stapleFamilies: readonly [name: string, purpose: string, field: keyof StapleRow][] = [
  ['stapled', '1 if an OCSP answer is stapled to the certificate.', 'stapled'],
  ['status', 'What it says: 0 good, 1 revoked, 2 unknown, or that it cannot be believed.', 'status'],
  ['produced_at', 'When it was signed.', 'producedAt'],
  ['this_update', 'When what it says was known to be so.', 'thisUpdate'],
  ['next_update', 'Until when it may be relied on.', 'nextUpdate'],
  ['revoked_at', 'When the certificate was revoked.', 'revokedAt'],
];

const endpointStatuses = ['proved', 'drift', 'expired', 'not-yet-valid', 'unreachable', 'unknown'];
const hostStatuses = ['healthy', 'warning', 'critical', 'unknown'];
const severities = ['critical', 'unknown', 'warning', 'notice'];

function* statusesOf({ hosts }: EstateNow['parts']): Generator<[status: string, count: number]> {
  for (const { part } of hosts) yield* Object.entries(part.statuses);
}

/** "TLSv1.3", as OpenSSL has it, in ssl_exporter's words. */
function worded(tlsVersion: string): string {
  return tlsVersion === 'TLSv1' ? 'TLS 1.0' : tlsVersion.replace(/^TLSv/, 'TLS ');
}
