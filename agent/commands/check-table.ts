import type { Finding } from '@certherd/protocol/finding';
import type { Endpoint, Snapshot } from '@certherd/protocol/snapshot';
import Table from 'cli-table3';
import pc from 'picocolors';
import { lifeLeft } from '../decide/renewal-time.ts';
import { addressAndPort } from '../observe/endpoint.ts';
import { printable } from './printable.ts';
import { span } from './span.ts';

const marks = {
  critical: (text: string) => pc.red(`✗ ${text}`),
  unknown: (text: string) => pc.magenta(`? ${text}`),
  warning: (text: string) => pc.yellow(`! ${text}`),
  notice: (text: string) => pc.dim(`· ${text}`),
};

/** `check` for people: what needs them first, then every endpoint with its three certificates side by side. */
export function checkTable(
  snapshot: Snapshot,
  now: number,
  columns: number,
  options: { findingsOnly: boolean; probe: boolean } = { findingsOnly: false, probe: true },
): string {
  const { host, endpoints, findings, lineages } = snapshot;
  const blocks = [
    `${pc.bold(printable(host.name))}  ${pc.dim(`${counted(endpoints.length, 'endpoint')}, ${counted(lineages.length, 'certbot lineage')}, mode ${host.mode}`)}`,
    ...findings.map((finding) => findingBlock(finding, now, columns)),
    ...(endpoints.length > 0 && !options.findingsOnly ? [endpointTable(snapshot, now)] : []),
    verdict(snapshot, options.probe),
  ];
  return blocks.join('\n\n');
}

function findingBlock(finding: Finding, now: number, columns: number): string {
  const { code, severity, subject, since, cause, remedy } = finding;
  const age = now - Date.parse(since);
  const lasting = age >= 1000 ? `  ${pc.dim(`for ${span(age)}`)}` : '';
  const head = `${marks[severity](`${severity.toUpperCase()} ${code}`)}  ${pc.bold(printable(subject.id))}${lasting}`;
  return [
    head,
    ...wrapped(printable(cause), columns - 4).map((line) => `    ${line}`),
    `  ${pc.cyan('→')} ${printable(remedy)}`,
  ].join('\n');
}

function endpointTable({ endpoints, certificates }: Snapshot, now: number): string {
  const byFingerprint = new Map(certificates.map((certificate) => [certificate.fingerprint, certificate]));
  const table = new Table({
    head: ['', 'name', 'listener', 'key', 'issued', 'configured', 'served', 'ends in'].map((title) => pc.dim(title)),
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: Object.fromEntries(borders.map((border) => [border, ''])),
  });
  for (const endpoint of endpoints) {
    const served = byFingerprint.get(endpoint.served ?? '');
    const left = served
      ? `${span(Date.parse(served.notAfter) - now)} ${pc.dim(`(${Math.round(lifeLeft(served, now) * 100)} %)`)}`
      : '';
    table.push([
      stateMark(endpoint),
      printable(endpoint.serverName || '(no name)'),
      printable(addressAndPort(endpoint)),
      endpoint.algorithm,
      short(endpoint.issued),
      agreeing(endpoint.configured, endpoint.issued),
      endpoint.failure ? pc.red(endpoint.failure.reason) : agreeing(endpoint.served, endpoint.configured),
      left,
    ]);
  }
  return table.toString();
}

const borders = [
  'top bottom left right mid middle'.split(' '),
  'top-mid top-left top-right bottom-mid bottom-left bottom-right left-mid mid-mid right-mid'.split(' '),
].flat();

function stateMark({ reached, failure }: Endpoint): string {
  if (reached === 'served') return pc.green('✓');
  return failure || reached !== 'unknown' ? pc.red('✗') : pc.magenta('?');
}

function agreeing(fingerprint: string | undefined, expected: string | undefined): string {
  if (!fingerprint) return pc.dim('-');
  if (!expected) return short(fingerprint);
  return fingerprint === expected ? pc.green(`= ${short(fingerprint)}`) : pc.red(`≠ ${short(fingerprint)}`);
}

function short(fingerprint: string | undefined): string {
  return fingerprint ? fingerprint.slice(0, 8) : '-';
}

function verdict({ findings, endpoints }: Snapshot, probe: boolean): string {
  const served = endpoints.filter(({ reached }) => reached === 'served').length;
  const proof = !probe
    ? 'nothing was asked over the network'
    : endpoints.length === 0
      ? 'there is no endpoint to ask'
      : `${served} of ${counted(endpoints.length, 'endpoint')} present what is issued and configured`;
  const needing = (['critical', 'unknown', 'warning'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? [`${count} ${severity}`] : [];
  });
  return needing.length > 0 ? `${pc.bold(needing.join(', '))}; ${proof}` : `${pc.green('fine')}: ${proof}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + word.length + 1 > Math.max(40, width)) {
      lines.push(line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  return [...lines, line];
}
