import type { TargetPlace } from '../../store/targets.ts';
import {
  clipped,
  fromText,
  isNotAsked,
  lifeOf,
  notSeenAfter,
  type Outside,
  type OutsideFinding,
  placeText,
  scanCommand,
  seenText,
  vantageEvidence,
} from './outside.ts';
import { type PresentedProblem, problemsOf } from './problems.ts';
import { faultWords, stapleFault } from './staple.ts';

type Told = OutsideFinding['finding'];

/** A renewal is to be expected at a third of the life left, whatever renews it there, and has a twelfth of the life to arrive: as renewal-missed has it. */
export const endingLeft = 1 / 4;
export const pressingLeft = 1 / 10;

/**
 * What is wrong with a target by itself, whichever host serves it: of no host. `endIsTold`: that what is presented there ends is told elsewhere.
 * A target that shows nothing is unknown, which is never healthy.
 */
export function targetFindings(
  target: Outside,
  endIsTold: (place: TargetPlace) => boolean,
  now: number,
): OutsideFinding[] {
  const old = isNotAsked(target, now);
  const presented = (target.seen?.places ?? []).flatMap((place) =>
    presentedFindings(place, target, endIsTold(place), now).map((finding) => ({
      finding,
      stale: old || place.failure !== undefined,
      ...lifeOf(place),
    })),
  );
  const notSeen = old ? [notAsked(target)] : notSeenFindings(target, now);
  return [...presented, ...notSeen.map((finding) => ({ finding, stale: false }))].map((one) => ({
    agentId: '',
    hostName: target.host,
    names: [target.host],
    ...(target.labels && { labels: target.labels }),
    ...one,
  }));
}

function presentedFindings(place: TargetPlace, target: Outside, endIsTold: boolean, now: number): Told[] {
  const { served, algorithm, notBefore, notAfter, nameMatches = true, trusted = true, address, staple } = place;
  if (served === undefined || algorithm === undefined || notBefore === undefined || notAfter === undefined) return [];
  const at = placeText(address, target.port);
  const words: Place = { ...place, at: seenText(at, target), notBefore, notAfter, host: target.host, now };
  const problems = problemsOf({ ...place, notBefore, notAfter, nameMatches, trusted }, now);
  const [begin, end] = [Date.parse(notBefore), Date.parse(notAfter)];
  const about = (code: Told['code'], severity: Told['severity'], since: number, wording: Wording): Told => ({
    code,
    severity,
    subject: { kind: 'endpoint', id: `${target.host}@${at}/${algorithm}${fromText(target)}` },
    since: new Date(since).toISOString(),
    cause: clipped(wording.cause(words)),
    evidence: {
      address: at,
      presented: `${served} until ${notAfter}`,
      ...wording.evidence?.(words),
      ...vantageEvidence(target),
    },
    remedy: clipped(wording.remedy(words)),
  });
  const isEnding =
    problems.every((problem) => problem !== 'expired' && problem !== 'not-yet-valid') &&
    now >= end - (end - begin) * endingLeft;
  const sinceOf: Readonly<Record<PresentedProblem, number>> = {
    expired: Math.max(end, place.since),
    'not-yet-valid': place.since,
    revoked: Math.max(Date.parse(staple?.revokedAt ?? '') || 0, place.since),
    'name-mismatch': place.since,
    untrusted: place.since,
    'staple-invalid': staleSince(place, now) ?? Math.max(staple?.since ?? 0, place.since),
  };
  return [
    ...problems
      .filter((problem) => !(endIsTold && (problem === 'expired' || problem === 'not-yet-valid')))
      .map((problem) =>
        about(`target-${problem}`, isFatal(problem) ? 'critical' : 'warning', sinceOf[problem], wordings[problem]),
      ),
    ...(isEnding && !endIsTold
      ? [
          about(
            'target-ending',
            now >= end - (end - begin) * pressingLeft ? 'critical' : 'warning',
            Math.max(Math.ceil(end - (end - begin) * endingLeft), place.since),
            wordings.ending,
          ),
        ]
      : []),
  ];
}

/** No client is to go on. */
function isFatal(problem: PresentedProblem): boolean {
  return problem === 'expired' || problem === 'not-yet-valid' || problem === 'revoked';
}

/** Since when what is stapled is stale. */
function staleSince({ staple, since }: TargetPlace, now: number): number | undefined {
  if (stapleFault({ ...(staple && { staple }) }, now) !== 'stale') return undefined;
  return Math.max(Date.parse(staple?.nextUpdate ?? ''), since);
}

interface Place extends TargetPlace {
  now: number;
  host: string;
  at: string;
  notBefore: string;
  notAfter: string;
}

interface Wording {
  cause: (place: Place) => string;
  evidence?: (place: Place) => Record<string, string>;
  remedy: (place: Place) => string;
}

const renew = ({ host }: Place) =>
  `Renew the certificate of ${host}, install it at each address that presents the old one, and reload what answers there.`;

