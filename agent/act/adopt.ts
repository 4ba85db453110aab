import type { Config } from '../config.ts';
import type { Outcome } from '../decide/action.ts';
import type { AdoptionPlan } from '../decide/adoption.ts';
import { decide } from '../decide/decide.ts';
import { blocksReload } from '../decide/reload.ts';
import { stateOf } from '../observe/adoption-records.ts';
import { observeNginxProcesses } from '../observe/nginx-process.ts';
import { algorithmsOf } from '../observe/observations.ts';
import { observeFiles } from '../observe/observe.ts';
import type { ConfigFiles, Keeping } from '../ports.ts';
import type { ActPorts, Ended } from './act.ts';
import { issueLineage, rehearseIssuance } from './adoption-issuance.ts';
import { keepAdoption, type KeptAdoption } from './adoption-keeping.ts';
import { changeConfig, takeBack } from './config-edit.ts';
import { deploy } from './deploy.ts';
import { proofJudged, prove } from './prove.ts';
import { judged } from './servers/control.ts';
import { nginxControl } from './servers/nginx.ts';
import { recordSteps, type Steps } from './steps.ts';

/** What an adoption asks of the machine besides: it alone changes what belongs to others. */
export interface AdoptPorts extends ActPorts {
  configFiles: ConfigFiles;
  /** A directory below adoptions/, written by this account alone. */
  keepIn: (place: string) => Keeping;
}

/** How an adoption ended; `kept`: where the original files and the diff are, below adoptions/. */
export interface AdoptionOutcome extends Omit<Outcome, 'verb'> {
  verb: 'adopt';
  kept?: string;
}

const proofMs = 15_000;

/**
 * Does what the plan says, in this order: looks whether nginx would load its config as it is, rehearses, issues, keeps the
 * originals, changes the config, has nginx load it and proves every endpoint. Until the config is changed nothing has to be taken
 * back; from then on every failure puts the original bytes back and proves the old certificate. An issued lineage stays.
 */
export async function adopt(
  plan: AdoptionPlan,
  config: Config,
  ports: AdoptPorts,
  progress: (line: string) => void,
): Promise<AdoptionOutcome> {
  const steps = recordSteps(ports.clock, progress);
  const lock = ports.takeLock();
  if (!lock) return { verb: 'adopt', reason: 'busy', detail: 'another action runs on this host', steps: steps.done };
  try {
    return { verb: 'adopt', ...(await adoptAlone(plan, config, ports, steps)), steps: steps.done };
  } finally {
    lock.release();
  }
}

type AdoptionEnded = Ended & { kept?: string };

async function adoptAlone(plan: AdoptionPlan, config: Config, ports: AdoptPorts, steps: Steps): Promise<AdoptionEnded> {
  const refused = await preflight(plan, config, ports, steps);
  if (refused) return refused;
  const unissued =
    (await rehearseIssuance(plan, config, ports, steps)) ?? (await issueLineage(plan, config, ports, steps));
  if (unissued) return unissued;

  const kept = await steps.run(
    'keep the original config',
    () => keepAdoption(plan, ports),
    (result) => (result.ok ? { ok: true, detail: result.value.place } : { ok: false, detail: result.failure.detail }),
  );
  if (!kept.ok)
    return stays(plan, { reason: 'internal', detail: `the original config cannot be kept: ${kept.failure.detail}` });
  const changed = await changeConfig(plan, ports, steps);
  const failed = changed ?? (await intoService(plan, config, ports, steps));
  if (failed)
    return { ...stays(plan, await undo(plan, failed, kept.value, config, ports, steps)), kept: kept.value.place };
  kept.value.ended('done');
  const blocks = plan.blocks.map(({ configFile, line }) => `${configFile}:${line}`).join(', ');
  const detail = `${plan.names.join(', ')}: ${blocks} now name ${plan.lineage.certificatePath}, which certbot renews, and every endpoint presents it`;
  return { reason: 'done', detail, kept: kept.value.place };
}

