import type { Certificate } from '@certherd/protocol/certificate';
import type { Lineage } from '@certherd/protocol/snapshot';
import type { CampaignPlace, PlannedMember, Selection } from '../../store/campaigns.ts';
import type { CampaignEndpoint, CampaignFleet, CampaignHost } from './fleet.ts';
import { cautionsOf, certificateFilter, whoseFilter } from './selection.ts';
import { inWaves } from './waves.ts';

/** Why no agent can replace a certificate. */
export type LeftOutReason =
  /** no lineage of the host has it: somebody put it there */
  | 'no-lineage'
  /** a copy of what another host of the campaign renews: it has to be brought there, and the campaign waits for it */
  | 'copy'
  /** the host's own policy does not let the agent renew */
  | 'policy'
  /** the lineage's own config, or what is wrong with it, is in the way */
  | 'not-renewable'
  /** the host is not heard */
  | 'silent'
  /** no client is shown it, so that nothing would prove the new one */
  | 'nowhere-served'
  /** it is presented to the outside, and no host has it */
  | 'not-ours';

export interface LeftOut {
  reason: LeftOutReason;
  /** One sentence; raw. */
  detail: string;
  /** A host's name, or a target. */
  where: string;
  lineage: string | undefined;
  fingerprint: string;
  names: readonly string[];
  places: number;
}

export interface BlastRadius {
  certificates: number;
  lineages: number;
  hosts: number;
  /** Listeners of hosts, and addresses that are asked from outside. */
  endpoints: number;
  names: number;
  /** Labels, in their order; without those that are nobody's. */
  owners: readonly string[];
}

/** What a campaign would do; nothing is begun by it. */
export interface CampaignPlan {
  /** In the order in which they are asked. */
  members: PlannedMember[];
  leftOut: LeftOut[];
  radius: BlastRadius;
  cautions: string[];
}

/** All at once: for fleets that are small. */
export function planCampaign(fleet: CampaignFleet, selection: Selection): CampaignPlan {
  const slices = planSlices(fleet, selection);
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}

/**
 * Whatever fits the selection, and is in use: what its own agent can replace, in waves, and what not and why. Pure. Stops after each host, so that of a
 * large fleet others have their turn between.
 */
export function* planSlices(fleet: CampaignFleet, selection: Selection): Generator<undefined, CampaignPlan> {
  const fits = certificateFilter(selection);
  const isWhose = whoseFilter(selection);
  const places = yield* placesByFingerprint(fleet, yield* chosenIn(fleet, fits));
  const isOf = placeFilter(fleet);
  const members: Omit<PlannedMember, 'wave'>[] = [];
  const leftOut: LeftOut[] = [];
  for (const host of fleet.hosts.values()) {
    yield;
    for (const lineage of host.lineages) {
      const old = lineage.live ?? lineage.issued;
      const certificate = old === undefined ? undefined : host.certificate(old)?.certificate;
      if (old === undefined || !certificate || !fits(certificate)) continue;
      const labels = labelsOf(host, old);
      const names = namesOf(certificate);
      if (!isWhose({ agentId: host.agentId, hostName: host.name, names, labels })) continue;
      const shown = (places.get(old) ?? []).filter((place) => isOf(place, host.agentId, old));
      const why = whyNot(host, lineage, shown);
      if (why) {
        const { name } = lineage;
        leftOut.push({ ...why, where: host.name, lineage: name, fingerprint: old, names, places: shown.length });
        continue;
      }
      const { issuer, key, notBefore, notAfter } = certificate;
      const { agentId, name: hostName } = host;
      const facts = { old, names, issuer, key, notBefore, notAfter, places: shown };
      members.push({ agentId, hostName, lineage: lineage.name, owner: labels['owner'], ...facts });
    }
  }
  const renewed = new Map(members.map((member) => [member.old, member]));
  const renewedAnyhow = new Set([...renewed.keys(), ...leftOut.map(({ fingerprint }) => fingerprint)]);
  for (const host of fleet.hosts.values()) {
    yield;
    for (const fingerprint of inUseOn(host)) {
      const certificate = host.certificate(fingerprint)?.certificate;
      if (!certificate || !fits(certificate)) continue;
      const names = namesOf(certificate);
      const whose = { agentId: host.agentId, hostName: host.name, names, labels: labelsOf(host, fingerprint) };
      const source = renewed.get(fingerprint);
      if (!source && !isWhose(whose)) continue;
      leftOut.push({
        ...(source
          ? { reason: 'copy', detail: `bring the new one of ${source.lineage} on ${source.hostName} there` }
          : { reason: 'no-lineage', detail: 'no lineage of this host has it: certherd-agent adopt takes it over' }),
        where: host.name,
        lineage: undefined,
        fingerprint,
        names,
        places: host.endpoints.filter(({ served }) => served === fingerprint).length,
      });
      renewedAnyhow.add(fingerprint);
    }
  }
  leftOut.push(...outsideOnly(fleet, selection, renewedAnyhow));
  const waves = inWaves(members);
  return { members: waves, leftOut, radius: radiusOf(waves), cautions: cautionsOf(selection) };
}

