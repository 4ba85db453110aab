import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Child, plainEnvironment, type Ran } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

export interface Apache {
  binary: string;
  serverRoot: string;
  configFile: string;
  /** Writes a file below the ServerRoot; effective after reload(). Returns its path. */
  write: (name: string, content: string) => string;
  /** `apache2 -t` */
  test: () => Promise<Ran>;
  /** `apache2 -k graceful` */
  reload: () => Promise<Ran>;
  /** Starts it in the foreground; ready when it has written its pid file, which it does after it listens. */
  start: () => Promise<Child>;
}

/**
 * Debian's Apache httpd under a ServerRoot of its own, laid out as Debian's (apache2.conf, sites-enabled). `config` is
 * put behind what every config here needs; nothing runs before start(). Works as root and as an ordinary user.
 */
export function apache(
  sandbox: Sandbox,
  config: string,
  options: { folder?: string; environment?: Record<string, string> } = {},
): Apache {
  const serverRoot = sandbox.folder(options.folder ?? 'apache');
  const configFile = join(serverRoot, 'apache2.conf');
  const binary = ['/usr/sbin/apache2', '/usr/sbin/httpd'].find((path) => existsSync(path)) ?? 'apache2';
  const env = { ...plainEnvironment, ...options.environment };
  // Another ServerRoot than the one that is built in.
  const flags = ['-d', serverRoot, '-f', configFile];
  const write = (name: string, content: string) => {
    const path = join(serverRoot, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  };
  write('apache2.conf', config);
  write('base.conf', baseConfig(serverRoot));
  const control = (flag: string[]) => sandbox.run(binary, [...flags, ...flag], { env, timeoutMs: 30_000 });
  return {
    binary,
    serverRoot,
    configFile,
    write,
    test: () => control(['-t']),
    reload: () => control(['-k', 'graceful']),
    async start() {
      const child = sandbox.start(binary, [...flags, '-DFOREGROUND'], join(serverRoot, 'output.log'), { env });
      await until('apache2 has written its pid file', () => existsSync(join(serverRoot, 'apache2.pid')), {
        hopeless: () => (child.running() ? undefined : `it ended: ${child.output()}`),
      });
      return child;
    },
  };
}

/** Every config starts with `Include base.conf`. */
function baseConfig(serverRoot: string): string {
  const modules = '/usr/lib/apache2/modules';
  // A root parent must have other users' children.
  const user = process.getuid?.() === 0 ? 'User www-data\nGroup www-data\n' : '';
  return `${user}ServerName main.test
PidFile ${serverRoot}/apache2.pid
DefaultRuntimeDir ${serverRoot}
ErrorLog ${serverRoot}/error.log
LoadModule mpm_event_module ${modules}/mod_mpm_event.so
LoadModule authz_core_module ${modules}/mod_authz_core.so
StartServers 1
`;
}

/** Line that loads mod_ssl, which base.conf leaves out. */
export const loadTls = 'LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so';
/** Line that loads mod_macro. */
export const loadMacro = 'LoadModule macro_module /usr/lib/apache2/modules/mod_macro.so';
