import { gzipSync } from 'node:zlib';
import { completionFor } from '@certherd/command-line/completion';
import { agentProgram } from '../../agent/commands/program.ts';
import { collectorProgram } from '../../collector/commands/program.ts';
import { type App, type PackageFormat, type ProgramName, programOf } from './targets.ts';

/** One file of a package. Owner and group are root's everywhere. */
export interface PackagedFile {
  /** Absolute, as installed. */
  path: string;
  mode: 0o644 | 0o755;
  body: Uint8Array | string;
  /** What an administrator edits: upgrades keep it. In an .rpm alone. */
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
    ...[...deploy].flatMap(([path, text]) => installed(app, format, path, text)),
    ...completions(app, name, format),
    { path: `${documents}/changelog.gz`, mode: 0o644, body: compressed(changelog) },
    { path: `${documents}/notices.gz`, mode: 0o644, body: compressed(notices) },
    { path: `${documents}/sbom.cdx.json.gz`, mode: 0o644, body: compressed(sbom) },
    ...(format === 'deb' ? forDebian(app, name, documents) : []),
  ];
  return files.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** Where a file of deploy/ belongs, if it is this app's. */
function installed(app: App, format: PackageFormat, path: string, text: string): PackagedFile[] {
  const name = programOf(app);
  const [, folder, file = ''] = /^deploy\/(systemd|man|config)\/([^/]+)$/.exec(path) ?? [];
  const mode = 0o644;
  if (folder === 'config' && file === `${app}.toml`)
    return [
      // dpkg would ask about a file of its own at each upgrade that changes a comment in it; postinst writes this one where there is none.
      format === 'deb'
        ? { path: `/usr/share/${name}/${file}`, mode, body: text }
        : { path: `/etc/certherd/${file}`, mode, body: text, isConfig: true },
    ];
  if (folder === 'man' && file === `${name}.1`)
    return [{ path: `/usr/share/man/man1/${file}.gz`, mode, body: compressed(text) }];
  // For systems whose systemd knows what is in it: the administrator puts it where it counts.
  if (folder === 'systemd' && file === 'certherd-restart-steps.conf')
    return [{ path: `/usr/share/doc/${name}/examples/${file}`, mode, body: text }];
  const isOwn = file.startsWith(`${name}.`) || (app === 'agent' && file.startsWith('certherd-act'));
  if (folder !== 'systemd' || !isOwn) return [];
  if (file.endsWith('.sysusers.conf')) return [{ path: `/usr/lib/sysusers.d/${name}.conf`, mode, body: text }];
  if (file.endsWith('.preset')) return [{ path: `/usr/lib/systemd/system-preset/80-${file}`, mode, body: text }];
  return [{ path: `/usr/lib/systemd/system/${file}`, mode, body: text }];
}

function completions(app: App, name: ProgramName, format: PackageFormat): PackagedFile[] {
  const made = (path: string, shell: string): PackagedFile => {
    const completion = app === 'agent' ? completionFor(agentProgram, shell) : completionFor(collectorProgram, shell);
    if (!completion.ok) throw new Error(completion.failure);
    return { path: `/usr/share/${path}`, mode: 0o644, body: `${completion.value}\n` };
  };
  return [
    made(`bash-completion/completions/${name}`, 'bash'),
    made(`fish/vendor_completions.d/${name}.fish`, 'fish'),
    made(`zsh/${format === 'deb' ? 'vendor-completions' : 'site-functions'}/_${name}`, 'zsh'),
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
  const reads = [
    '# The doctor looks there whether certbot is a package of the distribution; nothing is changed.',
    `${name}: uses-dpkg-database-directly [usr/bin/${name}]`,
  ];
  return `${[
    '# One executable: Node.js, with the libraries that its makers link into it, tested together.',
    `${name}: embedded-library *`,
    "# Node's makers build it without.",
    `${name}: hardening-no-pie [usr/bin/${name}]`,
    ...(app === 'agent' ? reads : []),
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
