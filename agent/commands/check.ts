import type { Finding } from '@certherd/protocol/finding';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { decide } from '../decide/decide.ts';
import { filesAlone } from '../observe/files-alone.ts';
import type { NotAsked } from '../observe/endpoints/not-asked.ts';
import { observeHost } from '../observe/observe.ts';
import { recallSuggestions } from '../observe/renewal-information.ts';
import { systemLooking, treeLooking } from '../system/looking.ts';
import { systemState } from '../system/state.ts';
import { type Context, writeLine } from './context.ts';
import { printableJson } from '@certherd/command-line/printable';
import { checkTable } from './check-table.ts';
import { progressOf } from './progress.ts';
import { terminalOf } from '@certherd/command-line/terminal';

/** Exit codes as monitoring plugins give them. */
export const checkCodes = { fine: 0, warning: 1, critical: 2, unknown: 3 } as const;

/** certbot swaps a lineage's links within milliseconds; what disagrees for longer is told as it is. */
const settlingMs = 3_000;

export interface CheckOptions {
  json: boolean;
  findingsOnly: boolean;
  wide: boolean;
  /** False: no connection is made, and only what is on disk is judged. */
  probe: boolean;
  /** A tree that is judged in place of this host: then `nginxConfig` is inside it, and nobody is asked. */
  root?: string;
  nginxConfig?: string;
}

/** One look and one verdict; changes nothing, needs no collector and no state. What a daemon was told by the CAs counts where it may be read. */
export async function checkCommand({ config: settings, host }: Context, options: CheckOptions): Promise<number> {
  const { root } = options;
  const ports = root === undefined ? systemLooking() : treeLooking(root);
  const { clock } = ports;
  const probe = options.probe && root === undefined;
  const config = options.nginxConfig
    ? { ...settings, nginx: { ...settings.nginx, config: options.nginxConfig } }
    : settings;
  const isWatched = process.stderr.isTTY && process.env.TERM !== 'dumb';
  const progress = progressOf(
    ports.dial,
    (ms, task) => clock.after(ms, task),
    isWatched ? (text) => void process.stderr.write(text) : undefined,
  );
  let bundledRoots = false;
  const bundled = () => {
    bundledRoots = true;
    return ports.bundledRoots();
  };
  const seen = await observeHost({ ...ports, dial: progress.dial, bundledRoots: bundled }, config, host, {
    patienceMs: settlingMs,
    probe,
    onTargets: (count) => progress.expect(count),
  });
  progress.end();
  const now = clock.now();
  const facts =
    root === undefined
      ? { ...seen, suggestedRenewals: recallSuggestions(config, systemState(config.stateDirectory)) }
      : filesAlone(seen, ports.files);
  const judged = decide(facts, [], [], config, now).snapshot;
  const snapshot = root === undefined ? judged : { ...judged, findings: judged.findings.map(inTree(root)) };
  if (options.json) writeLine(printableJson(checkReport(snapshot, now, root, seen.notAsked)));
  else {
    const { notAsked = [] } = seen;
    const view = { ...options, now, probe, notAsked, findingDelayMs: config.findingDelayMs, bundledRoots };
    writeLine(checkTable(snapshot, view, terminalOf(process.stdout, process.env)));
  }
  return checkCode(snapshot.findings);
}

/** What to type is meant for the system whose tree it is. */
function inTree(root: string): (finding: Finding) => Finding {
  return (finding) => ({ ...finding, remedy: `in ${root}: ${finding.remedy}` });
}

/** The worst finding decides; what could not be told is worse than a warning, and less than a certain failure. */
export function checkCode(findings: Finding[]): number {
  const has = (severity: Finding['severity']) => findings.some((finding) => finding.severity === severity);
  if (has('critical')) return checkCodes.critical;
  if (has('unknown')) return checkCodes.unknown;
  return has('warning') ? checkCodes.warning : checkCodes.fine;
}

/** What `check --json` prints; docs/json.md describes it. Files carry their certificates in full, as `inspect` gives them. */
export function checkReport(snapshot: Snapshot, now: number, root?: string, notAsked: readonly NotAsked[] = []) {
  const byFingerprint = new Map(snapshot.certificates.map((certificate) => [certificate.fingerprint, certificate]));
  const { certificates, files, lineages, servers, deployments, endpoints, findings, host } = snapshot;
  return {
    version: 1,
    at: new Date(now).toISOString(),
    ...(root !== undefined && { root }),
    host,
    servers,
    files: files.map(({ fingerprints, ...file }) => ({
      ...file,
      certificates: fingerprints.flatMap((fingerprint) => byFingerprint.get(fingerprint) ?? []),
    })),
    lineages,
    deployments,
    endpoints,
    notAsked,
    certificates,
    findings,
  };
}
