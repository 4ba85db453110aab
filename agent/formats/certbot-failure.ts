import { type AcmeProblem, lastProblemDocument, tellingLines, toldProblems } from './acme-problems.ts';
import { redacted } from './redact.ts';
import { retryAfterMs } from './renewal-information.ts';

/** Why certbot left a lineage as it was; each an outcome's reason. */
export interface CertbotFailure {
  reason:
    | 'dns'
    | 'unauthorized'
    | 'caa'
    | 'connection'
    | 'rate-limited'
    | 'rejected-identifier'
    | 'ca-failed'
    | 'busy'
    | 'config-broken'
    | 'plugin-missing'
    | 'disk-full'
    | 'timed-out'
    | 'internal'
    | 'certbot-failed';
  /** One sentence of certbot's or the CA's, redacted and cut; raw. */
  detail: string;
  /** Not before this instant, as the CA asked for; milliseconds since 1970. */
  retryAt?: number;
}

type Judgement = Pick<CertbotFailure, 'reason' | 'detail'>;

const longestDetail = 600;

/**
 * Classifies a failed run of certbot 1 to 5 from what it printed and from what it logged during this run (`log`, or ''). What
 * it printed counts first: its log also holds what it got over by itself. A CA's problem counts before certbot's words, for it
 * quotes what a stranger's web server answered. An instant to wait for comes from the CA's
 * Retry-After, which certbot only logs, or from the "retry after" of Let's Encrypt's own words; `now` is milliseconds since 1970.
 */
export function certbotFailure(output: string, log: string, now: number): CertbotFailure {
  const said = tellingLines(redacted(output));
  const logged = tellingLines(redacted(log));
  const documented = lastProblemDocument(logged);
  const judged = byProblems(toldProblems(said)) ??
    byWords(said, logged) ??
    byStatus(said) ??
    (said.some(isBareCrash) ? byProblems(documented ? [documented] : []) : undefined) ??
    byWords(logged, logged) ??
    crashed(said) ?? { reason: 'certbot-failed' as const, detail: mostTelling(said) };
  const retryAt = ['rate-limited', 'ca-failed'].includes(judged.reason) ? askedFor(judged, log, now) : undefined;
  const detail = judged.detail.replace(/\s+/g, ' ').slice(0, longestDetail);
  return { reason: judged.reason, detail, ...(retryAt !== undefined && { retryAt }) };
}

