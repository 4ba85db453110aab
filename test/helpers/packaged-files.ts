import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildAll, type Built } from '../../scripts/package/build.ts';
import { type Identity, identityOf } from '../../scripts/package/identity.ts';
import { type App, type Architecture, architectures, packageFormats } from '../../scripts/package/targets.ts';
import { takeFileLock } from './testbed/file-lock.ts';

/** An app built for this machine, from the sources as they are: absolute paths of its binary, SBOM, .deb and .rpm. */
export interface PackagedFiles extends Required<Pick<Built, 'app' | 'binary' | 'sbom'>> {
  deb: string;
  rpm: string;
  identity: Identity;
}

export const top = resolve(import.meta.dirname, '../..');
/** What the result depends on; node_modules by the lockfile. */
const sources = [
  'agent',
  'collector',
  'command-line',
  'handshake',
  'protocol',
  'x509',
  'deploy/config',
  'deploy/man',
  'deploy/packages',
  'deploy/systemd',
  'scripts/package',
  'package-lock.json',
  'tsconfig.base.json',
  'CHANGELOG.md',
];
const keptBuilds = 4;

/**
 * Built once for the sources that there are (some 10 s), whoever asks first; the others wait. With `version` it calls itself so:
 * for upgrades from one to another.
 */
export async function packagedFiles({
  app = 'agent',
  version,
}: {
  app?: App;
  version?: string;
} = {}): Promise<PackagedFiles> {
  const cache = join(top, '.cache/package');
  const store = join(cache, 'for-tests');
  const folder = join(store, `${app}-${version ?? 'own'}-${sourceDigest()}`);
  mkdirSync(store, { recursive: true });
  const lock = await takeFileLock(join(store, 'lock'));
  try {
    if (!existsSync(folder)) await build(folder, { app, version, cache });
    return JSON.parse(readFileSync(join(folder, 'built.json'), 'utf8')) as PackagedFiles;
  } finally {
    lock.release();
  }
}

/** This machine's own architecture. */
export function ownArchitecture(): Architecture {
  const own = architectures.find((one) => one === process.arch);
  if (own === undefined) throw new Error(`no binary is made for ${process.arch}`);
  return own;
}

async function build(
  folder: string,
  { app, version, cache }: { app: App; version: string | undefined; cache: string },
): Promise<void> {
  prune(join(folder, '..'));
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const own = await identityOf(top, process.env);
  const identity = { ...own, ...(version !== undefined && { version }) };
  const [built] = await buildAll({
    top,
    output: unfinished,
    cache,
    identity,
    apps: [app],
    architectures: [ownArchitecture()],
    formats: packageFormats.filter((format) => format === 'deb' || existsSync('/usr/bin/rpmbuild')),
    compression: 'quick',
    progress: () => {},
  });
  if (!built) throw new Error('nothing was built');
  const placed = (path: string | undefined) => path?.replace(unfinished, folder) ?? '';
  const files: PackagedFiles = {
    app,
    identity,
    binary: placed(built.binary),
    sbom: placed(built.sbom),
    deb: placed(built.packages.deb),
    rpm: placed(built.packages.rpm),
  };
  writeFileSync(join(unfinished, 'built.json'), JSON.stringify(files, null, 2));
  renameSync(unfinished, folder);
}

function prune(store: string): void {
  const builds = readdirSync(store, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const byAge = builds
    .map(({ name }) => ({ path: join(store, name), at: statSync(join(store, name)).mtimeMs }))
    .sort((one, other) => other.at - one.at);
  for (const { path } of byAge.slice(keptBuilds)) rmSync(path, { recursive: true, force: true });
}

function sourceDigest(): string {
  const digest = createHash('sha256');
  for (const source of sources)
    for (const path of filesAt(source)) digest.update(`${path}\0`).update(readFileSync(join(top, path)));
  return digest.digest('hex').slice(0, 12);
}

function filesAt(path: string): string[] {
  if (statSync(join(top, path)).isFile()) return [path];
  return readdirSync(join(top, path), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) =>
      entry.isDirectory() ? filesAt(`${path}/${entry.name}`) : entry.isFile() ? [`${path}/${entry.name}`] : [],
    );
}
