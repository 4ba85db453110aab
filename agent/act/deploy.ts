import { type Config, modeOf } from '../config.ts';
import type { ReloadableServer } from '../decide/action.ts';
import { decide } from '../decide/decide.ts';
import { blocksReload } from '../decide/reload.ts';
import { brokenLineages, lineagesAtStake, namedLineages, type Shown } from '../decide/restoration.ts';
import { type KeptVersions, observeKeptVersions } from '../observe/kept-versions.ts';
import { kinds } from '../observe/lineage-links.ts';
import { algorithmsOf, type Observations } from '../observe/observations.ts';
import { observeFiles } from '../observe/observe.ts';
import type { ActPorts, Ended } from './act.ts';
import { notProved, type Proof, proofJudged, prove } from './prove.ts';
import { type PutBack, putBack } from './put-back.ts';
import { judged } from './servers/control.ts';
import { controlOf } from './servers/control-of.ts';
import { observeShown, shownSeveralTimes } from './shown.ts';
import type { Steps } from './steps.ts';

/** A server with a thousand sites needs seconds to load them. */
const proofMs = 15_000;
/** So long a reload may leave clients without any certificate before it is taken back. */
const brokenMs = 3_000;

/**
 * Brings what is configured into service as one transaction: preflight, the server's own test, reload, and the proof at every endpoint;
 * where the new certificate of a lineage breaks what worked before, the one before is put back and proved. A server may answer a
 * reload with success and keep its old certificate, so only the proof counts.
 */
export async function deploy(server: ReloadableServer, config: Config, ports: ActPorts, steps: Steps): Promise<Ended> {
  const observations = await observeFiles(ports, config);
  const control = controlOf(server, config, observations, ports);
  if (!control) return { reason: 'not-found', detail: `no config of ${server} was found on this host` };
  const { blocking, before, stake } = await steps.run(
    'preflight',
    () => preflight(server, config, ports, observations),
    ({ blocking: finding }) => ({ ok: !finding, ...(finding && { detail: finding.cause }) }),
  );
  if (blocking) return { reason: 'preflight-failed', detail: blocking.cause };

  const back = (lineages: string[], story: Ended) => {
    const wanted: PutBack[] = lineages.flatMap((lineage) => {
      const kept = stake.kept.get(lineage);
      return kept ? [{ kept, served: stake.earlier.get(lineage) ?? new Set() }] : [];
    });
    const controls = new Map([[server, control]]);
    return putBack(wanted, story, { servers: [server], config, observations, before, controls }, ports, steps);
  };
  const refused = await steps.run(control.names.test, control.test, judged);
  if (refused) {
    const named = namedLineages(refused.detail, stake.files);
    return named.length > 0 && refused.reason === 'config-test-failed' ? back(named, refused) : refused;
  }
  const unloaded = await steps.run(control.names.reload, control.reload, judged);
  const proof = await proveOrBreak(server, config, ports, observations, {
    steps,
    before,
    earlier: stake.earlier,
    unloaded,
  });
  if (proof.broken.length > 0) return back(proof.broken, unloaded ?? notProved(proof));
  if (unloaded) return unloaded;
  if (proof.failures.length > 0) return notProved(proof);
  return { reason: 'done', detail: `${proof.asked} of ${proof.asked} endpoints present what is configured` };
}

/** What speaks against a reload; else what clients get before it, and which lineages' certificates it changes. */
async function preflight(server: ReloadableServer, config: Config, ports: ActPorts, observations: Observations) {
  const { snapshot } = decide(observations, [], [], config, ports.clock.now());
  const blocking = snapshot.findings.find(blocksReload(observations, server));
  const none = { kept: new Map<string, KeptVersions>(), earlier: new Map(), files: new Map<string, string[]>() };
  if (blocking) return { blocking, before: [], stake: none };
  const own = observations.deployments.filter((deployment) => deployment.server === server);
  const before = await observeShown(ports, own, algorithmsOf(observations), config);
  const changing = new Set(
    before.flatMap(({ lineages, leaves }) =>
      [...lineages].flatMap(([name, configured]) => (leaves.has(configured) && leaves.size === 1 ? [] : [name])),
    ),
  );
  const kept = new Map(
    observations.lineages
      .filter(({ name }) => changing.has(name) && modeOf(config, name) !== 'observe')
      .map((lineage) => [lineage.name, observeKeptVersions(ports.files, config.certbot.configDirectory, lineage)]),
  );
  const versions = new Map([...kept].map(([name, one]) => [name, one.versions]));
  const earlier = lineagesAtStake(before, versions);
  const files = new Map([...earlier.keys()].map((name) => [name, filesOf(kept.get(name))]));
  return { blocking, before, stake: { kept, earlier, files } };
}

/** What a server may name when it refuses a lineage: its links, or where they lead. */
function filesOf(kept: KeptVersions | undefined): string[] {
  if (!kept) return [];
  const numbered = kinds.flatMap((kind) =>
    kept.linked[kind] === undefined ? [] : [`${kept.directory}/${kind}${kept.linked[kind]}.pem`],
  );
  return [...Object.values(kept.links), ...numbered];
}

/** Proves; where clients are left without any certificate that they had, it does not wait for the end of the time. */
async function proveOrBreak(
  server: ReloadableServer,
  config: Config,
  ports: ActPorts,
  observations: Observations,
  seen: {
    steps: Steps;
    before: Shown[];
    earlier: ReadonlyMap<string, ReadonlySet<string>>;
    unloaded: Ended | undefined;
  },
): Promise<Proof & { broken: string[] }> {
  const { steps, before, earlier, unloaded } = seen;
  const own = observations.deployments.filter((deployment) => deployment.server === server);
  const atStake = new Set([...earlier.values()].flatMap((leaves) => [...leaves]));
  const places = new Set(
    before.filter(({ leaves }) => [...leaves].some((leaf) => atStake.has(leaf))).map(({ place }) => place),
  );
  const broken = async () =>
    brokenLineages(
      earlier,
      before,
      await observeShown(ports, own, algorithmsOf(observations), { ...config, ...shownSeveralTimes, places }),
    );
  // a reload that was refused is proved of nothing, but may have ended the server
  if (unloaded) return { asked: 0, failures: [], broken: earlier.size > 0 ? await broken() : [] };
  return steps.run(
    'prove every endpoint',
    async () => {
      const within = (deadlineMs: number) =>
        prove(ports, own, algorithmsOf(observations), { deadlineMs, probeTimeoutMs: config.probeTimeoutMs });
      if (earlier.size === 0) return { ...(await within(proofMs)), broken: [] };
      const first = await within(brokenMs);
      if (first.failures.length === 0) return { ...first, broken: [] };
      const soon = await broken();
      if (soon.length > 0) return { ...first, broken: soon };
      const last = await within(proofMs - brokenMs);
      return { ...last, broken: last.failures.length > 0 ? await broken() : [] };
    },
    proofJudged,
  );
}