/** Where another host renews the very same certificate itself, that one answers for its own places. */
function placeFilter({
  hosts,
}: CampaignFleet): (place: CampaignPlace, agentId: string, fingerprint: string) => boolean {
  return (place, agentId, fingerprint) =>
    place.kind === 'target' ||
    place.agentId === agentId ||
    !hosts.get(place.agentId)?.lineages.some(({ live, issued }) => (live ?? issued) === fingerprint);
}

/** In lower case (RFC 4343), each once, in the certificate's own order: the first one is what people call it. */
function namesOf({ subjectAltNames }: Certificate): string[] {
  return [...new Set(subjectAltNames.map((name) => name.toLowerCase()))];
}

function whyNot(
  { silent, mode: hostMode }: CampaignHost,
  { mode = hostMode, failure, autorenew, authenticator }: Lineage,
  places: readonly CampaignPlace[],
): Pick<LeftOut, 'reason' | 'detail'> | undefined {
  if (silent) return { reason: 'silent', detail: 'its host is not heard: what is told of it is from before' };
  if (mode !== 'renew')
    return {
      reason: 'policy',
      detail: `agent.toml has mode = "${mode ?? 'observe'}": only "renew" lets the agent renew`,
    };
  if (failure) return { reason: 'not-renewable', detail: `the lineage cannot be read whole: ${failure.reason}` };
  if (autorenew === false) return { reason: 'not-renewable', detail: 'its renewal config says autorenew = False' };
  if (authenticator === 'manual')
    return { reason: 'not-renewable', detail: 'its authenticator is manual: a person has to answer' };
  if (places.length === 0) return { reason: 'nowhere-served', detail: 'no endpoint presents it' };
  return undefined;
}

/** Fingerprints of what lineages have that fits; of a large fleet that is little. */
function* chosenIn(
  { hosts }: CampaignFleet,
  fits: ReturnType<typeof certificateFilter>,
): Generator<undefined, Set<string>> {
  const chosen = new Set<string>();
  for (const host of hosts.values()) {
    yield;
    for (const { live, issued } of host.lineages) {
      const certificate = host.certificate(live ?? issued ?? '')?.certificate;
      if (certificate && fits(certificate)) chosen.add(certificate.fingerprint);
    }
  }
  return chosen;
}

