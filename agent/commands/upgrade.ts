import { resolve } from 'node:path';
import { readHost } from '../install/host.ts';
import type { InstallPorts } from '../install/install-ports.ts';
import * as layout from '../install/layout.ts';
import { obstacleToUpgrade, settle, untilNobodyInstalls, upgrade, type UpgradeOutcome } from '../install/upgrade.ts';
import { systemFiles } from '../system/files.ts';
import { exitCodes, writeError, writeLine } from './context.ts';
import { changeWords, obstacleWords, unfitWords } from './install-words.ts';
import { alone, installPorts } from './installing.ts';
import { printable, printableJson } from '@certherd/command-line/printable';

interface UpgradeOptions {
  dryRun: boolean;
  json: boolean;
}

/** Puts another version in the place of the installed one and proves it; without a file, ends one that was interrupted. */
export async function upgradeCommand(file: string | undefined, options: UpgradeOptions): Promise<number> {
  const ports = installPorts();
  const obstacle = obstacleToUpgrade(await readHost(ports));
  const path = file === undefined ? undefined : leadsTo(resolve(file));
  if (obstacle) return told({ reason: 'obstacle', obstacle }, path, ports, options);
  const outcome = await alone('certherd-upgrade', () => settleAndUpgrade(path, ports, options));
  return told(outcome ?? { reason: 'obstacle', obstacle: { reason: 'upgrade-under-way' } }, path, ports, options);
}

async function settleAndUpgrade(
  file: string | undefined,
  ports: InstallPorts,
  options: UpgradeOptions,
): Promise<UpgradeOutcome> {
  const tell = (line: string) => {
    if (!options.json) writeLine(`  ${printable(line)}`);
  };
  if (!options.dryRun && !(await untilNobodyInstalls(ports, tell)))
    return { reason: 'obstacle', obstacle: { reason: 'install-under-way' } };
  // As the host is now that nobody else changes it.
  const facts = await readHost(ports);
  if (!options.dryRun) ports.files.remove(layout.candidateProgram);
  const isInterrupted = facts.places.has(layout.keptProgram);
  if (isInterrupted && options.dryRun) return { reason: 'obstacle', obstacle: { reason: 'upgrade-interrupted' } };
  const settled = isInterrupted ? await settle(facts, ports, tell) : undefined;
  const goesOn =
    settled === undefined || settled.reason === 'done' || (settled.reason === 'went-back' && !settled.isJudged);
  if (file === undefined || !goesOn) return settled ?? { reason: 'nothing-interrupted' };
  return upgrade(file, await readHost(ports), ports, tell, options.dryRun);
}

/** Where a path leads; itself where it leads nowhere. */
function leadsTo(path: string): string {
  const found = systemFiles().resolve(path);
  return found.ok ? found.value : path;
}

function told(outcome: UpgradeOutcome, file: string | undefined, ports: InstallPorts, options: UpgradeOptions): number {
  const { words, isFine } = worded(outcome, file ?? '', ports);
  const changed = outcome.reason === 'done';
  if (options.json) writeLine(printableJson({ version: 1, changed, outcome: outcome.reason, detail: words }));
  else if (isFine) writeLine(words);
  else writeError(words);
  return isFine ? exitCodes.ok : exitCodes.failed;
}

function worded(outcome: UpgradeOutcome, file: string, ports: InstallPorts): { words: string; isFine: boolean } {
  const fine = (words: string) => ({ words, isFine: true });
  const bad = (words: string) => ({ words, isFine: false });
  const see = `journalctl -u ${layout.agentUnit}`;
  switch (outcome.reason) {
    case 'same':
      return fine(`Nothing to change: ${printable(file)} is the installed program (${outcome.version}).`);
    case 'would':
      return fine(
        `Would upgrade ${outcome.from} to ${outcome.to}: keep the old program, put the new one in its place, start it, and go back where it has not looked within 60 s.`,
      );
    case 'done':
      return fine(`Upgraded ${outcome.from} to ${outcome.to}. The old program is ${layout.previousProgram}.`);
    case 'nothing-interrupted':
      return fine('No upgrade was interrupted. To upgrade, name the FILE of the new version.');
    case 'obstacle':
      return bad(obstacleWords(outcome.obstacle, ports.own.path, ports.files.text('/etc/passwd') ?? ''));
    case 'unfit':
      return bad(`${unfitWords(outcome.unfit, file)}. Nothing was changed.`);
    case 'not-begun':
      return bad(`${changeWords(outcome.failure)}. Nothing was changed.`);
    case 'went-back':
      return outcome.isJudged
        ? bad(
            `${outcome.to} is not well (${printable(outcome.why)}): ${outcome.from} is back in its place and runs. ${see}`,
          )
        : fine(`An upgrade that was interrupted is taken back: ${outcome.from} is in its place and runs.`);
    case 'old-one-fails':
      return bad(
        `${printable(outcome.why)}; ${outcome.version} is back in its place, but: ${printable(outcome.now)}. ${see}; then: ${layout.program} upgrade`,
      );
  }
}
