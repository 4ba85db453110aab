import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Child, plainEnvironment, type Ran } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

export interface Haproxy {
  binary: string;
  directory: string;
  configFile: string;
  /** Writes a file below the directory. Returns its path. */
  write: (name: string, content: string) => string;
  /** `haproxy -c` */
  test: () => Promise<Ran>;
  /** Starts it in the foreground; ready when `readySocket` (a unix socket of one of its binds) is there. */
  start: (readySocket: string) => Promise<Child>;
}

/** What every config needs in front so that HAProxy has nothing to warn of. */
export const haproxyDefaults = `defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
`;

/** Debian's HAProxy with its config inside the sandbox; nothing runs before start(). */
export function haproxy(sandbox: Sandbox, config: string, options: { folder?: string } = {}): Haproxy {
  const directory = sandbox.folder(options.folder ?? 'haproxy');
  const configFile = join(directory, 'haproxy.cfg');
  const binary = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'].find((path) => existsSync(path)) ?? 'haproxy';
  const write = (name: string, content: string) => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  write('haproxy.cfg', config);
  const surroundings = { env: plainEnvironment, cwd: '/' };
  return {
    binary,
    directory,
    configFile,
    write,
    test: () => sandbox.run(binary, ['-c', '-f', configFile], { ...surroundings, timeoutMs: 30_000 }),
    async start(readySocket) {
      const child = sandbox.start(binary, ['-db', '-f', configFile], join(directory, 'output.log'), surroundings);
      await until('haproxy listens', () => existsSync(readySocket), {
        hopeless: () => (child.running() ? undefined : `it ended: ${child.output()}`),
      });
      return child;
    },
  };
}