/** Where clients are shown each of these: each listener once, however many kinds of key were asked for. */
function* placesByFingerprint(
  { hosts, targets }: CampaignFleet,
  wanted: ReadonlySet<string>,
): Generator<undefined, Map<string, CampaignPlace[]>> {
  const places = new Map<string, Map<string, CampaignPlace>>();
  const add = (fingerprint: string | undefined, place: CampaignPlace): void => {
    if (fingerprint === undefined || !wanted.has(fingerprint)) return;
    const known = places.get(fingerprint) ?? new Map<string, CampaignPlace>();
    places.set(fingerprint, known.set(JSON.stringify(place), place));
  };
  for (const { agentId, name: hostName, endpoints } of hosts.values()) {
    yield;
    for (const { served, serverName, address, port } of endpoints)
      add(served, { kind: 'endpoint', agentId, hostName, serverName, address, port });
  }
  for (const { target, vantage, vantageName, places: seen } of [...targets.values()].flat()) {
    const from = { vantage, ...(vantageName !== undefined && { vantageName }) };
    for (const { address, served } of seen) add(served, { kind: 'target', target, address, ...from });
  }
  return new Map([...places].map(([fingerprint, of]) => [fingerprint, [...of.values()]]));
}

/** Those that clients are shown or a config names, and no lineage of the host has. */
function inUseOn({ endpoints, lineages }: CampaignHost): Set<string> {
  const used = new Set(endpoints.flatMap(({ served, configured }) => [served ?? [], configured ?? []].flat()));
  for (const { live, issued } of lineages) for (const one of [live, issued]) used.delete(one ?? '');
  return used;
}

function outsideOnly({ targets }: CampaignFleet, selection: Selection, known: ReadonlySet<string>): LeftOut[] {
  // Whose a stranger's certificate is, no label tells.
  const { owner, team, environment, host } = selection;
  if ([owner, team, environment, host].some((value) => value !== undefined)) return [];
  const fits = certificateFilter(selection);
  const isWhose = whoseFilter(selection);
  const told = new Set<string>();
  return [...targets.values()].flat().flatMap(({ target, places }) =>
    places.flatMap(({ address, served, issuer, notBefore, notAfter, algorithm }): LeftOut[] => {
      if (served === undefined || known.has(served)) return [];
      // Another vantage may have been shown the same.
      const shown = `${target} ${address} ${served}`;
      if (told.has(shown)) return [];
      told.add(shown);
      if (issuer === undefined || notBefore === undefined || notAfter === undefined) return [];
      const names = [target.replace(/^[a-z]+:\/\//, '').replace(/:\d+$/, '')];
      if (!fits({ issuer, notBefore, notAfter, key: keyWords[algorithm ?? ''] ?? 'unknown' })) return [];
      if (!isWhose({ agentId: '', hostName: '', names, labels: {} })) return [];
      const detail = 'it is presented there, and no host that is enrolled has it';
      return [{ reason: 'not-ours', detail, where: target, lineage: undefined, fingerprint: served, names, places: 1 }];
    }),
  );
}

const keyWords: Readonly<Record<string, string>> = { rsa: 'RSA', ecdsa: 'EC', ed25519: 'Ed25519' };

/** Of an endpoint that presents it, else of the host. */
function labelsOf(host: CampaignHost, fingerprint: string): CampaignHost['labels'] {
  const shown = (one: CampaignEndpoint) => one.served === fingerprint || one.configured === fingerprint;
  return host.endpoints.find(shown)?.labels ?? host.labels;
}

function radiusOf(members: readonly PlannedMember[]): BlastRadius {
  const places = members.flatMap((member) => member.places);
  return {
    certificates: new Set(members.map(({ old }) => old)).size,
    lineages: members.length,
    hosts: new Set([
      ...members.map(({ agentId }) => agentId),
      ...places.flatMap((place) => (place.kind === 'endpoint' ? [place.agentId] : [])),
    ]).size,
    // However many vantages an address is asked from.
    endpoints: new Set(
      places.map((place) => JSON.stringify(place.kind === 'target' ? [place.target, place.address] : place)),
    ).size,
    names: new Set(members.flatMap(({ names }) => names)).size,
    owners: [...new Set(members.flatMap(({ owner }) => owner ?? []))].sort(),
  };
}
