import { type Join, parseJoin } from '@certherd/protocol/join';
import type { Mode } from '@certherd/protocol/snapshot';
import { type HostFacts, readHost } from '../install/host.ts';
import type { InstallPorts } from '../install/install-ports.ts';
import * as layout from '../install/layout.ts';
import { perform, type Performed, type PerformPorts } from '../install/perform.ts';
import { planInstall, type Wish } from '../install/plan.ts';
import type { Step } from '../install/step.ts';
import { enrol } from '../report/enrolment.ts';
import { loadEnrolment } from '../report/identity.ts';
import { collectorSocketOpener } from '../system/collector-socket.ts';
import { systemState } from '../system/state.ts';
import { type Context, exitCodes, openContext, writeError, writeLine } from './context.ts';
import { inputMs, longestJoin, worded } from './enroll.ts';
import { firstLine } from './first-line.ts';
import { obstacleWords, stepFailureWords } from './install-words.ts';
import { alone, endOfSteps, installPorts, planText, stepTeller } from './installing.ts';
import { printableJson } from '@certherd/command-line/printable';

export interface InstallOptions {
  join?: string;
  mode?: string;
  check: boolean;
  dryRun: boolean;
  json: boolean;
}

const modes: readonly Mode[] = ['observe', 'deploy', 'renew'];

/** Makes this program the agent of this host. What is so already stays; a failure leaves the host as it was. */
export async function installCommand(options: InstallOptions): Promise<number> {
  const mode = modes.find((one) => one === options.mode);
  if (options.mode !== undefined && !mode)
    return refused(`--mode is one of ${modes.join(', ')}`, options, exitCodes.usage);
  const text = options.join === '-' ? await firstLine(longestJoin, inputMs) : options.join;
  const join = text === undefined ? undefined : parseJoin(text.trim());
  if (join && !join.ok)
    return refused(
      `the join string cannot be used: ${join.failure}. Make one with: certherd-collector token create`,
      options,
      exitCodes.usage,
    );
  const ports = installPorts();
  const work = () => planAndCarryOut(ports, mode, join?.value, options);
  // Whoever is not root can hold no lock, and changes nothing.
  const done = options.dryRun || !ports.isRoot ? await work() : await alone('certherd-install', work);
  if (done === undefined) {
    const words = obstacleWords({ reason: 'install-under-way' }, ports.own.path, '');
    return refused(words, options, exitCodes.failed);
  }
  return typeof done === 'number' ? done : ended(done.steps, done.wish, options);
}

/** The steps as they were planned, now all done; or the exit code where it ends without that. */
async function planAndCarryOut(
  ports: InstallPorts,
  mode: Mode | undefined,
  join: Join | undefined,
  options: InstallOptions,
): Promise<{ steps: readonly Step[]; wish: Wish } | number> {
  const context = openContext(undefined);
  if (!context.ok) return refused(context.failure.join('\n'), options, exitCodes.config);
  const facts = await readHost(ports);
  const wish = wishOf(context.value, mode, join);
  const plan = planInstall(facts, wish, ports.shipped);
  if (!plan.ok) {
    const passwd = ports.files.text('/etc/passwd') ?? '';
    return refused(obstacleWords(plan.failure, ports.own.path, passwd), options, exitCodes.failed);
  }
  const steps = plan.value;
  if (options.dryRun) {
    writeLine(options.json ? asJson(steps, () => 'would-be-done') : planText(steps));
    return exitCodes.ok;
  }
  const enrolling = { ...ports, enrol: () => enrolHere(context.value, ports, join) };
  const performed = await carryOut(steps, facts, enrolling, options);
  return performed.ok ? { steps, wish } : exitCodes.failed;
}

function wishOf({ config }: Context, mode: Mode | undefined, join: Join | undefined): Wish {
  const enrolment = loadEnrolment(systemState(config.stateDirectory));
  return {
    version: installPorts().own.version,
    ...(mode && { mode }),
    currentMode: config.mode,
    stateDirectory: config.stateDirectory,
    ...(join && { join: { authority: join.authority, pin: join.pin } }),
    ...(enrolment.ok && enrolment.value && { enrolledWith: enrolment.value }),
  };
}

