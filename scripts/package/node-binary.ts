import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './programs.ts';
import type { Architecture } from './targets.ts';
import { stripFor } from './tools.ts';

/** Node as it is put into the binaries. */
export interface NodeBinary {
  /** The executable, without its symbols: 127 MB become 109. */
  path: string;
  version: string;
  /** The text of all licences that Node's distribution comes under. */
  licence: string;
}

/**
 * Node for an architecture, from the registry's package of the version that the lockfile pins: as npm installed it here, or
 * fetched and compared with the lockfile's checksum. Kept below `cache`, named by what it was made from.
 */
export async function nodeBinary(top: string, cache: string, architecture: Architecture): Promise<NodeBinary> {
  mkdirSync(cache, { recursive: true });
  const name = `node-linux-${architecture}`;
  const { version, integrity } = pinned(top, name);
  const installed = join(top, 'node_modules', name);
  const folder = existsSync(join(installed, 'bin/node')) ? installed : await fetched(cache, name, version, integrity);
  const original = join(folder, 'bin/node');
  const strip = stripFor(architecture);
  const [stripVersion = ''] = (await must([strip, '--version'])).split('\n');
  const made = createHash('sha256').update(readFileSync(original)).update(stripVersion).digest('hex').slice(0, 16);
  const path = join(cache, `${name}-${version}-${made}`);
  if (!existsSync(path))
    await whole(path, async (unfinished) => {
      copyFileSync(original, unfinished);
      await must([strip, unfinished]);
    });
  return { path, version, licence: readFileSync(join(folder, 'LICENSE'), 'utf8') };
}

interface Lock {
  packages: Record<string, { version?: string; integrity?: string }>;
}

function pinned(top: string, name: string): { version: string; integrity: string } {
  const lock: Lock = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8'));
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined) throw new Error(`package-lock.json does not pin ${name}`);
  return { version, integrity };
}

/** Through the machine's own npm: it knows where its registry is. */
async function fetched(cache: string, name: string, version: string, integrity: string): Promise<string> {
  const folder = join(cache, `${name}-${version}-${createHash('sha256').update(integrity).digest('hex').slice(0, 16)}`);
  if (existsSync(folder)) return join(folder, 'package');
  await whole(folder, async (unfinished) => {
    mkdirSync(unfinished);
    await must([...npm(), 'pack', `${name}@${version}`, '--pack-destination', unfinished], { env: process.env });
    const tarball = join(unfinished, `${name}-${version}.tgz`);
    const got = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
    if (got !== integrity)
      throw new Error(`${name}@${version} from the registry is ${got}, but package-lock.json says ${integrity}`);
    await must(['/usr/bin/tar', '-xzf', tarball, '-C', unfinished, 'package/bin/node', 'package/LICENSE']);
    rmSync(tarball);
  });
  return join(folder, 'package');
}

function npm(): [string, ...string[]] {
  const path = process.env['npm_execpath'];
  return path?.endsWith('.js') ? [process.execPath, path] : ['/usr/bin/env', 'npm'];
}

/** A result appears under its name when it is whole, also where two builds make it at the same time. */
async function whole(path: string, make: (unfinished: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${path}.new-`);
  try {
    await make(join(folder, 'it'));
    if (!existsSync(path)) renameSync(join(folder, 'it'), path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
