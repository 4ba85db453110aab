import { exitCodes, openContext, writeError } from './context.ts';
import { runCommand } from './run.ts';

// In program.ts's place in the daemon's part of the single binary (scripts/package/part.ts): `run` as its unit starts it needs nothing
// that reads command lines, and starts without.

/** `run`, or `run --config FILE`: for no other argv. */
export async function runProgram([, , config]: readonly string[]): Promise<number> {
  const context = openContext(config);
  if (context.ok) return runCommand(context.value);
  for (const line of context.failure) writeError(line);
  return exitCodes.config;
}

/** Exit code for an error that nobody foresaw. */
export function failureCode(_name: string | undefined): number {
  return exitCodes.failed;
}
