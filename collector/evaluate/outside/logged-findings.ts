import type { LoggedRow, LogRow } from '../../store/transparency.ts';
import { attributeValues } from '../distinguished-name.ts';
import { clipped, type Outside, type OutsideFinding } from './outside.ts';

/** What was read in transparency logs: certificates that no host holds, and how reading gets along. */
export interface Logged {
  certificates: readonly LoggedRow[];
  logs: readonly LogRow[];
}

/** Which certificates somebody expects. */
export interface LoggedPolicy {
  /** Organisations (the O of an issuer's name) that issue here; undefined: anybody may. */
  knownIssuers: readonly string[] | undefined;
  /** A certificate of theirs is expected for so long: it is on its way to a host. */
  graceMs: number;
}

/** After so long without a reading it is not known what was issued. */
const notReadMs = 3 * 3_600_000;
const mostNames = 20;

/**
 * Certificates for watched names that nobody of the fleet holds and that no target presents, and logs that cannot be read, as of `now` (milliseconds since 1970): pure. One of
 * a known issuer is told once its time to be installed is over, one of another issuer at once.
 */
export function loggedFindings(
  { certificates, logs }: Logged,
  targets: readonly Outside[],
  policy: LoggedPolicy,
  now: number,
): OutsideFinding[] {
  const presented = presentedBy(targets);
  const unexpected = certificates.filter(
    (row) => !row.held && row.notAfter > now && tellAt(row, policy) <= now && !presented(row),
  );
  return [...unexpected.map((row) => unexpectedCertificate(row, policy)), ...logs.flatMap((row) => notRead(row, now))];
}

/** Until when `loggedFindings` says the same if nothing changes (milliseconds since 1970). */
export function loggedStands({ certificates, logs }: Logged, policy: LoggedPolicy, now: number): number {
  const instants = [
    ...certificates.flatMap((row) => [tellAt(row, policy), row.notAfter]),
    ...logs.flatMap(({ state }) => behindSince(state) ?? []).map((since) => since + notReadMs),
  ];
  return instants.reduce((first, at) => (at > now ? Math.min(first, at - 1) : first), Infinity);
}

function tellAt(row: LoggedRow, policy: LoggedPolicy): number {
  return isKnown(row, policy) ? row.loggedAt + policy.graceMs : row.loggedAt;
}

function isKnown({ issuer }: LoggedRow, { knownIssuers }: LoggedPolicy): boolean {
  return !knownIssuers || attributeValues(issuer, 'O').some((name) => knownIssuers.includes(name));
}

/** A certificate that a listed target presents, as a CDN's own, is where somebody put it. Of a precertificate its issuer, serial number and dates tell. */
function presentedBy(targets: readonly Outside[]): (row: LoggedRow) => boolean {
  const known = new Set<string>();
  for (const { seen } of targets)
    for (const { served, issuer = '', serialNumber, notBefore = '', notAfter = '' } of seen?.places ?? []) {
      if (served !== undefined) known.add(served);
      if (serialNumber !== undefined)
        known.add(textOf({ issuer, serialNumber, notBefore: Date.parse(notBefore), notAfter: Date.parse(notAfter) }));
    }
  return (row) => known.has(row.fingerprint ?? textOf(row));
}

function textOf(one: Pick<LoggedRow, 'issuer' | 'serialNumber' | 'notBefore' | 'notAfter'>): string {
  return `${one.notBefore} ${one.notAfter} ${one.serialNumber} ${one.issuer}`;
}

function unexpectedCertificate(row: LoggedRow, policy: LoggedPolicy): OutsideFinding {
  const { names, issuer, serialNumber, fingerprint, log, entry, loggedAt } = row;
  const [name = ''] = names;
  const [notBefore, notAfter] = [instant(row.notBefore), instant(row.notAfter)];
  const by = attributeValues(issuer, 'O')[0] ?? issuer;
  const known = isKnown(row, policy);
  const also = names.length > 1 ? ` and ${names.length - 1} more` : '';
  return {
    agentId: '',
    hostName: name,
    names: names.slice(0, mostNames),
    stale: false,
    life: { notBefore, notAfter },
    finding: {
      code: 'unexpected-certificate',
      severity: known ? 'warning' : 'critical',
      subject: { kind: 'endpoint', id: `${name} ${serialNumber}` },
      since: instant(loggedAt),
      cause: clipped(
        `${by} issued a certificate for ${name}${also}, valid until ${notAfter}, that no host of this fleet holds and no target presents${known ? '' : ', and it is none of the issuers that known_issuers names'}.`,
      ),
      evidence: {
        names: clipped(names.join(', ')),
        issuer: clipped(issuer),
        'serial number': clipped(serialNumber),
        valid: `${notBefore} until ${notAfter}`,
        log: clipped(`${log} entry ${entry}`),
        certificate: fingerprint ?? 'only its precertificate is logged',
      },
      remedy: clipped(
        `Find out who asked for it. If nobody did, have ${by} revoke it, and look at who may change the DNS of ${name}. Else enrol its host, or have certherd-collector target add ${name.replace(/^\*\./, 'www.')} ask what presents it.`,
      ),
    },
  };
}

/** Since when the end of what a log signed was not reached; undefined: it was, or nothing more is known to be there. */
function behindSince({ failure, behindSince, proved, size }: LogRow['state']): number | undefined {
  const late = size > proved.size ? behindSince : undefined;
  return failure && late !== undefined ? Math.min(failure.since, late) : (failure?.since ?? late);
}

function notRead({ log, state }: LogRow, now: number): OutsideFinding[] {
  const { failure, readAt } = state;
  const since = behindSince(state);
  if (since === undefined || now - since < notReadMs) return [];
  const why =
    failure?.detail ?? 'it has more entries than were read since, and the end of none of its trees was reached';
  return [
    {
      agentId: '',
      hostName: log,
      names: [],
      stale: false,
      finding: {
        code: 'log-not-read',
        severity: 'unknown',
        subject: { kind: 'endpoint', id: log },
        since: instant(since),
        cause: clipped(
          `The transparency log ${log} has not been read to its end since ${instant(readAt ?? since)}: ${why}.`,
        ),
        evidence: {
          log: clipped(log),
          failure: clipped(failure ? `${failure.reason}: ${failure.detail}` : 'none'),
          read: `${state.proved.size} of ${state.size}`,
        },
        remedy:
          'If the log is closed for good, put another one in its place in [[transparency.log]]; certherd-collector transparency shows it.',
      },
    },
  ];
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
