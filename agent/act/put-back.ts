import { dirname, join, relative } from 'node:path';
import type { Deployment } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import type { ReloadableServer } from '../decide/action.ts';
import { uncoveredNames } from '../decide/coverage.ts';
import { type Shown, versionToRestore } from '../decide/restoration.ts';
import type { KeptVersions } from '../observe/kept-versions.ts';
import type { Kind } from '../observe/lineage-links.ts';
import { algorithmsOf, type Observations } from '../observe/observations.ts';
import { observeFiles } from '../observe/observe.ts';
import type { ActPorts, Ended } from './act.ts';
import { type Proof, proofJudged, type ProofLimits, prove } from './prove.ts';
import { judged, type ServerControl } from './servers/control.ts';
import { controlOf } from './servers/control-of.ts';
import type { Steps } from './steps.ts';

/** A lineage whose earlier version is to be linked back; `served`: only one that clients were shown will do. */
export interface PutBack {
  kept: KeptVersions;
  served?: ReadonlySet<string>;
}

/** Where it is to be brought into service. */
export interface Service {
  servers: readonly ReloadableServer[];
  config: Config;
  /** Of before. */
  observations: Observations;
  /** What clients got before the reload that is taken back: only where they got an earlier version it has to be there again. */
  before?: readonly Shown[];
  /** Of servers that may have ended at the reload that is taken back: they are brought back the way they ran. */
  controls?: ReadonlyMap<ReloadableServer, ServerControl>;
}

/** certificate and key change last and next to each other: a server that starts in between must not meet a mixture for long. */
const order: readonly Kind[] = ['cert', 'chain', 'privkey', 'fullchain'];
const proofMs = 15_000;
/** What was not put back is asked as well, and told; so long is waited for it. */
const othersMs = 3_000;

/**
 * Links the version before of each lineage back, has the servers load it and proves that. `story` is why, and becomes the first half
 * of the outcome: 'restored', or 'restore-failed' where that cannot be done or helps nobody.
 */
export async function putBack(
  wanted: readonly PutBack[],
  story: Ended,
  service: Service,
  ports: ActPorts,
  steps: Steps,
): Promise<Ended> {
  const names = wanted.map(({ kept }) => kept.lineage).join(', ');
  const told = (reason: 'restored' | 'restore-failed', ending: string): Ended => ({
    reason,
    detail: `${names}: the new certificate did not come into service (${story.reason}: ${story.detail}); ${ending}`,
  });
  const linked = await linkBack(wanted, service, ports, steps);
  if (!linked.ok) return told('restore-failed', `the one before was not put back: ${linked.failure}`);
  const failed = await intoService(service, judgedPlaces(wanted, service), ports, steps);
  return failed
    ? told('restore-failed', `${linked.value} linked back, and does not come into service either: ${failed.detail}`)
    : told('restored', `${linked.value} linked back, loaded and proved`);
}

/** What has to be proved: these lineages, at these places or at all of theirs. */
interface Judged {
  lineages: ReadonlySet<string>;
  places?: ReadonlySet<string>;
}

/** Chooses a version of each and links it; all or none is chosen before the first link changes. Says which. */
export async function linkBack(
  wanted: readonly PutBack[],
  { observations }: Pick<Service, 'observations'>,
  ports: ActPorts,
  steps: Steps,
): Promise<{ ok: true; value: string } | { ok: false; failure: string }> {
  const chosen = wanted.map(({ kept, served }) => ({ kept, version: choose(kept, served, observations, ports) }));
  const without = chosen.find(({ version }) => !version.ok);
  if (without?.version.ok === false) {
    const { failure } = without.version;
    return { ok: false, failure: wanted.length > 1 ? `${without.kept.lineage}: ${failure}` : failure };
  }
  for (const { kept, version } of chosen) {
    if (!version.ok) continue;
    const failure = await steps.run(
      `link version ${version.value.version} of ${kept.lineage}`.slice(0, 64),
      () => link(kept, version.value.version, ports),
      (problem) => ({ ok: problem === undefined, ...(problem !== undefined && { detail: problem }) }),
    );
    if (failure !== undefined) return { ok: false, failure };
  }
  const versions = chosen.flatMap(({ kept, version }) =>
    version.ok
      ? [wanted.length > 1 ? `version ${version.value.version} of ${kept.lineage}` : `version ${version.value.version}`]
      : [],
  );
  return { ok: true, value: `${versions.join(', ')} ${versions.length > 1 ? 'are' : 'is'}` };
}

