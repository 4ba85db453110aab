import { spawn } from 'node:child_process';

/** What a program is given to see, so that the result depends on nothing else. */
export const plainEnvironment = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

export interface Ran {
  exit: number | undefined;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  timeoutMs?: number;
}

/** Runs an absolute argv without a shell. Absent programs and failures are values: `exit` is undefined where it did not end by itself. */
export function run([program, ...rest]: [string, ...string[]], options: RunOptions = {}): Promise<Ran> {
  const { cwd, env = plainEnvironment, timeoutMs = 600_000 } = options;
  return new Promise((resolve) => {
    const child = spawn(program, rest, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.stderr.on('data', (part: Buffer) => errors.push(part));
    const text = (parts: Buffer[]) => Buffer.concat(parts).toString('utf8');
    child.once('error', (error) => resolve({ exit: undefined, stdout: '', stderr: error.message }));
    child.once('close', (code) => resolve({ exit: code ?? undefined, stdout: text(out), stderr: text(errors) }));
  });
}

/** The same where anything but exit 0 stops the build. */
export async function must(argv: [string, ...string[]], options: RunOptions = {}): Promise<string> {
  const { exit, stdout, stderr } = await run(argv, options);
  if (exit !== 0)
    throw new Error(`${argv.join(' ')}: ${exit ?? 'did not run'}: ${stderr}${stdout.slice(-2000)}`.trim());
  return stdout;
}
