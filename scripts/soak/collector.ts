import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const main = join(import.meta.dirname, '../../collector/main.ts');
const run = promisify(execFile);

/** The real collector, with a disk of its own that can be filled. */
export interface SoakedCollector {
  agents: () => string;
  web: () => string;
  database: string;
  pid: () => number;
  /** Join strings for `authority`, one for each agent, good for as long as a soak may last. */
  joins: (count: number, authority: string) => Promise<string[]>;
  signal: (signal: NodeJS.Signals) => void;
  /** Ends it, and resolves once it is gone. */
  end: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>;
  start: () => Promise<void>;
  fillDisk: () => void;
  makeRoom: () => void;
}

/** `folder` is on the disk that is filled. */
export async function startCollector(folder: string, settings: string): Promise<SoakedCollector> {
  const config = join(settings, 'collector.toml');
  const data = join(folder, 'data');
  const filler = join(folder, 'filler');
  const found = new Map<string, string>();
  let child: ChildProcess | undefined;

  const start = async () => {
    const agents = found.get('agents') ?? '127.0.0.1:0';
    const web = found.has('web') ? new URL(found.get('web') ?? '').host : '127.0.0.1:0';
    writeFileSync(
      config,
      `agent_listen = "${agents}"\nweb_listen = "${web}"\nlog_level = "error"\nheartbeat_seconds = 1\nsilent_after_seconds = 20\n`,
    );
    const started = spawn(process.execPath, [main, 'serve', '--config', config, '--data', data], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child = started;
    found.delete('ready');
    await new Promise<void>((resolve, reject) => {
      started.once('exit', (code, signal) => reject(new Error(`the collector ended by itself (${code ?? signal})`)));
      createInterface({ input: started.stdout }).on('line', (line) => {
        const [, name = '', value = ''] = /^(agents|web): (\S+)$/.exec(line) ?? [];
        if (name !== '') found.set(name, value);
        if (name === 'web') resolve();
      });
    });
  };
  await start();
  return {
    agents: () => found.get('agents') ?? '',
    web: () => found.get('web') ?? '',
    database: join(data, 'certherd.db'),
    pid: () => child?.pid ?? 0,
    async joins(count, authority) {
      const argv = ['token', 'create', '--config', config, '--data', data, '--expires', '2d', '--url', authority];
      const { stdout } = await run(process.execPath, [main, ...argv, '--count', String(count)]);
      return stdout.trim().split('\n');
    },
    signal: (signal) => void child?.kill(signal),
    async end(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
    start,
    fillDisk() {
      const file = openSync(filler, 'w');
      try {
        for (const size of [65_536, 4096]) fill(file, Buffer.alloc(size));
      } finally {
        closeSync(file);
      }
    },
    makeRoom: () => rmSync(filler, { force: true }),
  };
}

/** Until there is no room for one more. */
function fill(file: number, piece: Buffer): void {
  try {
    for (;;) writeSync(file, piece);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
