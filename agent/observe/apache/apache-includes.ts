import { configLines } from '../../formats/apache-lines.ts';
import { hasWildcard } from '../../formats/nginx-glob.ts';
import { expandGlob } from '../nginx-globs.ts';
import { apacheLimits, mayEnter, note, type Place, type Reading } from './apache-reading.ts';

/** What to do with the lines of each file that an include brings in. */
export type ReadLines = (file: string, lines: ReturnType<typeof configLines>) => void;

/**
 * Reads what `Include` or `IncludeOptional` (`optional`) names by an absolute path: a file, a directory with all below
 * it, or a pattern. To `Include`, nothing found is an error; to both, a file that is there and cannot be read is one.
 */
export function includeFiles(
  reading: Reading,
  path: string,
  include: { optional: boolean; at: Place | undefined },
  read: ReadLines,
): void {
  if (!hasWildcard(path)) {
    includePath(reading, path, include, 0, read);
    return;
  }
  const found = expandGlob(reading.files, path, reading.isSpent);
  if (found.failure) note(reading, found.failure.detail, include.at, found.failure.reason);
  if (found.paths.length === 0 && !include.optional)
    note(reading, `Include/IncludeOptional: No matches for the wildcard '${path}', failing`, include.at, 'not-found');
  for (const each of found.paths) {
    if (reading.full) return;
    includePath(reading, each, include, 0, read);
  }
}

function includePath(
  reading: Reading,
  path: string,
  include: { optional: boolean; at: Place | undefined },
  depth: number,
  read: ReadLines,
): void {
  if (!mayEnter(reading, path, include.at)) return;
  const known = reading.lines.get(path) ?? open(reading, path);
  if ('reason' in known) {
    const names = known.reason === 'not-a-regular-file' ? reading.files.list(path) : undefined;
    if (names?.ok) includeDirectory(reading, path, names.value, include, depth, read);
    else if (known.reason !== 'not-found' || !include.optional)
      note(reading, `Could not open configuration file ${path}: ${known.detail}`, include.at, known.reason);
    return;
  }
  reading.bytes += known.bytes;
  reading.stack.push(path);
  read(path, known.lines);
  reading.stack.pop();
}

function includeDirectory(
  reading: Reading,
  path: string,
  names: string[],
  include: { optional: boolean; at: Place | undefined },
  depth: number,
  read: ReadLines,
): void {
  const most = apacheLimits.directories;
  if (depth >= most) {
    const detail = `Directory ${path} exceeds the maximum include directory nesting level of ${most}`;
    note(reading, detail, include.at, 'too-many-includes');
    return;
  }
  for (const name of names) {
    if (reading.full) return;
    includePath(reading, `${path.replace(/\/+$/, '')}/${name}`, include, depth + 1, read);
  }
}

function open(reading: Reading, path: string) {
  const content = reading.files.read(path);
  if (!content.ok) return content.failure;
  // A byte order mark stays: httpd trips over it.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(content.value.bytes);
  const file = { lines: configLines(text), bytes: content.value.bytes.length };
  reading.lines.set(path, file);
  reading.configFiles.push(path);
  return file;
}
