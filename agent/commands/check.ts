import type { Finding } from '@certherd/protocol/finding';
import type { Snapshot } from '@certherd/protocol/snapshot';
import { decide } from '../decide/decide.ts';
import { observeHost } from '../observe/observe.ts';
import { systemLooking } from '../system/looking.ts';
import { type Context, writeLine } from './context.ts';
import { printableJson } from './printable.ts';
import { checkTable } from './check-table.ts';

/** Exit codes as monitoring plugins give them. */
export const checkCodes = { fine: 0, warning: 1, critical: 2, unknown: 3 } as const;

/** certbot swaps a lineage's links within milliseconds; what disagrees for longer is told as it is. */
const settlingMs = 3_000;

export interface CheckOptions {
  json: boolean;
  findingsOnly: boolean;
  /** False: no connection is made, and only what is on disk is judged. */
  probe: boolean;
  nginxConfig?: string;
}

/** One look and one verdict; changes nothing, needs no collector and no state. */
export async function checkCommand({ config: settings, host }: Context, options: CheckOptions): Promise<number> {
  const ports = systemLooking();
  const { clock } = ports;
  const config = options.nginxConfig
    ? { ...settings, nginx: { ...settings.nginx, config: options.nginxConfig } }
    : settings;
  const observations = await observeHost(ports, config, host, { patienceMs: settlingMs, probe: options.probe });
  const { snapshot } = decide(observations, [], [], config, clock.now());
  const now = clock.now();
  if (options.json) writeLine(printableJson(checkReport(snapshot, now)));
  else writeLine(checkTable(snapshot, now, columns(), options));
  return checkCode(snapshot.findings);
}

/** The worst finding decides; what could not be told is worse than a warning, and less than a certain failure. */
export function checkCode(findings: Finding[]): number {
  const has = (severity: Finding['severity']) => findings.some((finding) => finding.severity === severity);
  if (has('critical')) return checkCodes.critical;
  if (has('unknown')) return checkCodes.unknown;
  return has('warning') ? checkCodes.warning : checkCodes.fine;
}

/** What `check --json` prints; docs/json.md describes it. Files carry their certificates in full, as `inspect` gives them. */
export function checkReport(snapshot: Snapshot, now: number) {
  const byFingerprint = new Map(snapshot.certificates.map((certificate) => [certificate.fingerprint, certificate]));
  const { certificates, files, lineages, servers, deployments, endpoints, findings, host } = snapshot;
  return {
    version: 1,
    at: new Date(now).toISOString(),
    host,
    servers,
    files: files.map(({ fingerprints, ...file }) => ({
      ...file,
      certificates: fingerprints.flatMap((fingerprint) => byFingerprint.get(fingerprint) ?? []),
    })),
    lineages,
    deployments,
    endpoints,
    certificates,
    findings,
  };
}

function columns(): number {
  return process.stdout.columns ?? 120;
}
