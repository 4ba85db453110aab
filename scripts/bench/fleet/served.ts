import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Join, parseJoin } from '@certherd/protocol/join';
import { startFlags } from '../../package/start-flags.ts';
import { unitEnvironment } from '../unit-environment.ts';
import type { LoopDelay, Question } from './watched.ts';

const main = join(import.meta.dirname, '../../../collector/main.ts');

/** It is there, or gone, within this time. */
const startMs = 120_000;
const endMs = 60_000;

/** The real collector in a process of its own, with the flags that its binary and the environment that its unit has, whose event loop is watched from inside. */
export interface Served {
  pid: number;
  agents: string;
  web: string;
  ask: (question: Question) => Promise<LoopDelay>;
  /** Resolves once the process is gone. */
  end: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>;
}

/** `folder` holds settings and data: it serves the same ports each time. `more`: further settings. */
export async function serve(folder: string, again?: Served, more = ''): Promise<Served> {
  const config = configIn(folder, again, more);
  const watch = join(import.meta.dirname, 'watched.ts');
  const child = spawn(
    process.execPath,
    [
      '--expose-gc',
      ...startFlags.collector,
      '--import',
      watch,
      main,
      'serve',
      '--config',
      config,
      '--data',
      join(folder, 'data'),
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      env: { ...process.env, ...unitEnvironment('collector'), NO_COLOR: '1' },
    },
  );
  const lines = linesOf(child.stdout);
  const found = new Map<string, string>();
  const late = setTimeout(() => child.kill('SIGKILL'), startMs);
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the collector ended with ${code}, or did not listen in time`)));
    lines.on('line', (line) => {
      const [, name = '', value = ''] = /^(agents|web): (\S+)$/.exec(line) ?? [];
      found.set(name, value);
      if (found.has('agents') && found.has('web')) resolve();
    });
  });
  clearTimeout(late);
  return {
    pid: child.pid ?? 0,
    agents: found.get('agents') ?? '',
    web: found.get('web') ?? '',
    ask: (question) => ask(child, question),
    async end(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      const impatient = setTimeout(() => child.kill('SIGKILL'), endMs);
      await gone;
      clearTimeout(impatient);
    },
  };
}

/** Tokens as an administrator makes them. */
export async function makeJoins(folder: string, count: number): Promise<Join[]> {
  const argv = ['token', 'create', '--count', String(count), '--config', join(folder, 'collector.toml')];
  const child = spawn(process.execPath, [main, ...argv, '--data', join(folder, 'data')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const joins: Join[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const read = parseJoin(line);
    if (read.ok) joins.push(read.value);
  }
  if (joins.length !== count) throw new Error(`${joins.length} of ${count} tokens were made`);
  return joins;
}

function configIn(folder: string, again: Served | undefined, more: string): string {
  const config = join(folder, 'collector.toml');
  const agents = again?.agents ?? '127.0.0.1:0';
  const web = again ? new URL(again.web).host : '127.0.0.1:0';
  writeFileSync(config, `agent_listen = "${agents}"\nweb_listen = "${web}"\nlog_level = "error"\n${more}\n`, {
    mode: 0o600,
  });
  return config;
}

function linesOf(output: Readable | null) {
  if (!output) throw new Error('standard output is a pipe');
  return createInterface({ input: output });
}

async function ask(child: ChildProcess, question: Question): Promise<LoopDelay> {
  const answer = new Promise<LoopDelay>((resolve, reject) => {
    child.once('message', (delay: LoopDelay) => resolve(delay));
    child.once('exit', () => reject(new Error('the collector is gone')));
  });
  child.send(question);
  return answer;
}
