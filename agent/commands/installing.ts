import { isSea } from 'node:sea';
import type { InstallPorts } from '../install/install-ports.ts';
import type { Step } from '../install/step.ts';
import { systemClock } from '../system/clock.ts';
import { systemHostFiles } from '../system/host-files.ts';
import { isLocked, sharedLocks, takeLock } from '../system/lock.ts';
import { systemProc } from '../system/proc.ts';
import { systemPrograms } from '../system/programs.ts';
import { shippedFile } from '../system/shipped-files.ts';
import { agentVersion } from '../version.ts';
import { writeError, writeLine } from './context.ts';
import { printable } from '@certherd/command-line/printable';
import { terminalOf } from '@certherd/command-line/terminal';

/** The machine, for what changes the host itself. */
export function installPorts(): InstallPorts {
  const { arch, execPath: path } = process;
  return {
    files: systemHostFiles(),
    programs: systemPrograms(),
    proc: systemProc(),
    clock: systemClock(),
    isRoot: process.getuid?.() === 0,
    processor: arch === 'x64' || arch === 'arm64' ? arch : 'another',
    own: { path, version: agentVersion, isSingle: isSea() },
    shipped: shippedFile,
    isUpgrading: () => isLocked(sharedLocks, 'certherd-upgrade'),
    isInstalling: () => isLocked(sharedLocks, 'certherd-install'),
  };
}

/** Runs a change of the host that no other may run beside; undefined where another runs. What has begun is brought to its end. */
export async function alone<T>(
  name: 'certherd-install' | 'certherd-upgrade',
  work: () => Promise<T>,
): Promise<T | undefined> {
  const lock = takeLock(sharedLocks, name);
  if (!lock) return undefined;
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const wait = () => writeError('it is brought to its end first');
  for (const signal of signals) process.on(signal, wait);
  try {
    return await work();
  } finally {
    for (const signal of signals) process.off(signal, wait);
    lock.release();
  }
}

/** A line for each step as it is done; on a terminal the one under way is shown in the meantime. */
export function stepTeller(isQuiet: boolean): (step: Step, moment: 'begins' | 'done') => void {
  if (isQuiet) return () => {};
  const { glyphs, colours } = terminalOf(process.stdout, process.env);
  const isShown = process.stderr.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb';
  return ({ words }, moment) => {
    if (isShown)
      process.stderr.write(`\r\u001b[K${moment === 'begins' ? `  ${glyphs.unknown} ${printable(words)}` : ''}`);
    if (moment === 'done') writeLine(`  ${colours.green(glyphs.fine)} ${printable(words)}`);
  };
}

/** Erases the step that a failure left shown. */
export function endOfSteps(): void {
  if (process.stderr.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb') process.stderr.write('\r\u001b[K');
}

/** What would be done, and what is so already. */
export function planText(steps: readonly Step[]): string {
  const { glyphs, colours } = terminalOf(process.stdout, process.env);
  const rows = (isDone: boolean, sign: string) =>
    steps.filter((step) => step.isDone === isDone).map(({ words }) => `  ${sign} ${printable(words)}`);
  const open = rows(false, glyphs.missing);
  const done = rows(true, colours.green(glyphs.fine));
  return [
    ...(open.length > 0 ? ['Would be done, in this order:', ...open] : ['Nothing would be done.']),
    ...(done.length > 0 ? ['Is so already:', ...done] : []),
  ].join('\n');
}
