#!/usr/bin/env node
import { CommanderError } from 'commander';
import { exitCodes, writeError } from './commands/context.ts';
import { commandLine, failureCode, usageCode } from './commands/program.ts';

/** argv to a command and its exit code. */
async function main(argv: string[]): Promise<number> {
  let code: Promise<number> | number = exitCodes.ok;
  await commandLine((ended) => {
    code = ended;
  }).parseAsync(argv);
  return code;
}

/** What went wrong, in a line, and the exit code for it. */
function explain(error: unknown): number {
  const [, , name] = process.argv;
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageCode(name);
  const trace = process.argv.includes('--verbose') && error instanceof Error ? error.stack : undefined;
  const line = error instanceof Error ? `${error.message} (--verbose shows where)` : String(error);
  writeError(trace ?? line);
  return failureCode(name);
}

// Whoever read the output has seen enough (`| head`), or has ended: what was begun is finished all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
main(process.argv).then(
  // Output may still be on its way into a pipe: exit only once it is written.
  (code) => process.stdout.write('', () => process.exit(code)),
  (error: unknown) => process.exit(explain(error)),
);
