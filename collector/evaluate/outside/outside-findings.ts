import type { TargetPlace } from '../../store/targets.ts';
import { organisationOf } from '../distinguished-name.ts';
import { addressesDiffer } from './addresses-differ.ts';
import {
  clipped,
  fromText,
  type HostProof,
  isNotAsked,
  lifeOf,
  notSeenAfter,
  order,
  type Outside,
  type OutsideFinding,
  placeText,
  scanCommand,
  seenText,
  severityOf,
  vantageEvidence,
} from './outside.ts';
import { heardAt, isOvertaken, provedAt } from './heard.ts';
import { isNameOf } from './name-of.ts';
import { stapleTurns } from './staple.ts';
import { endingLeft, pressingLeft, targetFindings } from './target-findings.ts';

/**
 * Findings of one target as one vantage sees it, as of `now` (milliseconds since 1970), by what the hosts proved: pure. `beside`: what the others
 * see of it; whether all addresses agree is told with the first vantage, alone.
 */
export function outsideFindings(
  target: Outside,
  proofs: readonly HostProof[],
  now: number,
  beside: readonly Outside[] | 'told-elsewhere' = [],
): OutsideFinding[] {
  const places = placesOf(target);
  const own = proofs.filter((proof) => isNameOf(proof.serverName, target.host));
  const old = isNotAsked(target, now);
  const front = places.flatMap((place) => frontHoldsCopy(place, target, own, now));
  const others = beside === 'told-elsewhere' ? [] : beside;
  const elsewhere = others.flatMap((other) =>
    placesOf(other).flatMap((place) => frontHoldsCopy(place, other, own, now)),
  );
  const named = new Set([...front, ...elsewhere].map(({ algorithm }) => algorithm));
  const differing =
    beside === 'told-elsewhere'
      ? []
      : addressesDiffer([target, ...others], now).filter(({ algorithm }) => !named.has(algorithm));
  const [first] = own.toSorted((one, other) => (one.agentId < other.agentId ? -1 : 1));
  const pressing = new Set(front.flatMap(({ finding, place }) => (finding.severity === 'notice' ? [] : place)));
  const proved = new Set(own.map(({ served }) => served));
  const isBefore = (place: TargetPlace) => own.some((proof) => isOvertaken(place, proof, heardAt(place, target)));
  // the end of what a host proves, or has renewed, is told at the host; what was seen before that may be gone
  const endIsTold = (place: TargetPlace) => pressing.has(place) || proved.has(place.served ?? '') || isBefore(place);
  return [
    ...front.map(({ proof, finding, place }) => ({
      agentId: proof.agentId,
      hostName: proof.hostName,
      names: [target.host],
      finding,
      stale: old || place.failure !== undefined,
      ...lifeOf(place),
    })),
    ...differing.map(({ algorithm: _algorithm, ...one }) => ({
      agentId: first?.agentId ?? '',
      hostName: first?.hostName ?? target.host,
      names: [target.host],
      ...one,
    })),
    ...targetFindings(target, endIsTold, now),
  ];
}

function placesOf({ seen }: Outside): TargetPlace[] {
  return (seen?.places ?? []).filter(({ served }) => served !== undefined);
}

/** Until when `outsideFindings` says the same if nothing changes (milliseconds since 1970). */
export function outsideStands({ seen, setAt, askedAt, everyMs }: Outside, now: number): number {
  const places = seen?.places ?? [];
  const ends = places.flatMap(({ notBefore = '', notAfter = '' }) => {
    const [begin, end] = [Date.parse(notBefore), Date.parse(notAfter)];
    return [begin, ...[1 / 3, endingLeft, pressingLeft].map((left) => end - (end - begin) * left), end];
  });
  const stapled = places.flatMap(({ staple }) => (staple ? stapleTurns(staple) : []));
  const silent = [seen?.failure?.since, ...places.map(({ failure }) => failure?.since)];
  const notSeen = [askedAt ?? setAt, ...silent].flatMap((since) =>
    since === undefined ? [] : since + notSeenAfter * everyMs,
  );
  return [...ends, ...stapled, ...notSeen]
    .filter((at) => at > now)
    .reduce((first, at) => Math.min(first, at - 1), Infinity);
}

interface FrontFinding {
  proof: HostProof;
  place: TargetPlace;
  algorithm: string;
  finding: OutsideFinding['finding'];
}

/**
 * A host proves a younger certificate for the name than this address presents, and did so when that was asked. Where several hosts serve the name, what any
 * of them proves is right. What is younger than all of them is no copy: somebody renewed in front.
 */
function frontHoldsCopy(
  place: TargetPlace,
  target: Outside,
  proofs: readonly HostProof[],
  now: number,
): FrontFinding[] {
  const { served, algorithm, notBefore = '', notAfter = '', address } = place;
  const same = proofs.filter((proof) => proof.algorithm === algorithm);
  if (served === undefined || algorithm === undefined || same.some((proof) => proof.served === served)) return [];
  const heard = heardAt(place, target);
  const [proof] = same
    .filter((one) => provedAt(one) <= heard)
    .toSorted((one, other) => order(other.notBefore, one.notBefore) || order(one.agentId, other.agentId));
  if (!proof || notBefore >= proof.notBefore) return [];
  const held = target.held.includes(served);
  const related = held || organisationOf(place.issuer ?? '') === organisationOf(proof.issuer);
  const at = placeText(address, target.port);
  const whose = held
    ? 'one that a host of this fleet had before'
    : related
      ? 'an older one of the same authority'
      : 'another one, of another authority, that no host of this fleet has shown';
  return [
    {
      proof,
      place,
      algorithm,
      finding: {
        code: 'front-holds-copy',
        severity: related ? severityOf(notBefore, notAfter, now) : 'notice',
        subject: { kind: 'endpoint', id: `${target.host}@${at}/${algorithm}${fromText(target)}` },
        since: new Date(Math.max(provedAt(proof), place.since)).toISOString(),
        cause: clipped(
          `${proof.hostName} serves the certificate for ${target.host} that ends at ${proof.notAfter}, and ${seenText(at, target)} presents ${whose}, which ends at ${notAfter}: what is in front of the host (a load balancer, a proxy, a CDN) holds a copy of its own.`,
        ),
        evidence: {
          address: at,
          presented: `${served} until ${notAfter}`,
          proved: `${proof.served} until ${proof.notAfter}`,
          host: clipped(`${proof.hostName} ${proof.id}`),
          ...vantageEvidence(target),
        },
        remedy: `Install at ${at} the certificate and key that ${proof.hostName} serves, and reload what answers there; ${target.seenFrom === undefined ? scanCommand(target) : 'certherd-collector target list'} shows it.`,
      },
    },
  ];
}
