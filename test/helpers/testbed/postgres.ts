import { chmodSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { plainEnvironment } from './children.ts';
import type { Sandbox } from './sandbox.ts';
import { until } from './until.ts';

const versions = '/usr/lib/postgresql';

/** The newest version that Debian's packages put there; undefined where there is none. */
export const postgresBinaries = (existsSync(versions) ? readdirSync(versions) : [])
  .toSorted((one, other) => Number(other) - Number(one))
  .map((version) => `${versions}/${version}/bin`)
  .find((folder) => existsSync(`${folder}/postgres`));

/**
 * Starts Debian's PostgreSQL with a data directory of its own, with TLS where a pair is given. It refuses to run as root: then
 * it runs as "nobody". Ready when it says so.
 */
export async function startPostgres(
  sandbox: Sandbox,
  pair?: { pem: string; keyPem: string },
): Promise<{ port: number; data: string; reload: () => void }> {
  const port = await sandbox.port();
  const data = sandbox.folder(`postgres-${port}`);
  const asRoot = process.getuid?.() === 0;
  const account = 65_534;
  const prefix = asRoot ? ['/usr/bin/setpriv', `--reuid=${account}`, `--regid=${account}`, '--clear-groups'] : [];
  if (asRoot) {
    chmodSync(sandbox.directory, 0o755);
    chownSync(data, account, account);
  }
  const run = (argv: string[]) => [...prefix, ...argv] as [string, ...string[]];
  const [first, ...rest] = run([`${postgresBinaries}/initdb`, '-D', data, '-A', 'trust', '-U', 'test', '--no-sync']);
  const made = await sandbox.run(first, rest, { env: { ...plainEnvironment, LC_ALL: 'C' } });
  if (made.exit !== 0) throw new Error(made.stderr);
  // Several collectors of one test take nine connections each.
  const settings = [
    'max_connections = 300',
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    "unix_socket_directories = ''",
    'fsync = off',
  ];
  if (pair) {
    for (const [name, content] of [
      ['server.crt', pair.pem],
      ['server.key', pair.keyPem],
    ] as const) {
      writeFileSync(join(data, name), content, { mode: 0o600 });
      if (asRoot) chownSync(join(data, name), account, account);
    }
    settings.push('ssl = on');
  }
  writeFileSync(join(data, 'postgresql.conf'), `${settings.join('\n')}\n`);
  const [program, ...argv] = run([`${postgresBinaries}/postgres`, '-D', data]);
  const server = sandbox.start(program, argv, join(sandbox.directory, `postgres-${port}.log`));
  await until('PostgreSQL is ready', () => server.output().includes('ready to accept connections'), {
    hopeless: () => (server.running() ? undefined : server.output()),
  });
  return { port, data, reload: () => server.signal('SIGHUP') };
}
