import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import Database from 'better-sqlite3';
import { bundlePage } from '../../collector/serve/page-bundle.ts';
import { pageAssetKey } from '../../collector/serve/page-files.ts';
import { deployTexts } from './embedded.ts';
import type { SbomParts } from './sbom.ts';
import type { App, Architecture } from './targets.ts';

/** What a binary holds besides its code. */
export interface Extras {
  /** By the key that getAsset knows them by. */
  assets: ReadonlyMap<string, Uint8Array>;
  /** Paths below the repository's root of the files that they were made from. */
  inputs: readonly string[];
  sbom: Pick<SbomParts, 'sqlite'>;
}

export async function extrasOf(top: string, app: App, architecture: Architecture): Promise<Extras> {
  return app === 'agent' ? agentExtras(top) : collectorExtras(top, architecture);
}

/** The files that it ships and can lay out itself (agent/system/shipped-files.ts). */
function agentExtras(top: string): Extras {
  const assets = new Map([...deployTexts(top)].map(([path, text]) => [path, Buffer.from(text)]));
  return { assets, inputs: [], sbom: {} };
}

/** The page ready to be served, the schema's steps, and SQLite. */
async function collectorExtras(top: string, architecture: Architecture): Promise<Extras> {
  const inputs: string[] = [];
  const page = await bundlePage(join(top, 'collector/web'), (paths) =>
    inputs.push(...paths.map((path) => relative(top, path))),
  );
  const folders = ['collector/store/sqlite/migrations', 'collector/store/postgres/migrations'];
  const migrations = folders.flatMap((folder) => readdirSync(join(top, folder)).map((name) => `${folder}/${name}`));
  const module = `node_modules/better-sqlite3/prebuilds/linux-${architecture}.node`;
  const assets = new Map<string, Uint8Array>([
    ...[...page].map(([name, body]) => [pageAssetKey(name), body] as const),
    ...migrations.map((path) => [path, readFileSync(join(top, path))] as const),
    ['better-sqlite3.node', readFileSync(join(top, module))],
  ]);
  return { assets, inputs: [...inputs, module], sbom: { sqlite: sqliteVersion() } };
}

function sqliteVersion(): string {
  const database = new Database(':memory:');
  try {
    return String(database.prepare('SELECT sqlite_version()').pluck().get());
  } finally {
    database.close();
  }
}