/** Of those that were served, or else of those below the linked one, the newest that would do. */
function choose(kept: KeptVersions, served: PutBack['served'], observations: Observations, { clock }: ActPorts) {
  const lowest = Math.min(...Object.values(kept.linked));
  const highest = Math.max(...Object.values(kept.linked));
  const candidates = kept.versions.filter(({ version, leaf }) =>
    served
      ? leaf !== undefined && served.has(leaf.fingerprint)
      : // links that disagree were being moved from one version to the other
        lowest === highest
        ? version < lowest
        : version <= lowest,
  );
  return versionToRestore(candidates, namesOf(kept, observations), clock.now());
}

/** Server names that the linked certificate is to serve: those that it does not name itself are no loss. */
function namesOf({ lineage, versions, linked }: KeptVersions, { deployments }: Observations): string[] {
  const current = versions.find(({ version }) => version === linked.fullchain)?.leaf;
  const names = deployments.filter((one) => one.lineage === lineage).flatMap(({ serverNames }) => serverNames);
  const lost = current ? new Set(uncoveredNames(current, names)) : new Set<string>();
  return names.filter((name) => !lost.has(name));
}

/** Undefined where all four links lead to this version. */
function link({ links, directory }: KeptVersions, version: number, ports: ActPorts): string | undefined {
  for (const kind of order) {
    const path = links[kind];
    const replaced = ports.links.replace(path, relative(dirname(path), join(directory, `${kind}${version}.pem`)));
    if (!replaced.ok) return replaced.failure.detail;
  }
  return undefined;
}

/** Where the proof of what was put back counts: a place that showed nothing of it before may be dead for reasons of its own. */
function judgedPlaces(wanted: readonly PutBack[], { before }: Service): Judged {
  const lineages = new Set(wanted.map(({ kept }) => kept.lineage));
  const served = new Set(wanted.flatMap((one) => [...(one.served ?? [])]));
  const places = before?.filter(({ leaves }) => [...leaves].some((leaf) => served.has(leaf))).map(({ place }) => place);
  return { lineages, ...(places && { places: new Set(places) }) };
}

/**
 * Test, reload and proof of each server with the files as they are now; the first that fails is told. Only the proof of `judged` counts:
 * what else does not present its certificate stands in the step.
 */
export async function intoService(
  { servers, config, controls }: Pick<Service, 'servers' | 'config' | 'controls'>,
  { lineages, places }: Judged,
  ports: ActPorts,
  steps: Steps,
): Promise<Ended | undefined> {
  const observations = await observeFiles(ports, config);
  let failed: Ended | undefined;
  for (const server of servers) {
    const before = controls?.get(server);
    const control = before ?? controlOf(server, config, observations, ports);
    if (!control) continue;
    const refused = await steps.run(control.names.test, control.test, judged);
    const unloaded = refused ?? (await steps.run(control.names.reload, before?.revive ?? control.reload, judged));
    if (unloaded) {
      failed ??= unloaded;
      continue;
    }
    const own = observations.deployments.filter((deployment) => deployment.server === server);
    const isJudged = ({ lineage = '' }: Deployment, place: string) =>
      lineages.has(lineage) && (places === undefined || places.has(place));
    const within = (deadlineMs: number, only: ProofLimits['only'] & {}) =>
      prove(ports, own, algorithmsOf(observations), { deadlineMs, probeTimeoutMs: config.probeTimeoutMs, only });
    const { proof } = await steps.run(
      'prove every endpoint',
      async () => ({
        proof: await within(proofMs, isJudged),
        others: await within(othersMs, (deployment, place) => !isJudged(deployment, place)),
      }),
      withOthers,
    );
    if (proof.failures.length > 0) failed ??= { reason: 'not-proved', detail: proof.failures.slice(0, 5).join('; ') };
  }
  return failed;
}

function withOthers({ proof, others }: { proof: Proof; others: Proof }): { ok: boolean; detail: string } {
  const { ok, detail } = proofJudged(proof);
  const told = others.failures.slice(0, 3).join('; ');
  return { ok, detail: told === '' ? detail : `${detail}; apart from these: ${told}` };
}
