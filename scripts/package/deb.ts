import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { maintainer } from './changelog.ts';
import type { PackagedFile } from './contents.ts';
import { descriptions } from './descriptions.ts';
import { must, plainEnvironment } from './programs.ts';
import { stage } from './stage.ts';
import { type App, type Architecture, namesOf, programOf } from './targets.ts';

export interface PackageParts {
  app: App;
  architecture: Architecture;
  version: string;
  epoch: number;
  files: readonly PackagedFile[];
  /** Maintainer scripts or scriptlets by their name (postinst, preun). */
  scripts: ReadonlyMap<string, string>;
  /** `small` takes a minute and is a third of `quick`. */
  compression: 'small' | 'quick';
}

/** Writes a .deb below `output`, with dpkg-deb; gives its path. `folder` is an empty one that it may fill. */
export async function makeDeb(output: string, folder: string, parts: PackageParts): Promise<string> {
  const { app, architecture, version, epoch, files, scripts, compression } = parts;
  const path = join(output, `${programOf(app)}_${version}_${namesOf[architecture].debian}.deb`);
  const root = join(folder, 'root');
  const control = join(root, 'DEBIAN');
  mkdirSync(control, { recursive: true });
  const texts = { control: controlOf(parts), md5sums: md5sums(files) };
  for (const [name, text] of [...Object.entries(texts), ...scripts]) {
    writeFileSync(join(control, name), text);
    chmodSync(join(control, name), scripts.has(name) ? 0o755 : 0o644);
  }
  stage(root, files, epoch);
  // One thread: xz's blocks, and so the bytes, depend on their number.
  const how = compression === 'small' ? ['-Zxz', '-z6', '--threads-max=1'] : ['-Zgzip', '-z1'];
  await must(['/usr/bin/dpkg-deb', '--root-owner-group', ...how, '-b', root, path], {
    env: { ...plainEnvironment, SOURCE_DATE_EPOCH: String(epoch) },
  });
  return path;
}

/** deb-control(5). */
export function controlOf({ app, architecture, version, files }: PackageParts): string {
  const { summary, text, depends } = descriptions[app];
  const bytes = files.reduce((sum, { body }) => sum + Math.ceil(body.length / 1024), 0);
  return `${[
    `Package: ${programOf(app)}`,
    `Version: ${version}`,
    `Architecture: ${namesOf[architecture].debian}`,
    `Maintainer: ${maintainer}`,
    `Installed-Size: ${bytes}`,
    `Depends: ${depends.join(', ')}`,
    'Section: admin',
    'Priority: optional',
    `Description: ${summary}`,
    ...text.map((line) => (line === '' ? ' .' : ` ${line}`)),
  ].join('\n')}\n`;
}

/** In the order of their paths. */
function md5sums(files: readonly PackagedFile[]): string {
  return files.map(({ path, body }) => `${createHash('md5').update(body).digest('hex')}  ${path.slice(1)}\n`).join('');
}
