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

/** One look and one verdict; changes nothing, needs no collector and no state. */
export async function checkCommand({ config, host }: Context, options: { json: boolean }): Promise<number> {
  const ports = systemLooking();
  const { clock } = ports;
  const observations = await observeHost(ports, config, host, settlingMs);
  const { snapshot } = decide(observations, [], [], config, clock.now());
  writeLine(
    options.json ? printableJson(checkReport(snapshot, clock.now())) : checkTable(snapshot, clock.now(), columns()),
  );
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
