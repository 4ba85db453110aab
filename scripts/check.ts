import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The one check command, for developers and CI: a line per step, and a step's output only when it fails.

interface Step {
  name: string;
  argv: [string, ...string[]];
}

const steps: Step[] = [
  { name: 'format', argv: ['biome', 'format', '.'] },
  { name: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings'] },
  ...['protocol', 'x509', 'handshake', 'command-line', 'agent', 'collector', 'collector/web', '.'].map(
    (project): Step => ({ name: `types ${project}`, argv: ['tsc', '-p', project] }),
  ),
  { name: 'dead code', argv: ['knip', '--no-progress'] },
];

const top = dirname(dirname(fileURLToPath(import.meta.url)));

let failures = 0;
for (const step of steps) if (!(await passes(step))) failures += 1;
process.exitCode = Math.min(failures, 100);

/** The exit status counts the steps that failed. */
function passes({ name, argv: [program, ...argv] }: Step): Promise<boolean> {
  const started = performance.now();
  const binaries = join(top, 'node_modules', '.bin');
  return new Promise((resolve) => {
    const child = spawn(join(binaries, program), argv, {
      cwd: top,
      env: { ...process.env, PATH: `${binaries}${delimiter}${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.stderr.on('data', (part: Buffer) => output.push(part));
    const finish = (verdict: string) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`check: ${name.padEnd(20)} ${verdict.padEnd(6)} ${seconds.padStart(5)} s`);
      resolve(verdict === 'ok');
    };
    child.once('error', (error) => {
      console.log(error.message);
      finish('FAILED');
    });
    child.once('close', (exit) => {
      if (exit !== 0) console.log(Buffer.concat(output).toString('utf8').trimEnd());
      finish(exit === 0 ? 'ok' : 'FAILED');
    });
  });
}
