import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of the registry that a binary holds code of. */
export interface BundledPackage {
  /** Its folder, as package-lock.json names it: node_modules/ws. */
  folder: string;
  name: string;
  version: string;
  /** SPDX expression, as its manifest says it. */
  licence: string;
  /** The lockfile's checksum of its archive: "sha512-" and base64. */
  integrity: string | undefined;
  /** Folders of those among the bundled packages that it depends on. */
  dependsOn: string[];
}

interface Lock {
  packages: Record<string, { version?: string; license?: string; integrity?: string; dependencies?: object }>;
}

/** The packages that files come from (paths below `top`), as the lockfile pins them, sorted by folder. */
export function bundledPackages(top: string, inputs: readonly string[]): BundledPackage[] {
  const lock: Lock = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8'));
  const folders = new Set(inputs.flatMap((path) => folderOf(path) ?? []));
  return [...folders].sort().map((folder) => {
    const entry = lock.packages[folder];
    if (entry?.version === undefined) throw new Error(`${folder} is bundled, but not in package-lock.json`);
    const wanted = Object.keys(entry.dependencies ?? {});
    return {
      folder,
      name: nameOf(folder),
      version: entry.version,
      licence: entry.license ?? 'UNKNOWN',
      integrity: entry.integrity,
      dependsOn: wanted.flatMap((name) => placeOf(folder, name, folders) ?? []).sort(),
    };
  });
}

/** The nearest package folder above a file; undefined for the project's own. */
function folderOf(path: string): string | undefined {
  return /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0];
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** Where Node finds `name` from within `folder`: in it, or in the nearest folder above. */
function placeOf(folder: string, name: string, folders: ReadonlySet<string>): string | undefined {
  const levels = folder.split(/\/?node_modules\//).filter(Boolean).length;
  const above = Array.from({ length: levels }, (_, place) => ancestor(folder, place));
  return [...above, ''].map((from) => join(from, 'node_modules', name)).find((place) => folders.has(place));
}

/** The package folder that is `steps` packages above. */
function ancestor(folder: string, steps: number): string {
  return Array.from({ length: steps }).reduce<string>(
    (from) => from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))),
    folder,
  );
}

/** The licence texts of everything in a binary, Node's own last: they ask to be passed on. */
export function noticesOf(
  top: string,
  packages: readonly BundledPackage[],
  node: { version: string; licence: string },
): string {
  const parts = packages.map(({ folder, name, version, licence }) => {
    const texts = readdirSync(join(top, folder)).filter((file) => /^(?:licen[cs]e|copying|notice)/i.test(file));
    const bodies = texts.sort().map((file) => readFileSync(join(top, folder, file), 'utf8').trim());
    return `${name} ${version}\nLicence: ${licence}\n\n${bodies.join('\n\n') || '(It comes with no text of its licence.)'}`;
  });
  const intro = 'What this program holds of others, and under which licences.';
  return `${[intro, ...parts, `Node.js ${node.version}\n\n${node.licence.trim()}`].join(`\n\n${'-'.repeat(72)}\n\n`)}\n`;
}
