import { gzipSync } from 'node:zlib';
import { commandTable } from '../../agent/commands/command-table.ts';
import { bashCompletion } from '../../agent/commands/completion-bash.ts';
import { fishCompletion } from '../../agent/commands/completion-fish.ts';
import { zshCompletion } from '../../agent/commands/completion-zsh.ts';
import { type App, type PackageFormat, type ProgramName, programOf } from './targets.ts';

/** One file of a package. Owner and group are root's everywhere. */
export interface PackagedFile {
  /** Absolute, as installed. */
  path: string;
  mode: 0o644 | 0o755;
  body: Uint8Array | string;
  /** What an administrator edits: upgrades keep it. */
  isConfig?: true;
}

export interface ContentParts {
  app: App;
  format: PackageFormat;
  binary: Uint8Array;
  /** Texts of the repository below deploy/, by their path in it. */
  deploy: ReadonlyMap<string, string>;
  changelog: string;
  notices: string;
  sbom: string;
}

/** All files of an app's package, sorted by path. What a format's own systems look for elsewhere, or not at all, differs. */
export function contentsOf({ app, format, binary, deploy, changelog, notices, sbom }: ContentParts): PackagedFile[] {
  const name = programOf(app);
  const documents = `/usr/share/doc/${name}`;
  const files: PackagedFile[] = [
    { path: `/usr/bin/${name}`, mode: 0o755, body: binary },
    ...[...deploy].flatMap(([path, text]) => installed(app, name, path, text)),
    ...(app === 'agent' ? completions(name, format) : []),
    { path: `${documents}/changelog.gz`, mode: 0o644, body: compressed(changelog) },
    { path: `${documents}/notices.gz`, mode: 0o644, body: compressed(notices) },
    { path: `${documents}/sbom.cdx.json.gz`, mode: 0o644, body: compressed(sbom) },
    ...(format === 'deb' ? forDebian(app, name, documents) : []),
  ];
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** Where a file of deploy/ belongs, if it is this app's. */
function installed(app: App, name: ProgramName, path: string, text: string): PackagedFile[] {
  const [, folder, file = ''] = /^deploy\/(systemd|man|config)\/([^/]+)$/.exec(path) ?? [];
  const mode = 0o644;
  if (folder === 'config' && file === `${app}.toml`)
    return [{ path: `/etc/certherd/${file}`, mode, body: text, isConfig: true }];
  if (folder === 'man' && file === `${name}.1`)
    return [{ path: `/usr/share/man/man1/${file}.gz`, mode, body: compressed(text) }];
  const isOwn = file.startsWith(`${name}.`) || (app === 'agent' && file.startsWith('certherd-act'));
  if (folder !== 'systemd' || !isOwn) return [];
  if (file.endsWith('.sysusers.conf')) return [{ path: `/usr/lib/sysusers.d/${name}.conf`, mode, body: text }];
  if (file.endsWith('.preset')) return [{ path: `/usr/lib/systemd/system-preset/80-${file}`, mode, body: text }];
  return [{ path: `/usr/lib/systemd/system/${file}`, mode, body: text }];
}

function completions(name: ProgramName, format: PackageFormat): PackagedFile[] {
  const made = (path: string, make: typeof bashCompletion): PackagedFile => ({
    path: `/usr/share/${path}`,
    mode: 0o644,
    body: `${make(name, commandTable)}\n`,
  });
  return [
    made(`bash-completion/completions/${name}`, bashCompletion),
    made(`fish/vendor_completions.d/${name}.fish`, fishCompletion),
    made(`zsh/${format === 'deb' ? 'vendor-completions' : 'site-functions'}/_${name}`, zshCompletion),
  ];
}

/** Without a name or a time in it: zlib writes none. */
function compressed(text: string): Uint8Array {
  return gzipSync(text, { level: 9 });
}

function forDebian(app: App, name: ProgramName, documents: string): PackagedFile[] {
  return [
    { path: `${documents}/copyright`, mode: 0o644, body: copyright },
    { path: `/usr/share/lintian/overrides/${name}`, mode: 0o644, body: overrides(app, name) },
  ];
}

/** What lintian finds that is meant, with the reason. */
function overrides(app: App, name: ProgramName): string {
  const manual =
    app === 'collector' ? [`# It explains itself with --help.`, `${name}: no-manual-page [usr/bin/${name}]`] : [];
  return `${[
    '# One executable: Node.js, with the libraries that its makers link into it, tested together.',
    `${name}: embedded-library *`,
    "# Node's makers build it without.",
    `${name}: hardening-no-pie [usr/bin/${name}]`,
    ...manual,
  ].join('\n')}\n`;
}

const copyright = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Certherd
Comment: The program holds Node.js and packages of others. Their names, versions and licences are in
 notices.gz beside this file, and in sbom.cdx.json.gz for programs (CycloneDX).

Files: *
Copyright: 2026 the Certherd authors
License: Apache-2.0

License: Apache-2.0
 On Debian systems the text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`;
