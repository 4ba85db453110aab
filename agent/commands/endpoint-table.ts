import type { Severity } from '@certherd/protocol/finding';
import type { Rehearsal } from '@certherd/protocol/snapshot';
import { type EndpointRow, type State, urgencyOf } from './endpoint-rows.ts';
import { aligned, type Cell, flowed } from '@certherd/command-line/layout';
import { printable } from '@certherd/command-line/printable';
import { span } from '@certherd/command-line/span';
import type { Terminal } from '@certherd/command-line/terminal';

/** More rows than this, and those that are fine become one line for each listener. */
const rowsShown = 20;
/** More listeners than this, and they share the line. */
const listenersShown = 5;

/**
 * The endpoints as a table with its legend: a mark, the six states, name, listener, key, what is left of the life, and the code of
 * the worst finding. `wide` shows every endpoint with its fingerprints, files and times below it. `now` in milliseconds since 1970.
 */
export function endpointTable(rows: readonly EndpointRow[], now: number, to: Terminal, wide: boolean): string {
  const isFolded = !wide && rows.length > rowsShown;
  const fine = isFolded ? rows.filter(isFine) : [];
  const shown = isFolded ? rows.filter((row) => !isFine(row)) : rows;
  const { dim } = to.colours;
  const titles = ['', 'IDCLSE', 'name', 'listener', 'key', 'ends in', ''].map((text) => ({ text, paint: dim }));
  const lines = aligned([titles, ...shown.map((row) => cellsOf(row, now, to))], {
    ...(to.columns !== undefined && { columns: to.columns }),
    flexible: 2,
    ellipsis: to.glyphs.ellipsis,
  });
  const [head = '', ...body] = lines;
  const detailed = wide
    ? body.flatMap((line, index) => [line, ...detailsOf(shown[index], now, to).map((detail) => `   ${dim(detail)}`)])
    : body;
  const table = shown.length > 0 ? [head, ...detailed] : [];
  return [...table, ...foldedLines(fine, now, to), ...(shown.length > 0 ? ['', ...legend(to)] : [])].join('\n');
}

/** Nothing about it waits for a person. */
function isFine({ findings }: EndpointRow): boolean {
  return urgencyOf(findings.filter(({ severity }) => severity !== 'notice')) > 3;
}

/** A sign and a colour for each severity; a notice is only told. */
export function severityMark(severity: Severity, { glyphs, colours }: Terminal): Required<Cell> {
  switch (severity) {
    case 'critical':
      return { text: glyphs.critical, paint: colours.red };
    case 'unknown':
      return { text: '?', paint: colours.magenta };
    case 'warning':
      return { text: '!', paint: colours.yellow };
    case 'notice':
      return { text: 'i', paint: colours.dim };
  }
}

function cellsOf(row: EndpointRow, now: number, to: Terminal): Cell[] {
  const { colours, glyphs } = to;
  const [worst, ...others] = row.findings;
  const mark = worst
    ? severityMark(worst.severity, to)
    : row.served
      ? { text: glyphs.fine, paint: colours.green }
      : { text: glyphs.unknown, paint: colours.dim };
  const codes = new Set(others.map(({ code }) => code).filter((code) => code !== worst?.code));
  return [
    mark,
    { text: row.states.map((state) => glyphs[state]).join(''), paint: () => paintedStates(row.states, to) },
    { text: printable(row.serverName) || '(no name)' },
    { text: printable(row.listener) },
    { text: row.algorithm },
    remaining(row, now, to),
    {
      text: worst ? `${printable(worst.code)}${codes.size > 0 ? ` +${codes.size}` : ''}` : '',
      paint: mark.paint,
    },
  ];
}

function paintedStates(states: readonly State[], { colours, glyphs }: Terminal): string {
  const paints = { reached: colours.green, missing: colours.red, unknown: colours.dim };
  return states.map((state) => paints[state](glyphs[state])).join('');
}

