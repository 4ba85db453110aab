import fs from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/** One import of one source file: where from, and the file or the package that it names. */
export interface Import {
  from: string;
  /** Path below the repository's root, or the package's name as written. */
  to: string;
  dynamic: boolean;
  typeOnly: boolean;
}

/** Source files below a folder of the repository, as paths below its root. */
export function sources(folder: string): string[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.parentPath.includes('node_modules'))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

export function importsOf(file: string): Import[] {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const written = [
    ...text.matchAll(
      /^(?:import|export)\s(type\s)?[^;]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
    ),
  ];
  return written.map(([, type, named, bare, dynamic]) => {
    const target = named ?? bare ?? dynamic ?? '';
    return { from: file, to: resolved(file, target), dynamic: dynamic !== undefined, typeOnly: type !== undefined };
  });
}

function resolved(file: string, target: string): string {
  if (target.startsWith('.')) return path.relative(root, path.resolve(root, path.dirname(file), target));
  const shared = /^@certherd\/(protocol|command-line|x509|handshake)\/(.+)$/.exec(target);
  return shared ? `${shared[1]}/${shared[2]}.ts` : target;
}

/** Files and packages that loading `entry` loads, dynamic imports and types left out. */
export function loadedBy(entry: string): Set<string> {
  const seen = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!fs.existsSync(path.join(root, file)) || !/\.tsx?$/.test(file)) return;
    for (const { to, dynamic, typeOnly } of importsOf(file)) if (!dynamic && !typeOnly) visit(to);
  };
  visit(entry);
  return seen;
}