/** What would fail later fails now, before a CA is asked. */
async function preflight(
  plan: AdoptionPlan,
  config: Config,
  ports: AdoptPorts,
  steps: Steps,
): Promise<Ended | undefined> {
  const blocking = await steps.run(
    'preflight',
    async () => {
      const wrong = plan.files.find((file) => !isAsPlanned(file, plan, ports));
      if (wrong) return `${wrong.path} was changed since the plan was made`;
      const masters = observeNginxProcesses(ports.proc, ports.clock.now())?.masters;
      if (masters?.length === 0) return 'nginx does not run: start it first';
      const observations = await observeFiles(ports, config);
      const { snapshot } = decide(observations, [], [], config, ports.clock.now());
      return snapshot.findings.find(blocksReload(observations, 'nginx'))?.cause;
    },
    (cause) => ({ ok: cause === undefined, ...(cause !== undefined && { detail: cause }) }),
  );
  if (blocking !== undefined) return { reason: 'preflight-failed', detail: blocking };
  const control = nginxControl(config, ports);
  return steps.run(control.names.test, () => control.test(), judged);
}

/** One that is brought to its end may have changed some of its files already. */
function isAsPlanned(file: AdoptionPlan['files'][number], { resumes }: AdoptionPlan, { files }: AdoptPorts): boolean {
  const state = stateOf(files, file);
  return state === 'before' || (resumes !== undefined && state === 'after');
}

/** The whole deployment; where it is not proved for reasons that were there before, the blocks of the plan are what counts. */
async function intoService(
  plan: AdoptionPlan,
  config: Config,
  ports: AdoptPorts,
  steps: Steps,
): Promise<Ended | undefined> {
  const deployed = await deploy('nginx', config, ports, steps);
  if (deployed.reason === 'done') return undefined;
  if (deployed.reason !== 'not-proved') return deployed;
  return (await proveOwn(plan.lineage.certificatePath, config, ports, steps)) ? undefined : deployed;
}

async function undo(
  plan: AdoptionPlan,
  story: Ended,
  kept: KeptAdoption,
  config: Config,
  ports: AdoptPorts,
  steps: Steps,
): Promise<Ended> {
  const told = (reason: 'restored' | 'restore-failed', ending: string): Ended => {
    kept.ended(reason);
    return {
      reason,
      detail: `the new certificate did not come into service (${story.reason}: ${story.detail}); ${ending}`,
    };
  };
  const left = await takeBack(plan, ports, steps);
  if (left !== undefined) return told('restore-failed', `${left}; the original is in ${kept.place}`);
  const control = nginxControl(config, ports);
  const refused = await steps.run(control.names.test, () => control.test(), judged);
  if (refused) return told('restore-failed', `the original config is back, and nginx refuses it: ${refused.detail}`);
  if (['config-test-failed', 'preflight-failed', 'internal'].includes(story.reason))
    return told('restored', 'the original config is back, and nginx never loaded another one');
  const unloaded = await steps.run(control.names.reload, () => control.revive(), judged);
  if (unloaded) return told('restore-failed', `the original config is back, and is not loaded: ${unloaded.detail}`);
  return (await proveOwn(plan.certificatePath, config, ports, steps))
    ? told('restored', 'the original config is back, loaded and proved')
    : told('restore-failed', 'the original config is back and loaded, and its certificate is not presented');
}

async function proveOwn(certificatePath: string, config: Config, ports: AdoptPorts, steps: Steps): Promise<boolean> {
  const observations = await observeFiles(ports, config);
  const own = observations.deployments.filter(
    (one) => one.server === 'nginx' && one.certificatePath === certificatePath,
  );
  const limits = { deadlineMs: proofMs, probeTimeoutMs: config.probeTimeoutMs };
  const proof = await steps.run(
    'prove these endpoints',
    () => prove(ports, own, algorithmsOf(observations), limits),
    proofJudged,
  );
  return proof.failures.length === 0;
}

function stays({ issuance, lineage }: AdoptionPlan, ended: Ended): Ended {
  if (!issuance) return ended;
  return {
    ...ended,
    detail: `${ended.detail}. The issued lineage ${lineage.name} stays: another adoption uses it, or "certbot delete --cert-name ${lineage.name}" removes it`,
  };
}
