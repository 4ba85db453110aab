#!/usr/bin/env node
import { writeError } from './commands/context.ts';
import { failureCode, runProgram } from './commands/program.ts';

const verbose = process.argv.includes('--verbose');
// Whoever read the output has seen enough (`| head`), or has ended: what was begun is finished all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
try {
  const code = await runProgram(process.argv.slice(2));
  // Output may still be on its way into a pipe: exit only once it is written.
  process.stdout.write('', () => process.exit(code));
} catch (error) {
  const [, , name] = process.argv;
  writeError(
    error instanceof Error
      ? verbose
        ? (error.stack ?? error.message)
        : `${error.message} (--verbose shows where)`
      : String(error),
  );
  process.exit(failureCode(name));
}
