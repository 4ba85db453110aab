import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Built } from './build.ts';
import type { Identity } from './identity.ts';
import { plainEnvironment, run } from './programs.ts';
import { namesOf } from './targets.ts';
import { runnerFor } from './tools.ts';

/** What came of a trial: undefined where this machine cannot run the binary, with the reason in `why`. */
export interface Smoke {
  tried: boolean;
  /** In words, for people. */
  what: string;
}

const longestMs = 120_000;

/**
 * Runs a binary: a build that went wrong may leave a plain Node behind and say nothing. Throws where it does not do its work; says
 * so where it cannot be run here.
 */
export async function smoke(built: Built, identity: Identity): Promise<Smoke> {
  const runner = runnerFor(built.architecture);
  if (runner === undefined) {
    const { qemu, debian } = namesOf[built.architecture];
    return { tried: false, what: `not tried: this machine runs no ${debian} programs (${qemu} and its libraries)` };
  }
  const start: Start = [...runner, built.binary];
  const folder = mkdtempSync(join(tmpdir(), 'certherd-smoke-'));
  try {
    const told = await ran([...start, 'version']);
    for (const line of [`certherd-${built.app} ${identity.version}`, `commit ${identity.commit}`])
      if (!told.split('\n').includes(line)) throw new Error(`${built.binary} version: no line "${line}" in: ${told}`);
    const more = built.app === 'agent' ? await checks(start, folder) : await serves(start, folder);
    return { tried: true, what: `tells its version; ${more}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Start = readonly [string, ...string[]];

async function ran(
  [program, ...words]: Start,
  isFine = (exit: number | undefined): boolean => exit === 0,
): Promise<string> {
  const { exit, stdout, stderr } = await run([program, ...words], { timeoutMs: longestMs });
  if (!isFine(exit))
    throw new Error(`${program} ${words.join(' ')}: ${exit ?? 'did not end'}: ${stderr}${stdout}`.trim());
  return stdout;
}

/** An empty tree has nothing to judge: exit 0, and JSON that says so. */
async function checks(start: Start, folder: string): Promise<string> {
  const root = join(folder, 'root');
  mkdirSync(root);
  const isFine = (exit: number | undefined): boolean => exit === 0 || exit === 3;
  const told: { endpoints?: unknown } = JSON.parse(await ran([...start, 'check', '--json', '--root', root], isFine));
  if (!Array.isArray(told.endpoints) || told.endpoints.length > 0)
    throw new Error('check --json: not an empty list of endpoints');
  return 'checks an empty tree';
}

/** Serves on free ports until its page, script and metrics were read. */
async function serves([program, ...words]: Start, folder: string): Promise<string> {
  const config = join(folder, 'collector.toml');
  writeFileSync(config, 'agent_listen = "127.0.0.1:0"\nweb_listen = "127.0.0.1:0"\n');
  const argv = [...words, 'serve', '--config', config, '--data', join(folder, 'state')];
  const child = spawn(program, argv, {
    env: { ...plainEnvironment, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const deadline = setTimeout(() => child.kill('SIGKILL'), longestMs);
  try {
    const address = await addressOf(child.stdout, child.stderr);
    for (const [path, word] of [
      ['', '<script'],
      ['assets/page.js', 'estate'],
      ['findings', '<html'],
      ['metrics', 'certherd_'],
    ])
      if (!(await text(`${address}${path}`)).includes(word ?? ''))
        throw new Error(`${address}${path}: no ${word} in it`);
  } finally {
    child.kill('SIGTERM');
    await ended;
    clearTimeout(deadline);
  }
  if ((await ended) !== 0) throw new Error(`${program} serve: ${await ended} after SIGTERM`);
  return 'serves its page and metrics';
}

async function text(address: string): Promise<string> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.text();
}

function addressOf(stdout: NodeJS.ReadableStream, stderr: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let told = '';
    let errors = '';
    stderr.on('data', (part: Buffer) => (errors += part.toString('utf8')));
    stdout.on('data', (part: Buffer) => {
      told += part.toString('utf8');
      const [, address] = /^web: (\S+)$/m.exec(told) ?? [];
      if (address !== undefined) resolve(address);
    });
    stdout.on('end', () => reject(new Error(`the collector ended before it served: ${told}${errors}`)));
  });
}
