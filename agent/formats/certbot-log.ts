import { redacted } from './redact.ts';

/** What one `certbot renew` wrote into letsencrypt.log. */
export interface CertbotRun {
  /** When it ended, ms since 1970. */
  at: number;
  result: 'none-due' | 'renewed' | 'failed' | 'unknown';
  /** Lineages that could not be renewed, with certbot's reason, without the secrets that a plugin may print. */
  failed: { lineage: string; reason: string }[];
}

/**
 * The newest `certbot renew` in the end of a log of certbot 1 to 5, dry runs left out. Runs stand one after another in it:
 * Debian's cli.ini says max-log-backups=0. certbot logs local time without a zone, so `modifiedAt` (the log's last change,
 * ms since 1970) says when its last line was.
 */
export function lastRenewalIn(text: string, modifiedAt: number): CertbotRun | undefined {
  const lines = text.split('\n');
  const last = lines.findLast((line) => timeOf(line) !== undefined);
  for (const run of runsIn(lines).toReversed()) {
    const body = run.join('\n');
    if (!run.some((line) => isRenewal.test(line)) || run.some(isTrial)) continue;
    const ended = run.findLast((line) => timeOf(line) !== undefined);
    const age = (timeOf(last ?? '') ?? 0) - (timeOf(ended ?? '') ?? 0);
    const failed = failuresIn(body);
    return { at: modifiedAt - Math.max(0, age), result: failed.length > 0 ? 'failed' : resultIn(body), failed };
  }
  return undefined;
}

/**
 * What the newest forced renewal of this lineage (or run with another `option`) wrote into the end of a log; '' where it holds none. Its first lines may be cut
 * off where it wrote more than the end holds.
 */
export function ownRunIn(text: string, lineage: string, option = '--force-renewal'): string {
  const lines = text.split('\n');
  const runs = runsIn(lines);
  if (runs.length === 0) return text;
  const isOwn = (line: string) =>
    line.includes(':Arguments: [') && line.includes(`'${option}'`) && line.includes(lineage);
  return (runs.findLast((run) => run.some(isOwn)) ?? []).join('\n');
}

/** The arguments that certbot logs leave its verb out; only `renew` goes through the renewal configs one by one. */
const isRenewal =
  /^(?:.{0,200}Notifying user: )?(?:Processing \/.*\.conf$|No renewals were attempted)|renewals (?:succeeded|failed)/;

function isTrial(line: string): boolean {
  return line.includes(':Arguments: [') && /'--(?:dry-run|test-cert|staging)'/.test(line);
}

/** A run begins with certbot's version. What stands before the first one was cut off. */
function runsIn(lines: readonly string[]): string[][] {
  const runs: string[][] = [];
  for (const line of lines) {
    if (/:certbot version: /.test(line)) runs.push([line]);
    else runs.at(-1)?.push(line);
  }
  return runs;
}

/** Milliseconds, in a zone that is not known. */
function timeOf(line: string): number | undefined {
  const [, day, time, ms] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d),(\d{3}):/.exec(line) ?? [];
  if (day === undefined) return undefined;
  const at = Date.parse(`${day}T${time}.${ms}Z`);
  return Number.isNaN(at) ? undefined : at;
}

function failuresIn(body: string): CertbotRun['failed'] {
  const failed = new Map<string, string>();
  const renewals = /Failed to renew (?:certificate|cert) ([^\n]{1,300}?) with error: ([^\n]{0,1000})/g;
  for (const [, lineage = '', reason = ''] of body.matchAll(renewals)) failed.set(lineage, redacted(reason));
  for (const [, lineage = ''] of body.matchAll(/Renewal configuration file \S{1,1000} \(cert: ([^)\n]{1,300})\)/g))
    failed.set(lineage, 'its renewal config cannot be read');
  return [...failed].map(([lineage, reason]) => ({ lineage, reason }));
}

/** The last of certbot's sentences about the whole run counts. */
function resultIn(body: string): CertbotRun['result'] {
  const sentences = [
    ['renewed', /all renewals succeeded|The following renewals succeeded/g],
    ['none-due', /No renewals were attempted/g],
    ['failed', /(?:All|The following) renewals failed/g],
  ] as const;
  const seen = sentences.flatMap(([result, pattern]) =>
    [...body.matchAll(pattern)].map(({ index }) => ({ result, index })),
  );
  return seen.sort((a, b) => b.index - a.index)[0]?.result ?? 'unknown';
}
