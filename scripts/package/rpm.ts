import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { maintainer } from './changelog.ts';
import type { PackageParts } from './deb.ts';
import { descriptions } from './descriptions.ts';
import { must, plainEnvironment } from './programs.ts';
import { stage } from './stage.ts';
import { namesOf, programOf } from './targets.ts';

/** Writes an .rpm below `output`, with rpmbuild; gives its path. `folder` is an empty one that it may fill. */
export async function makeRpm(output: string, folder: string, parts: PackageParts): Promise<string> {
  const { app, architecture, version, epoch, files } = parts;
  const name = `${programOf(app)}-${version}-1.${namesOf[architecture].rpm}.rpm`;
  const root = join(folder, 'root');
  stage(root, files, epoch);
  const spec = join(folder, 'package.spec');
  writeFileSync(spec, specOf(parts));
  mkdirSync(join(folder, 'home'));
  const argv = ['-bb', '--quiet', '--target', namesOf[architecture].rpm, '--buildroot', root];
  const defines = [`_topdir ${join(folder, 'top')}`, `_rpmdir ${folder}`, `_rpmfilename ${name}`];
  await must(['/usr/bin/rpmbuild', ...argv, ...defines.flatMap((define) => ['--define', define]), spec], {
    env: { ...plainEnvironment, HOME: join(folder, 'home'), SOURCE_DATE_EPOCH: String(epoch) },
  });
  renameSync(join(folder, name), join(output, name));
  return join(output, name);
}

/** The spec file (rpm-spec(5)): what is laid out is packed as it is; nothing is built or changed by it. */
export function specOf({ app, version, files, scripts, compression }: PackageParts): string {
  const { summary, text } = descriptions[app];
  const name = programOf(app);
  const sections = [...scripts].map(([section, body]) => `%${section}\n${escaped(body)}`);
  return [
    // Times are the commit's, names no machine's; no build-id links, no stripping, no compressing again.
    '%global use_source_date_epoch_as_buildtime 1',
    '%global clamp_mtime_to_source_date_epoch 1',
    '%global _buildhost certherd.invalid',
    '%global _build_id_links none',
    '%global debug_package %{nil}',
    `%global _binary_payload ${compression === 'small' ? 'w6.xzdio' : 'w1.gzdio'}`,
    `Name: ${name}`,
    `Version: ${version}`,
    'Release: 1',
    `Summary: ${capitalised(summary)}`,
    'License: Apache-2.0',
    `Packager: ${maintainer}`,
    '%description',
    ...text.map(escaped),
    ...sections,
    '%files',
    ...ownDirectories(files).map((path) => `%dir %attr(0755, root, root) ${path}`),
    ...files.map(({ path, mode, isConfig }) => {
      const kind = isConfig === true ? '%config(noreplace) ' : path.startsWith('/usr/share/doc/') ? '%doc ' : '';
      return `${kind}%attr(0${mode.toString(8)}, root, root) ${path}`;
    }),
    '',
  ].join('\n');
}

/** What the smallest system of every distribution has. */
const common = [
  ['/etc', '/usr/bin', '/usr/lib', '/usr/lib/systemd', '/usr/lib/systemd/system', '/usr/lib/systemd/system-preset'],
  ['/usr/lib/sysusers.d', '/usr/share', '/usr/share/doc', '/usr/share/man', '/usr/share/man/man1'],
  ['/usr/share/bash-completion', '/usr/share/bash-completion/completions', '/usr', '/'],
].flat();

/** All others above a file, the upper ones first. rpm leaves a directory that no package owns, and lets several own one. */
function ownDirectories(files: PackageParts['files']): string[] {
  const above = (path: string): string[] => (common.includes(path) ? [] : [...above(dirname(path)), path]);
  return [...new Set(files.flatMap(({ path }) => above(dirname(path))))];
}

/** In a spec file a percent sign begins a macro. */
function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
