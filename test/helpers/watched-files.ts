import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { HostFiles } from '../../agent/host-ports.ts';

/** Root's files, whoever runs the test; every change may fail, or be the last one. */
export function watchedFiles(
  real: HostFiles,
  root: string,
  changing: <T>(work: () => T, half?: () => void) => T,
  failing: () => ((change: string) => NodeJS.ErrnoException['code'] | undefined) | undefined,
): HostFiles {
  const may = (what: string, work: () => ReturnType<HostFiles['remove']>, half?: () => void) => {
    const code = failing()?.(what);
    if (code === undefined) return changing(work, half);
    const reason = code === 'ENOSPC' ? 'disk-full' : code === 'EROFS' ? 'read-only' : 'permission-denied';
    return { ok: false as const, failure: { reason, detail: `${what}: ${code}` } as const };
  };
  const half = (file: string) => () =>
    fs.writeFileSync(path.join(root, path.dirname(file), `.${path.basename(file)}.certherd-new`), 'half');
  return {
    ...real,
    standing: (file) => {
      const found = real.standing(file);
      return found && { ...found, uid: 0, gid: 0, mode: found.mode & ~0o022 };
    },
    closed: () => undefined,
    own: (directory) => may(`own ${directory}`, () => ({ ok: true, value: undefined })),
    write: (file, content, mode) => may(`write ${file}`, () => real.write(file, content, mode), half(file)),
    copy: (from, to, mode) => may(`copy ${to}`, () => real.copy(from, to, mode), half(to)),
    share: (from, to) => may(`share ${to}`, () => real.share(from, to), half(to)),
    rename: (from, to) => may(`rename ${to}`, () => real.rename(from, to)),
    makeDirectory: (directory, mode) => may(`make ${directory}`, () => real.makeDirectory(directory, mode)),
    remove: (file) => changing(() => real.remove(file)),
    removeTree: (directory) => changing(() => real.removeTree(directory)),
  };
}

/** All that is below, with modes and contents. */
export function treeOf(root: string): string[] {
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const { mode } = fs.lstatSync(file);
      const content = entry.isFile()
        ? createHash('sha256').update(fs.readFileSync(file)).digest('hex').slice(0, 8)
        : '';
      return `${file.slice(root.length)} ${(mode & 0o7777).toString(8)} ${content}`;
    })
    .sort();
}
