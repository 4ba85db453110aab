import type { Finding } from '@certherd/protocol/finding';
import { Snapshot, snapshotExcess } from '@certherd/protocol/snapshot';
import { Compile, type Validator } from 'typebox/compile';
import { Check, Errors } from 'typebox/value';

/** Compiling the check takes 20 ms and more, once; without it 100 KB of JSON take 8 ms each time. */
const compiledFromBytes = 128 * 1024;

/** Fits snapshots into `maxBytes`. */
export type FitSnapshot = (snapshot: Snapshot, maxBytes: number, since: number) => { json: string; why?: string };

/**
 * What it gives is the snapshot as JSON of at most `maxBytes` that the collector will take. One that is larger, or that the wire has no
 * room for, would be refused at every connection: its findings alone stand in for it, the first of them saying so since
 * `since` (milliseconds since 1970), and `why` is given.
 */
export function snapshotFitter(): FitSnapshot {
  let compiled: Validator | undefined;
  const misfit = (snapshot: Snapshot, json: string, maxBytes: number): string | undefined => {
    const bytes = Buffer.byteLength(json);
    if (bytes > maxBytes) return `it has ${bytes} bytes, and the collector takes ${maxBytes}`;
    const excess = snapshotExcess(snapshot);
    if (excess !== undefined) return excess;
    if (bytes >= compiledFromBytes) compiled ??= Compile(Snapshot);
    if (compiled ? compiled.Check(snapshot) : Check(Snapshot, snapshot)) return undefined;
    const [first] = Errors(Snapshot, snapshot);
    return `the wire cannot hold ${first?.instancePath ?? 'it'} (${first?.keyword ?? 'wrong'})`.slice(0, 1000);
  };
  return (snapshot, maxBytes, since) => {
    const whole = JSON.stringify(snapshot);
    const why = misfit(snapshot, whole, maxBytes);
    if (why === undefined) return { json: whole };
    const { host, findings } = snapshot;
    const first = reduced(host.name, why, findings.length, since);
    for (let kept = findings.length; ; kept = Math.floor(kept / 2)) {
      const none = { certificates: [], files: [], lineages: [], servers: [], deployments: [], endpoints: [] };
      const less: Snapshot = { host, ...none, findings: [first, ...findings.slice(0, kept)] };
      const json = JSON.stringify(less);
      if (kept === 0 || misfit(less, json, maxBytes) === undefined) return { json, why };
    }
  };
}

function reduced(host: string, why: string, findings: number, since: number): Finding {
  return {
    code: 'snapshot-reduced',
    severity: 'unknown',
    subject: { kind: 'host', id: host },
    since: new Date(since).toISOString(),
    cause: `what was seen on this host is more than the wire takes (${why}): the collector has its findings only`,
    evidence: { why, findings: String(findings) },
    remedy: 'certherd-agent check',
  };
}