async function carryOut(
  steps: readonly Step[],
  facts: HostFacts,
  ports: PerformPorts,
  options: InstallOptions,
): Promise<Performed> {
  const isDone = new Set<Step>(steps.filter((step) => step.isDone));
  const tell = stepTeller(options.json);
  const performed = await perform(steps, facts, ports, (step, moment) => {
    tell(step, moment);
    if (moment === 'done') isDone.add(step);
  });
  if (performed.ok) return performed;
  endOfSteps();
  const { step, why, left, enrolment } = performed.failure;
  const words = `cannot ${step.words}: ${stepFailureWords(why)}`;
  const taken =
    left.length > 0
      ? `Not all could be taken back (${left.map(({ detail }) => detail).join(', ')}): ${layout.program} install, once that is mended`
      : `The host is as it was${asItWasBut[enrolment]}`;
  if (options.json)
    writeLine(
      asJson(steps, (one) => (one === step ? 'failed' : isDone.has(one) ? 'taken-back' : 'not-begun'), {
        reason: why.reason,
        detail: words,
        takenBack: left.length === 0,
      }),
    );
  else writeError(`${words}. ${taken}.`);
  return performed;
}

const asItWasBut = {
  none: '',
  begun: `, but for its key in ${layout.stateDirectory}: if the collector has taken the join string already, the same one counts again from here`,
  made: `, but for its enrolment in ${layout.stateDirectory}: the next install needs no --join`,
} as const;

async function ended(steps: readonly Step[], wish: Wish, options: InstallOptions): Promise<number> {
  const changed = steps.some(({ isDone }) => !isDone);
  if (options.json) {
    writeLine(asJson(steps, () => 'done'));
    return exitCodes.ok;
  }
  const mode = wish.mode ?? wish.currentMode;
  const does = mode === 'observe' ? 'observes' : `may ${mode}`;
  writeLine(
    changed
      ? `certherd-agent ${wish.version} is installed, runs as its own user, and ${does}. Settings: ${layout.policyFile}`
      : `Nothing to change: certherd-agent ${wish.version} is installed, runs, and ${does}.`,
  );
  if (!changed || !options.check) return exitCodes.ok;
  const context = openContext(undefined);
  if (!context.ok) return exitCodes.ok;
  writeLine('\nThe first check:\n');
  const { checkCommand } = await import('./check.ts');
  await checkCommand(context.value, { json: false, wide: false, findingsOnly: false, probe: true });
  return exitCodes.ok;
}

/** Its state directory is there by then, and root's until systemd gives it to the agent. */
async function enrolHere(
  { config, host }: Context,
  { clock }: InstallPorts,
  join: Join | undefined,
): ReturnType<PerformPorts['enrol']> {
  if (!join) return { ok: true, value: undefined };
  const state = systemState(config.stateDirectory);
  const enrolled = await enrol(
    { state, clock, openCollectorSocket: collectorSocketOpener(config.extraRoots, process.env) },
    join,
    host.name,
  );
  if (enrolled.ok) return { ok: true, value: undefined };
  const detail = worded(enrolled.failure, join.authority, config.stateDirectory).replace(/\.$/, '');
  return { ok: false, failure: { reason: 'not-enrolled', detail, mayStand: enrolled.mayStand } };
}

/** `state` tells of the steps that were not done before. */
function asJson(steps: readonly Step[], state: (step: Step) => string, failure?: Record<string, unknown>): string {
  return printableJson({
    version: 1,
    changed: !failure && steps.some(({ isDone }) => !isDone),
    steps: steps.map((step) => ({ what: step.words, state: step.isDone ? 'so-already' : state(step) })),
    ...(failure && { failure }),
  });
}

function refused(words: string, { json }: { json: boolean }, code: number): number {
  if (json)
    writeLine(printableJson({ version: 1, changed: false, steps: [], failure: { reason: 'refused', detail: words } }));
  else writeError(words);
  return code;
}
