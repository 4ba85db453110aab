import type { Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { environment } from './products.ts';
import { shellCommands } from './shell-words.ts';

/** Runs each command of a printed remedy as a program, as a person's shell would, but without one. Rejects when one does not end with 0. */
export async function runRemedy(sandbox: Sandbox, remedy: string): Promise<void> {
  const line = shellCommands(remedy);
  if (!line.ok) throw new Error(`the remedy is not a command line: ${line.why}: ${remedy}`);
  for (const [program = '', ...argv] of line.commands) {
    const ran = await sandbox.run(program, argv, { env: environment(sandbox) });
    if (ran.exit !== 0) throw new Error(`the remedy ended with ${ran.exit}: ${ran.stderr}`);
  }
}
