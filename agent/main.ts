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

const verbose = process.argv.includes('--verbose');
// Whoever read the output has seen enough (`| head`), or has ended: what was begun is finished all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
try {
  const code = await main(process.argv);
  // Output may still be on its way into a pipe: exit only once it is written.
  process.stdout.write('', () => process.exit(code));
} catch (error) {
  const [, , name] = process.argv;
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageCode(name));
  writeError(
    error instanceof Error
      ? verbose
        ? (error.stack ?? error.message)
        : `${error.message} (--verbose shows where)`
      : String(error),
  );
  process.exit(failureCode(name));
}
