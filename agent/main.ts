#!/usr/bin/env node
import { writeError } from './commands/context.ts';
import { failureCode, runProgram } from './commands/program.ts';

/** What went wrong, in a line, and the exit code for it. */
function explain(error: unknown): number {
  const [, , name] = process.argv;
  const trace = process.argv.includes('--verbose') && error instanceof Error ? error.stack : undefined;
  const line = error instanceof Error ? `${error.message} (--verbose shows where)` : String(error);
  writeError(trace ?? line);
  return failureCode(name);
}

// Whoever read the output has seen enough (`| head`), or has ended: what was begun is finished all the same.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
runProgram(process.argv.slice(2)).then(
  // Output may still be on its way into a pipe: exit only once it is written.
  (code) => process.stdout.write('', () => process.exit(code)),
  (error: unknown) => process.exit(explain(error)),
);