/** "59 d (66 %)": time and share of the life. */
function remaining({ certificate, left = 0 }: EndpointRow, now: number, { colours }: Terminal): Cell {
  if (!certificate) return { text: '-', paint: colours.dim };
  const ms = Date.parse(certificate.notAfter) - now;
  if (ms <= 0) return { text: `ended ${span(-ms)} ago`, paint: colours.red };
  const text = `${span(ms)} (${Math.round(left * 100)} %)`;
  // a third of the life left is when renewal is due, whatever the lifetime; half of that is late
  return left > 1 / 3 ? { text } : { text, paint: left > 1 / 6 ? colours.yellow : colours.red };
}

function detailsOf(row: EndpointRow | undefined, now: number, { columns, glyphs }: Terminal): string[] {
  if (!row) return [];
  const { endpoint, deployment, lineage, certificate } = row;
  const issued = endpoint?.issued ?? lineage?.issued;
  const configured = endpoint?.configured ?? deployment?.configured;
  const compared = (fingerprint: string | undefined, expected: string | undefined) =>
    !fingerprint || !expected
      ? short(fingerprint)
      : `${fingerprint === expected ? '=' : glyphs.differs} ${short(fingerprint)}`;
  const times = Object.entries(endpoint?.reachedAt ?? {}).map(([state, at]) => `${state} ${minute(at)}`);
  const pieces = [
    `issued ${short(issued)}`,
    `configured ${compared(configured, issued)}`,
    ...(endpoint
      ? [`served ${endpoint.served ? compared(endpoint.served, configured) : (endpoint.failure?.reason ?? '-')}`]
      : []),
    ...(endpoint?.tlsVersion ? [printable([endpoint.tlsVersion, endpoint.alpn].filter(Boolean).join(' '))] : []),
    ...(lineage ? [`lineage ${printable(lineage.name)}`] : []),
    ...(lineage?.renewal
      ? [`renewal ${minute(lineage.renewal.at)}${Date.parse(lineage.renewal.at) < now ? ' (due)' : ''}`]
      : []),
    ...(lineage?.rehearsal ? [rehearsed(lineage.rehearsal)] : []),
    ...(certificate ? [`ends ${minute(certificate.notAfter)}`] : []),
    ...(deployment
      ? [printable(`${deployment.configFile}:${deployment.line}`), printable(deployment.certificatePath)]
      : []),
    ...times.map((time, index) => (index === 0 ? `reached: ${time}` : time)),
  ];
  return flowed(pieces, (columns ?? 120) - 3);
}

function foldedLines(fine: readonly EndpointRow[], now: number, { colours, columns }: Terminal): string[] {
  const byListener = new Map<string, EndpointRow[]>();
  for (const row of fine) byListener.set(row.listener, [...(byListener.get(row.listener) ?? []), row]);
  const groups: [string, EndpointRow[]][] =
    byListener.size > listenersShown ? [[`${byListener.size} listeners`, [...fine]]] : [...byListener];
  return groups.flatMap(([place, rows]) => {
    const [first] = rows.toSorted((a, b) => (a.left ?? 1) - (b.left ?? 1));
    const ends = first?.certificate ? Date.parse(first.certificate.notAfter) - now : undefined;
    const served = rows.every((row) => row.served) ? 'served as issued' : 'without a finding';
    const text = [
      `+ ${rows.length} endpoint${rows.length === 1 ? '' : 's'} at ${printable(place)} ${served}`,
      ...(ends === undefined ? [] : [`, the first ends in ${span(ends)};`]),
      ' --wide lists them',
    ].join('');
    return flowed(text.split(' '), columns ?? 120, ' ').map((line) => colours.dim(line));
  });
}

function legend({ colours, glyphs }: Terminal): string[] {
  return [
    `${glyphs.reached} reached  ${glyphs.missing} not reached  ${glyphs.unknown} not known from here (E: only a collector can tell)`,
    'I issued, D on disk, C in config, L loaded, S served here, E served everywhere',
  ].map((line) => colours.dim(line));
}

function short(fingerprint: string | undefined): string {
  return fingerprint ? fingerprint.slice(0, 12) : '-';
}

/** "rehearsal 2026-11-24 04:30Z would fail" */
function rehearsed({ at, ok }: Rehearsal): string {
  const result = ok === undefined ? 'could not be told' : ok ? 'passed' : 'would fail';
  return `rehearsal ${minute(at)} ${result}`;
}

function minute(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)}Z`;
}
