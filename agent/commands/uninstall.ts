import { readHost } from '../install/host.ts';
import type { InstallPorts } from '../install/install-ports.ts';
import { perform } from '../install/perform.ts';
import { leftBehind, planRemoval } from '../install/removal.ts';
import type { Step } from '../install/step.ts';
import { exitCodes, writeError, writeLine } from './context.ts';
import { obstacleWords, stepFailureWords } from './install-words.ts';
import { alone, endOfSteps, installPorts, planText, stepTeller } from './installing.ts';
import { printableJson } from '@certherd/command-line/printable';

interface UninstallOptions {
  purge: boolean;
  dryRun: boolean;
  json: boolean;
}

/** Takes away what `install` made. What stays is said. */
export async function uninstallCommand(options: UninstallOptions): Promise<number> {
  const ports = installPorts();
  if (options.dryRun || !ports.isRoot) return planAndRemove(ports, options);
  // Its own lock is no upgrade of somebody else's.
  const work = () => planAndRemove({ ...ports, isUpgrading: () => false }, options);
  const code = await alone('certherd-upgrade', () => alone('certherd-install', work));
  return code ?? refuse('an install or upgrade is under way: wait for its end', options);
}

async function planAndRemove(ports: InstallPorts, options: UninstallOptions): Promise<number> {
  const facts = await readHost(ports);
  const plan = planRemoval(facts, options.purge);
  if (!plan.ok)
    return refuse(obstacleWords(plan.failure, ports.own.path, ports.files.text('/etc/passwd') ?? ''), options);
  const steps = plan.value;
  const left = options.purge ? [] : leftBehind(facts);
  const told = (text: string, state: string) =>
    writeLine(options.json ? report(steps, state, left) : [text, ...leftWords(left)].join('\n'));
  if (options.dryRun) {
    told(planText(steps), 'would-be-done');
    return exitCodes.ok;
  }
  const enrol = async () => ({ ok: true as const, value: undefined });
  const performed = await perform(steps, facts, { ...ports, enrol }, stepTeller(options.json));
  if (!performed.ok) {
    endOfSteps();
    const { step, why } = performed.failure;
    return refuse(`cannot ${step.words}: ${stepFailureWords(why)}. Type the same again once that is mended`, options);
  }
  told(
    steps.length > 0 ? 'certherd-agent is uninstalled.' : 'Nothing to remove: certherd-agent is not installed.',
    'done',
  );
  return exitCodes.ok;
}

function report(steps: readonly Step[], state: string, left: readonly string[], failure?: string): string {
  return printableJson({
    version: 1,
    changed: state === 'done' && steps.length > 0,
    steps: steps.map(({ words }) => ({ what: words, state })),
    left,
    ...(failure !== undefined && { failure: { reason: 'refused', detail: failure } }),
  });
}

function refuse(words: string, { json }: UninstallOptions): number {
  if (json) writeLine(report([], 'not-begun', [], words));
  else writeError(words);
  return exitCodes.failed;
}

function leftWords(left: readonly string[]): string[] {
  if (left.length === 0) return [];
  return [`Left, for the next install: ${left.join(', ')}. With --purge they go, too.`];
}
