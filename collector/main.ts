#!/usr/bin/env node
import { type Console, exitCodes } from './commands/command.ts';
import { runProgram } from './commands/program.ts';
import { isStartFailure, messageOf } from './failure.ts';
import { systemClock } from './system/clock.ts';
import { journalPrefix } from './system/journal.ts';
import { confirmed, typedSecret } from './system/terminal.ts';

const terminal: Console = {
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => process.stderr.write(`${journalPrefix('error')}${line}\n`),
  confirm: confirmed,
  secret: typedSecret,
  clock: systemClock,
  ended: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    }),
};

// Whoever read the output has seen enough (`| head`), or has ended.
process.stdout.on('error', () => {});
// Output may still be on its way into a pipe: exit only once it is written.
void run(process.argv.slice(2)).then((code) => process.stdout.write('', () => process.exit(code)));

/** Runs one command; its exit code. One line for what a person can mend; a stack trace only on request. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    return await runProgram(argv, terminal);
  } catch (error) {
    const verbose = argv.includes('--verbose');
    const trace = verbose && error instanceof Error ? `\n${error.stack}` : '';
    const hint = isStartFailure(error) || verbose ? '' : ' (a defect: run again with --verbose and report it)';
    terminal.complain(`certherd-collector: ${messageOf(error)}${hint}${trace}`);
    return exitCodes.failed;
  }
}