const wordings: Readonly<Record<PresentedProblem | 'ending', Wording>> = {
  expired: {
    cause: ({ at, host, notAfter }) => `${at} presents a certificate for ${host} that ended at ${notAfter}.`,
    remedy: renew,
  },
  ending: {
    cause: ({ at, host, notAfter }) =>
      `${at} presents a certificate for ${host} that ends at ${notAfter}, and a quarter or less of its life is left.`,
    remedy: renew,
  },
  'not-yet-valid': {
    cause: ({ at, host, notBefore }) => `${at} presents a certificate for ${host} that begins at ${notBefore} only.`,
    remedy: ({ host }) =>
      `Compare this machine's clock with that of who issued it; if both are right, install the certificate of ${host} that is valid now.`,
  },
  revoked: {
    cause: ({ at, host, staple }) =>
      `${at} presents a certificate for ${host} that its issuer has revoked${staple?.revokedAt === undefined ? '' : ` at ${staple.revokedAt}`}: the OCSP answer that is stapled to it says so.`,
    evidence: stapleEvidence,
    remedy: ({ host }) =>
      `Find out why it was revoked, and whether its key is known to others; have a new one issued for ${host} with a new key, install it at each address, and reload what answers there.`,
  },
  'name-mismatch': {
    cause: ({ at, host, subject = '' }) =>
      `${at} presents a certificate that does not name ${host}: that of ${subject}.`,
    evidence: ({ host, subject = '' }) => ({ asked: clipped(host), subject: clipped(subject) }),
    remedy: ({ host }) => `Have what answers for ${host} present a certificate that names it.`,
  },
  untrusted: {
    cause: ({ at, host, chain, chainProblem = 'not-read' }) =>
      `What ${at} presents for ${host} does not lead to a root that is trusted here: ${chainProblem}, with ${chain.length} certificates sent beside its own.`,
    evidence: ({ issuer = '', chainProblem = 'not-read' }) => ({ issuer: clipped(issuer), chain: chainProblem }),
    remedy: ({ host }) =>
      `Install the whole chain where ${host} is answered; if its root is a private one, name that in scan_roots.`,
  },
  'staple-invalid': {
    cause: ({ at, host, now, ...place }) => {
      const fault = stapleFault(place, now);
      return `The OCSP answer that ${at} staples to the certificate for ${host} ${fault ? faultWords[fault] : 'is not valid'}: clients that heed it turn away.`;
    },
    evidence: stapleEvidence,
    remedy: ({ host, staple }) =>
      staple?.state === 'none'
        ? `Have what answers for ${host} staple (nginx: ssl_stapling on, with a resolver that leads to the issuer's responder), or replace its certificate by one that does not demand it.`
        : `Look at why what answers for ${host} gets no fresh answer of the issuer's responder (nginx: its error log, resolver, ssl_trusted_certificate; a file of ssl_stapling_file has to be made anew), then reload it.`,
  },
};

function stapleEvidence({ staple }: Place): Record<string, string> {
  const { state, producedAt, thisUpdate, nextUpdate, revokedAt } = staple ?? {};
  const told = { staple: state, producedAt, thisUpdate, nextUpdate, revokedAt };
  return Object.fromEntries(Object.entries(told).flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
}

/** Addresses that have shown nothing for three intervals, and a name that has led to none. */
function notSeenFindings(target: Outside, now: number): Told[] {
  const { seen, askedAt = now, everyMs, host, port } = target;
  const isLong = (since: number) => now - since >= notSeenAfter * everyMs;
  const since = seen?.failure?.since ?? askedAt;
  if (seen?.failure) return isLong(since) ? [notSeen(target, placeText(host, port), since, seen.failure)] : [];
  return (seen?.places ?? []).flatMap(({ address, algorithm, failure }) => {
    if (!failure || !isLong(failure.since)) return [];
    const at = placeText(address, port);
    return [notSeen(target, `${host}@${at}${algorithm === undefined ? '' : `/${algorithm}`}`, failure.since, failure)];
  });
}

function notSeen(
  target: Outside,
  id: string,
  since: number,
  { reason, detail }: { reason: string; detail: string },
): Told {
  return {
    code: 'target-not-seen',
    severity: 'unknown',
    subject: { kind: 'endpoint', id: `${id}${fromText(target)}` },
    since: new Date(since).toISOString(),
    cause: clipped(`${seenText(id, target)} has shown no certificate for three of its intervals: ${detail || reason}.`),
    evidence: { place: clipped(id), reason: clipped(reason), detail: clipped(detail), ...vantageEvidence(target) },
    remedy: clipped(remedyOf(target, reason)),
  };
}

function remedyOf(target: Outside, reason: string): string {
  const { host, port, startTls, seenFrom } = target;
  if (seenFrom === undefined)
    return reason === 'not-allowed'
      ? 'Allow it with scan_allow in collector.toml, or remove the target.'
      : scanCommand(target);
  if (reason === 'not-allowed')
    return `Allow it with [probe] reach in agent.toml of ${seenFrom}, or take this vantage from the target.`;
  if (reason === 'vantage-refused')
    return `Name ${placeText(host, port)} in [probe] allow in agent.toml of ${seenFrom}, or take this vantage from the target.`;
  if (reason === 'vantage-too-old')
    return `Upgrade certherd-agent on ${seenFrom}, or take this vantage from the target.`;
  return `On ${seenFrom}: openssl s_client -connect ${placeText(host, port)} -servername ${host}${startTls ? ` -starttls ${startTls}` : ''}`;
}

function notAsked(target: Outside): Told {
  const { host, port, setAt, askedAt, everyMs, seenFrom } = target;
  const since = askedAt ?? setAt;
  const id = placeText(host, port);
  return {
    code: 'target-not-seen',
    severity: 'unknown',
    subject: { kind: 'endpoint', id: `${id}${fromText(target)}` },
    since: new Date(since).toISOString(),
    cause: clipped(
      `${id} is to be asked each ${everyMs / 1000} s, and ${seenFrom === undefined ? 'no collector has asked it' : `the agent of ${seenFrom} has not told of it`} since ${new Date(since).toISOString()}.`,
    ),
    evidence: {
      place: clipped(id),
      asked: askedAt === undefined ? 'never' : new Date(askedAt).toISOString(),
      ...vantageEvidence(target),
    },
    remedy: seenFrom === undefined ? 'certherd-collector doctor' : `On ${seenFrom}: certherd-agent doctor`,
  };
}