/** certbot's own words, the most certain first. */
const words: readonly (readonly [RegExp, CertbotFailure['reason']])[] = [
  [/another instance of certbot is already running/i, 'busy'],
  [/\[Errno (?:28|122|27)\]|No space left on device|Disk quota exceeded/, 'disk-full'],
  [
    /^Renewal configuration file \S.{0,1000} (?:is broken|lacks renewalparams|does not specify|references a cert|produced an unexpected)/,
    'config-broken',
  ],
  [/An error occurred while parsing \S.{0,1000}\. The error was/, 'config-broken'],
  // certbot 1 puts "Could not choose appropriate plugin: " before both
  [/The \S{1,100} plugin is not working; there may be problems/, 'config-broken'],
  [/(?:plugin does not appear to be installed|Could not choose appropriate plugin)/, 'plugin-missing'],
  [/Account at \S{1,1000} does not exist|You should register before running non-interactively/, 'config-broken'],
  [/Invalid key_type specified|Unsupported (?:RSA key length|elliptic curve)/, 'config-broken'],
  [
    /Missing command line flag or config entry|unrecognized arguments:|does not exist or is not a directory/,
    'config-broken',
  ],
  [/Error parsing credentials configuration|^.{0,200}: File not found: |Target \S+ does not exist!/, 'config-broken'],
  [/Could not bind TCP port \d+ because it is already in use/, 'connection'],
  [
    /HTTPS?ConnectionPool\(|\bRequesting \S{1,1000}: |Max retries exceeded with url|Connection aborted|Connection reset by peer|RemoteDisconnected|Name or service not known|Temporary failure in name resolution/,
    'connection',
  ],
  [/All authorizations were not finalized by the CA|acme\.errors\.TimeoutError|Timed out waiting for/i, 'timed-out'],
  [/too many (?:certificates|failed authorizations|new orders|registrations)/i, 'rate-limited'],
];

function byWords(lines: readonly string[], logged: readonly string[]): Judgement | undefined {
  for (const [pattern, reason] of words) {
    const index = lines.findIndex((line) => pattern.test(line));
    if (index < 0) continue;
    const line = sentenceOf(lines[index] ?? '');
    return { reason, detail: reason === 'config-broken' ? withCause(line, lines[index + 1], logged) : line };
  }
  return undefined;
}

/** "… is broken." is followed by the error; the line of the file that Python's parser stopped at stands in the log alone. */
function withCause(line: string, next: string | undefined, logged: readonly string[]): string {
  const cause = next?.startsWith('The error was:') ? ` ${next.replace(/\{.*\}/, '{…}')}` : '';
  const at = logged.findLast((one) => /^(?:configobj\.\S+: |First error |Parsing failed).{0,200}\bline \d+/.test(one));
  const [, number] = /\bline (\d+)/.exec(at ?? '') ?? [];
  return `${line}${cause}${cause.includes('error parsing') && number !== undefined ? `, line ${number}` : ''}`;
}

const classes: Readonly<Record<string, CertbotFailure['reason']>> = {
  dns: 'dns',
  unauthorized: 'unauthorized',
  incorrectResponse: 'unauthorized',
  caa: 'caa',
  connection: 'connection',
  tls: 'connection',
  rateLimited: 'rate-limited',
  rejectedIdentifier: 'rejected-identifier',
  unsupportedIdentifier: 'rejected-identifier',
  serverInternal: 'ca-failed',
  badNonce: 'ca-failed',
  orderNotReady: 'ca-failed',
  accountDoesNotExist: 'config-broken',
  externalAccountRequired: 'config-broken',
};

/** The first that has a class: a `compound` one only holds others. */
function byProblems(problems: readonly AcmeProblem[]): Judgement | undefined {
  const known = problems.find(({ type }) => Object.hasOwn(classes, type)) ?? problems[0];
  if (!known) return undefined;
  const { type, detail, identifier } = known;
  const others = new Set(problems.map((problem) => problem.identifier).filter((name) => name !== identifier)).size;
  const more = others > 0 ? ` (and ${others} other name${others === 1 ? '' : 's'})` : '';
  const text = detail.slice(0, longestDetail) || type;
  return { reason: classOf(known), detail: identifier === undefined ? text : `${identifier}: ${text}${more}` };
}

function classOf({ type, detail, identifier }: AcmeProblem): CertbotFailure['reason'] {
  // Pebble and some CAs tell a failed look-up as a failed connection.
  if (type === 'connection' && /could not resolve|no such host|NXDOMAIN|SERVFAIL|no valid A/i.test(detail))
    return 'dns';
  if (type === 'unauthorized' && identifier === undefined && /\baccount\b/i.test(detail)) return 'config-broken';
  return Object.hasOwn(classes, type) ? (classes[type] ?? 'certbot-failed') : 'certbot-failed';
}

/** An answer that is no ACME document, from something before the CA. */
function byStatus(lines: readonly string[]): Judgement | undefined {
  for (const line of lines) {
    const [, status] = /<Response \[(\d{3})\]>/.exec(line) ?? [];
    if (status === undefined) continue;
    const reason = status === '429' ? 'rate-limited' : status.startsWith('5') ? 'ca-failed' : 'certbot-failed';
    return { reason, detail: `the CA answered with status ${status}, and with no reason` };
  }
  return undefined;
}

/** certbot 2.1 prints this where the CA said 429, since it fails to word it. */
function isBareCrash(line: string): boolean {
  return /can't set attribute|^An unexpected error occurred/.test(line);
}

function crashed(lines: readonly string[]): Judgement | undefined {
  const index = lines.findIndex(isBareCrash);
  if (index < 0) return undefined;
  const [line = '', next = ''] = lines.slice(index);
  return { reason: 'internal', detail: sentenceOf(line.startsWith('An unexpected') ? `${line} ${next}` : line) };
}

/** The line without certbot's "Failed to renew certificate NAME with error: ". */
function sentenceOf(line: string): string {
  return line
    .replace(/^Failed to renew (?:certificate|cert) .{1,300}? with error: /, '')
    .replace(/^Attempting to renew cert \(.{1,300}?\) from .{1,1000}? produced an unexpected error: /, '')
    .replace(/\.? ?Skipping(?: the file)?\.$/, '');
}

function mostTelling(lines: readonly string[]): string {
  const telling =
    lines.find((line) => /with error:|unexpected error|^Error|\[Errno \d+\]/i.test(line)) ??
    lines.findLast((line) => !/^(?:Ask for help|See the logfile|\d+ renew failure|Saving debug log)/.test(line));
  return telling === undefined ? 'certbot printed nothing' : sentenceOf(telling);
}

/** The later of what the last refusing answer's Retry-After says, and the words of the refusal; both where they are told. */
function askedFor({ detail }: Judgement, log: string, now: number): number | undefined {
  const [, day, time] = /retry after (\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)/i.exec(detail) ?? [];
  const worded = day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`);
  const header = lastRetryAfter(log);
  const told = header === undefined ? undefined : retryAfterMs(header, now);
  const instants = [worded, told === undefined ? Number.NaN : now + told].filter((at) => !Number.isNaN(at));
  return instants.length === 0 ? undefined : Math.max(...instants);
}

/** certbot logs each answer as "HTTP 429", its headers, and an empty line. */
function lastRetryAfter(log: string): string | undefined {
  let refused = false;
  let found: string | undefined;
  for (const raw of log.split('\n')) {
    const line = raw.slice(0, longestDetail).trim();
    if (/^HTTP [1-5]\d\d$/.test(line)) {
      refused = /^HTTP [45]/.test(line);
      if (refused) found = undefined;
    } else if (line === '') refused = false;
    else if (refused) found = /^retry-after:\s*(.{1,60})$/i.exec(line)?.[1]?.trim() ?? found;
  }
  return found;
}
