import type { Snapshot } from '@certherd/protocol/snapshot';
import type { NotAsked } from '../observe/endpoints/not-asked.ts';
import { endpointRows } from './endpoint-rows.ts';
import { endpointTable } from './endpoint-table.ts';
import { findingBlocks } from './finding-blocks.ts';
import { wrapped } from '@certherd/command-line/layout';
import { notAskedNotes } from './not-asked-notes.ts';
import { printable } from '@certherd/command-line/printable';
import type { Terminal } from '@certherd/command-line/terminal';

export interface CheckView {
  /** Milliseconds since 1970. */
  now: number;
  findingsOnly: boolean;
  wide: boolean;
  /** Somebody was asked over the network. */
  probe: boolean;
  findingDelayMs: number;
  /** Names and addresses that the config has and nobody was asked for. */
  notAsked?: readonly NotAsked[];
  /** The tree that was judged in place of this host. */
  root?: string;
  /** That tree has no trust store: chains were judged by the roots in this program. */
  bundledRoots?: boolean;
}

/** `check` for people: what needs them first, then every endpoint with how far its certificate got, and what to do next. */
export function checkTable(snapshot: Snapshot, view: CheckView, to: Terminal): string {
  const rows = view.findingsOnly ? [] : endpointRows(snapshot, view.now);
  const notAsked = view.findingsOnly ? undefined : notAskedNotes(view.notAsked ?? [], view.wide, to);
  return [
    heading(snapshot, view, to),
    ...findingBlocks(snapshot.findings, view, to),
    ...(rows.length > 0 ? [endpointTable(rows, view.now, to, view.wide)] : []),
    ...(notAsked !== undefined ? [notAsked] : []),
    verdict(snapshot, view, to),
  ].join('\n\n');
}

function heading({ host, endpoints, lineages }: Snapshot, { root, bundledRoots }: CheckView, to: Terminal): string {
  const { bold, dim } = to.colours;
  const counts = `${counted(endpoints.length, 'endpoint')}, ${counted(lineages.length, 'certbot lineage')}`;
  if (root === undefined)
    return `${bold(printable(host.name))}  ${dim(`${counts}, mode ${host.mode}${otherModes(lineages)}`)}`;
  const notes = [
    `in ${printable(root)}: all paths are below it; its files are judged, nothing that runs`,
    ...(bundledRoots ? ['it has no trust store: the roots that come with this program took its place'] : []),
  ];
  return [
    `${bold(printable(host.name))}  ${dim(counted(lineages.length, 'certbot lineage'))}`,
    ...notes.flatMap((note) => wrapped(note, to.columns ?? 120)).map((line) => dim(line)),
  ].join('\n');
}

/** Lineages with a mode of their own: the first three by name. */
function otherModes(lineages: Snapshot['lineages']): string {
  const own = lineages.flatMap(({ name, mode }) => (mode === undefined ? [] : [`${printable(name)}: ${mode}`]));
  if (own.length === 0) return '';
  return ` (${own.slice(0, 3).join(', ')}${own.length > 3 ? `, and ${own.length - 3} more of their own` : ''})`;
}

function verdict(snapshot: Snapshot, { probe, now }: CheckView, to: Terminal): string {
  const { findings, endpoints } = snapshot;
  const { bold, green, cyan } = to.colours;
  const proof = !probe
    ? 'nothing was asked over the network'
    : endpoints.length === 0
      ? 'there is no endpoint to ask'
      : proved(snapshot, now);
  const needing = (['critical', 'unknown', 'warning'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? [`${count} ${severity}`] : [];
  });
  if (needing.length === 0) return `${green('fine')}: ${proof}`;
  const next = `certherd-agent explain ${printable(findings[0]?.code ?? '')}`;
  return [
    ...wrapped(`${needing.join(', ')}; ${proof}`, to.columns ?? 120).map((line) => bold(line)),
    `${cyan(to.glyphs.arrow)} ${next}`,
  ].join('\n');
}

/** What the handshakes showed. A certificate that has ended, or that is an old copy, is as configured and nevertheless not well. */
function proved({ findings, endpoints, certificates }: Snapshot, now: number): string {
  const ended = new Set(
    certificates.filter(({ notAfter }) => Date.parse(notAfter) <= now).map((one) => one.fingerprint),
  );
  const copies = new Set(findings.filter(({ code }) => code === 'stale-copy').map(({ subject }) => subject.id));
  const served = endpoints.filter(({ reached }) => reached === 'served');
  const late = served.filter((endpoint) => ended.has(endpoint.served ?? '')).length;
  const old = served.filter(({ deployment }) => copies.has(deployment ?? '')).length;
  const untold = endpoints.filter(({ reached }) => reached === 'unknown').length;
  return [
    `${served.length} of ${counted(endpoints.length, 'endpoint')} present what is issued and configured`,
    ...(late > 0 ? [`${late} of them a certificate that has ended`] : []),
    ...(old > 0 ? [`${old} of them an old copy`] : []),
    ...(untold > 0 ? [`of ${untold} it could not be told`] : []),
  ].join(', ');
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
