import path from 'node:path';
import type { Finding } from '@certherd/protocol/finding';
import type { ExecutionContext, TestFn } from 'ava';
import { shellCommands } from '../../scripts/stage/shell-words.ts';
import { startHost, type TestHost } from './host.ts';
import { plainEnvironment, type Ran } from './testbed/children.ts';
import type { Sandbox } from './testbed/sandbox.ts';
import { until } from './testbed/until.ts';

/** What `check --json` prints, as far as the scenarios read it. */
export interface Report {
  endpoints: { id: string; server: string; serverName: string; served?: string; configured?: string }[];
  deployments: { configFile: string; line: number; certificatePath: string; server: string }[];
  findings: Finding[];
}

/** A machine in some state: where its programs run, and the agent's command line on it. */
export interface Scene {
  sandbox: Pick<Sandbox, 'run' | 'start' | 'directory'>;
  agent(args: string[]): Promise<Ran>;
}

/** What `certherd-agent` is, for scenes that start it in a way of their own. */
export const agentProgram = path.resolve(import.meta.dirname, '../../agent/main.ts');

const urgency = { critical: 0, unknown: 1, warning: 2, notice: 3 };

/** One `certherd-agent check --json`, as a user runs it. */
export async function look(scene: Scene): Promise<Report> {
  const ran = await scene.agent(['check', '--json']);
  if (ran.stdout === '') throw new Error(`check ended with ${ran.exit}: ${ran.stderr}`);
  return JSON.parse(ran.stdout);
}

/** The finding of this code, awaited: servers take a moment to reach a state. */
export function found(scene: Scene, code: Finding['code'], about: (finding: Finding) => boolean = () => true) {
  return until(`check tells ${code}`, async () => {
    const { findings } = await look(scene);
    const finding = findings.find((one) => one.code === code && about(one));
    if (!finding) throw new Error(worded(findings));
    return finding;
  });
}

/** Awaits a check without this code, and without any other finding that is as urgent as this one was. */
export async function cleared(t: ExecutionContext, scene: Scene, { code, severity }: Finding): Promise<void> {
  await until(`check tells ${code} no longer, and nothing as urgent`, async () => {
    const { findings } = await look(scene);
    const left = findings.filter((one) => one.code === code || urgency[one.severity] <= urgency[severity]);
    if (left.length > 0) throw new Error(worded(left));
    return true;
  });
  t.pass();
}

/** Awaits a check without any finding. */
export async function healthy(t: ExecutionContext, scene: Scene): Promise<void> {
  await until('check finds nothing', async () => {
    const { findings } = await look(scene);
    if (findings.length > 0) throw new Error(worded(findings));
    return true;
  });
  t.pass();
}

/** Runs a command line as printed: its words as an argv, those joined by && one after the other; each must end with 0. */
export async function follow(
  t: ExecutionContext,
  { sandbox }: Scene,
  line: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const argv of commandsOf(line)) {
    const [program = '', ...args] = argv;
    const ran = await sandbox.run(program, args, { env: { ...plainEnvironment, ...environment } });
    t.is(ran.exit, 0, `${argv.join(' ')}: ${ran.stdout}${ran.stderr}`);
  }
}

/** The argv of each command of a printed line. */
export function commandsOf(line: string): string[][] {
  const read = shellCommands(line);
  if (!read.ok) throw new Error(`no command line: ${read.why}: ${line}`);
  return read.commands;
}

/** "Do this, then: COMMAND" as its two halves. */
export function halves(remedy: string): { sentence: string; command: string } {
  const [sentence = '', command = ''] = remedy.split(', then: ');
  return { sentence, command };
}

/** One healthy host for all scenarios of a file, which run one after the other and leave it healthy. */
export function sharedHost(test: TestFn): () => TestHost {
  const closers: (() => unknown)[] = [];
  let host: TestHost | undefined;
  test.serial.before('a healthy host', async (t) => {
    host = await startHost({ teardown: (close) => void closers.push(close) });
    const { findings } = await look(host);
    t.deepEqual(findings, []);
  });
  test.serial.after.always('the host ends', async () => {
    for (const close of closers.toReversed()) await close();
  });
  return () => {
    if (!host) throw new Error('the host did not start');
    return host;
  };
}

function worded(findings: Finding[]): string {
  return findings.map(({ code, severity, cause }) => `${severity} ${code}: ${cause}`).join('; ') || 'no finding';
}
