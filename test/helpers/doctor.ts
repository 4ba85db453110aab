import fs from 'node:fs';
import path from 'node:path';
import type { Diagnosis } from '@certherd/command-line/diagnosis';
import type { ExecutionContext } from 'ava';
import type { TestHost } from './host.ts';
import { agentProgram } from './scenario.ts';
import { type Child, environmentOfSources, type Ran } from './testbed/children.ts';
import { until } from './testbed/until.ts';

/** What one `doctor --json` told. */
export interface Consultation {
  exit: number | null;
  checks: (Diagnosis & { area: string })[];
  /** The one diagnosis of this check. */
  of: (check: string) => Diagnosis;
  /** The one that is wrong, with what mends it. */
  wrong: (check: string) => Extract<Diagnosis, { verdict: 'wrong' }>;
}

/** Reads what `doctor --json` printed. */
export function consultation({ exit, stdout, stderr }: Pick<Ran, 'exit' | 'stdout' | 'stderr'>): Consultation {
  if (!stdout.startsWith('{')) throw new Error(`doctor ended with ${exit}: ${stderr}${stdout}`);
  const { checks }: { checks: Consultation['checks'] } = JSON.parse(stdout);
  const of = (check: string) => {
    const [one, ...others] = checks.filter((each) => each.check === check);
    if (!one || others.length > 0) throw new Error(`${check} is not told once: ${JSON.stringify(checks, null, 1)}`);
    return one;
  };
  return {
    exit,
    checks,
    of,
    wrong: (check) => {
      const one = of(check);
      if (one.verdict !== 'wrong') throw new Error(`${check} is ${one.verdict}: ${one.says}`);
      return one;
    },
  };
}

/** `doctor --json` on this host. */
export async function consult(host: TestHost): Promise<Consultation> {
  return consultation(await ranDoctor(host, ['doctor', '--json', '--config', host.configFile]));
}

/** The agent's command line there, behind another program where one is named. */
export function ranDoctor(host: TestHost, args: string[], env: Record<string, string> = {}, before: string[] = []) {
  const [program = '', ...argv] = [...before, process.execPath, agentProgram, ...args];
  return host.sandbox.run(program, argv, { env: { ...environmentOfSources(), HOME: '/nonexistent', ...env } });
}

export function stateOf(host: TestHost): string {
  return path.join(host.sandbox.directory, 'state');
}

/** The daemon, once it has looked. */
export async function runningOn(t: ExecutionContext, host: TestHost): Promise<Child> {
  const daemon = host.daemon();
  t.teardown(() => daemon.end());
  const read = () => JSON.parse(fs.readFileSync(path.join(stateOf(host), 'status.json'), 'utf8'));
  await until('the daemon has looked', () => read().pid === daemon.pid && read().lookedAt !== undefined);
  return daemon;
}
