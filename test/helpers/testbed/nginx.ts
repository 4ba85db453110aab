import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { plainEnvironment, type Ran } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

export interface NginxConfig {
  /** Port of the plain HTTP listener that answers ACME's http-01 challenges out of the webroot. */
  httpPort: number;
  /** File name to content: each goes to sites/NAME.conf inside `http {}`. */
  sites?: Record<string, string>;
}

export interface Nginx {
  binary: string;
  prefix: string;
  configFile: string;
  errorLog: string;
  /** Directory whose .well-known/acme-challenge is served. */
  webroot: string;
  /** Writes sites/NAME.conf; effective after reload(). Returns the file's path. */
  writeSite: (name: string, content: string) => string;
  /** `nginx -s reload`, as a person would type it. */
  reload: () => Promise<Ran>;
  /** The same, until only new workers are left: one of before answers as it did for as long as it is there. */
  reloadWhole: () => Promise<void>;
  /** `nginx -t` */
  test: () => Promise<Ran>;
  /** The master's process id. */
  pid: () => number;
  /** Process ids of the workers, sorted. A reload that took effect changes them. */
  workers: () => number[];
  close: () => Promise<void>;
}

/**
 * Starts Debian's nginx under a prefix of its own: config, pid, logs and temporary directories all inside
 * the sandbox. Works as root and as an ordinary user. Ready when its HTTP listener accepts a connection.
 */
export async function startNginx(sandbox: Sandbox, config: NginxConfig): Promise<Nginx> {
  const prefix = sandbox.folder('nginx');
  const webroot = sandbox.folder('nginx/www');
  const sites = sandbox.folder('nginx/sites');
  const configFile = join(prefix, 'nginx.conf');
  const errorLog = join(prefix, 'error.log');
  const flags = ['-p', prefix, '-c', configFile, '-e', errorLog];

  writeFileSync(configFile, mainConfig(config.httpPort));
  const writeSite = (name: string, content: string) => {
    const path = join(sites, `${name}.conf`);
    writeFileSync(path, content);
    return path;
  };
  for (const [name, content] of Object.entries(config.sites ?? {})) writeSite(name, content);

  const master = sandbox.start(nginxBinary(), flags, join(prefix, 'output.log'));
  await until('nginx accepts connections', () => accepts(config.httpPort), {
    hopeless: () => (master.running() ? undefined : `it ended: ${master.output()}`),
  });

  const control = (flag: string[]) =>
    sandbox.run(nginxBinary(), [...flags, ...flag], { env: { ...plainEnvironment }, timeoutMs: 30_000 });
  const workers = () => childrenOf(master.pid);
  const reloadWhole = async () => {
    const before = workers();
    const reloaded = await control(['-s', 'reload']);
    if (reloaded.exit !== 0) throw new Error(`nginx refuses its config: ${reloaded.stderr}`);
    await until('only new workers are left', () => {
      const now = workers();
      return now.length > 0 && !now.some((pid) => before.includes(pid));
    });
  };
  return {
    binary: nginxBinary(),
    prefix,
    configFile,
    errorLog,
    webroot,
    writeSite,
    reload: () => control(['-s', 'reload']),
    reloadWhole,
    test: () => control(['-t']),
    pid: () => master.pid,
    workers,
    close: () => master.end(),
  };
}

export interface SiteConfig {
  serverNames: string[];
  port: number;
  /** One pair, or an RSA and an ECDSA pair: nginx presents the one that the client can check. */
  pairs: { certificate: string; key: string }[];
}

/** A server block with TLS that answers every path with its first name. */
export function site(config: SiteConfig): string {
  const pairs = config.pairs.map(
    ({ certificate, key }) => `  ssl_certificate ${certificate};\n  ssl_certificate_key ${key};\n`,
  );
  return `server {
  listen 127.0.0.1:${config.port} ssl;
  server_name ${config.serverNames.join(' ')};
${pairs.join('')}  return 200 "${config.serverNames[0]}\\n";
}
`;
}

function nginxBinary(): string {
  return ['/usr/sbin/nginx', '/usr/local/sbin/nginx'].find((path) => existsSync(path)) ?? 'nginx';
}

function mainConfig(httpPort: number): string {
  // Workers of a root master would change to a user who cannot enter the sandbox.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${user}daemon off;
worker_processes 2;
pid nginx.pid;
error_log error.log notice;
events {
  worker_connections 256;
}
http {
${temporary.map((name) => `  ${name}_temp_path ${name}_temp;`).join('\n')}
  access_log off;
  server {
    listen 127.0.0.1:${httpPort};
    location /.well-known/acme-challenge/ {
      root www;
    }
    location / {
      return 404;
    }
  }
  include sites/*.conf;
}
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

/** proc(5): children of the main thread, as the kernel lists them. */
function childrenOf(pid: number): number[] {
  const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return listed === ''
    ? []
    : listed
        .split(/\s+/)
        .map(Number)
        .sort((one, other) => one - other);
}
