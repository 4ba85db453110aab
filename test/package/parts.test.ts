import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { packageVersion } from '../../scripts/package/build.ts';
import { bundledPackages, noticesOf } from '../../scripts/package/bundled.ts';
import { debianChangelog } from '../../scripts/package/changelog.ts';
import { contentsOf, type PackagedFile } from '../../scripts/package/contents.ts';
import { controlOf, type PackageParts } from '../../scripts/package/deb.ts';
import { deployTexts, packageScripts } from '../../scripts/package/embedded.ts';
import { readOptions, usage } from '../../scripts/package/options.ts';
import { specOf } from '../../scripts/package/rpm.ts';
import { sbomOf } from '../../scripts/package/sbom.ts';
import { missingTools } from '../../scripts/package/tools.ts';

const top = join(import.meta.dirname, '../..');
const identity = { version: '1.2.3', commit: 'c'.repeat(40), epoch: 1_700_000_000 };
const file = (path: string, more: Partial<PackagedFile> = {}): PackagedFile => ({
  path,
  mode: 0o644,
  body: 'x'.repeat(1500),
  ...more,
});
const parts: PackageParts = {
  app: 'agent',
  architecture: 'arm64',
  version: '1.2.3',
  epoch: identity.epoch,
  files: [file('/etc/certherd/agent.toml', { isConfig: true }), file('/usr/bin/certherd-agent', { mode: 0o755 })],
  scripts: new Map([['post', 'echo "100%"\n']]),
  compression: 'quick',
};

test('the control file names the machine as Debian does, and what the binary is linked with', (t) => {
  const lines = controlOf(parts).split('\n');
  for (const line of ['Package: certherd-agent', 'Version: 1.2.3', 'Architecture: arm64', 'Installed-Size: 4'])
    t.true(lines.includes(line), line);
  t.regex(lines.find((line) => line.startsWith('Depends: ')) ?? '', /libc6 \(>= 2\.28\)/);
  t.regex(controlOf({ ...parts, app: 'collector' }), /^Depends: libc6 \(>= 2\.34\)/m);
  t.notRegex(controlOf(parts), /^(?:Recommends|Suggests):/m);
  for (const line of lines) t.true(line.length <= 80, line);
});

test('the spec file packs what is laid out, keeps edited settings, and expands no percent sign of a scriptlet', (t) => {
  const spec = specOf(parts);
  t.regex(spec, /^%config\(noreplace\) %attr\(0644, root, root\) \/etc\/certherd\/agent\.toml$/m);
  t.regex(spec, /^%attr\(0755, root, root\) \/usr\/bin\/certherd-agent$/m);
  t.regex(spec, /^%post\necho "100%%"$/m);
  t.notRegex(spec, /^%(?:build|install)/m);
  t.regex(spec, /^%dir %attr\(0755, root, root\) \/etc\/certherd$/m, 'else it would stay');
  t.notRegex(spec, /^%dir .* \/(?:etc|usr\/bin)$/m);
});

test('the changelog is Debian’s format with the words of the page, each line within 80 columns', (t) => {
  const page = `# Changelog\n\nNewest first.\n\n## 1.3.0 (unreleased)\n\nIntro.\n\n- \`check\`: ${'word '.repeat(40)}end.\n- Two.\n\n## 1.2.0 (2026-01-02)\n\n- Old.\n`;
  const text = debianChangelog('certherd-agent', identity, page);
  t.regex(text, /^certherd-agent \(1\.2\.3\) stable; urgency=medium\n\n {2}\* `check`: word/);
  t.regex(text, /\n {2}\* Two\.\n\n -- .+ <.+@.+> {2}Tue, 14 Nov 2023 22:13:20 \+0000\n/);
  t.regex(text, /\ncertherd-agent \(1\.2\.0\) stable; urgency=medium\n\n {2}\* Old\.\n/);
  for (const line of text.split('\n')) t.true(line.length <= 80 || line.startsWith(' -- '), line);
});

test('each app has its own files where the distributions look for them', (t) => {
  const deploy = deployTexts(top);
  const made = (app: 'agent' | 'collector', format: 'deb' | 'rpm') =>
    contentsOf({ app, format, binary: Buffer.from('elf'), deploy, changelog: '', notices: '', sbom: '' });
  const paths = made('agent', 'deb').map(({ path }) => path);
  t.deepEqual(paths, paths.toSorted());
  for (const path of [
    '/usr/bin/certherd-agent',
    '/usr/lib/systemd/system/certherd-act.socket',
    '/usr/lib/systemd/system/certherd-act@.service',
    '/usr/lib/systemd/system/certherd-agent.service',
    '/usr/lib/systemd/system-preset/80-certherd-agent.preset',
    '/usr/lib/sysusers.d/certherd-agent.conf',
    '/usr/share/man/man1/certherd-agent.1.gz',
    '/usr/share/doc/certherd-agent/copyright',
    '/usr/share/bash-completion/completions/certherd-agent',
  ])
    t.true(paths.includes(path), path);
  t.false(paths.some((path) => path.includes('collector')));
  const executable = made('agent', 'deb').filter(({ mode }) => mode === 0o755);
  t.deepEqual(
    executable.map(({ path }) => path),
    ['/usr/bin/certherd-agent'],
  );
  const collector = made('collector', 'rpm').map(({ path }) => path);
  t.true(collector.includes('/usr/lib/systemd/system/certherd-collector.service'));
  t.false(
    collector.some((path) => /agent|act[@.]|lintian/.test(path)),
    collector.join(' '),
  );
});

test('settings below deploy/config are kept by upgrades, and dpkg has none to ask about', (t) => {
  const deploy = new Map([['deploy/config/agent.toml', 'mode = "observe"\n']]);
  const of = (app: 'agent' | 'collector', format: 'deb' | 'rpm') =>
    contentsOf({ app, format, binary: Buffer.from(''), deploy, changelog: '', notices: '', sbom: '' });
  const [config] = of('agent', 'rpm');
  t.like(config, { path: '/etc/certherd/agent.toml', mode: 0o644, isConfig: true });
  t.false(of('collector', 'rpm').some(({ isConfig }) => isConfig));
  const debian = of('agent', 'deb');
  t.true(debian.some(({ path }) => path === '/usr/share/certherd-agent/agent.toml'));
  t.false(debian.some(({ path, isConfig }) => isConfig || path.startsWith('/etc/')));
});

test('no maintainer script or scriptlet enables act’s socket', (t) => {
  for (const format of ['deb', 'rpm'] as const)
    for (const app of ['agent', 'collector']) {
      const scripts = packageScripts(top, format, `certherd-${app}`);
      t.deepEqual(
        [...scripts.keys()],
        (format === 'deb' ? ['postinst', 'postrm', 'preinst', 'prerm'] : ['post', 'postun', 'pre', 'preun']).filter(
          (name) => app === 'agent' || !['preinst', 'pre'].includes(name),
        ),
      );
      for (const text of scripts.values()) t.notRegex(text, /(?:enable|start|preset)[^\n]*certherd-act/);
    }
});

test('the SBOM names what is bundled as the lockfile pins it, Node and what Node is linked with, and is always the same', (t) => {
  const lock: { packages: object } = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8'));
  // Commander is in more than one version: ours is below a workspace.
  const nested = Object.keys(lock.packages).find((path) => /^[a-z-]+\/node_modules\/commander$/.test(path)) ?? '';
  const packages = bundledPackages(top, [
    'agent/main.ts',
    'node_modules/ws/lib/websocket.js',
    `${nested}/lib/command.js`,
    'node_modules/pino/lib/proto.js',
    'node_modules/sonic-boom/index.js',
    'node_modules/@pinojs/redact/index.js',
  ]);
  t.deepEqual(packages.find(({ name }) => name === 'pino')?.dependsOn, [
    'node_modules/@pinojs/redact',
    'node_modules/sonic-boom',
  ]);
  const node = { version: '24.21.0', linked: { openssl: '3.5.1', uv: '1.51.0' } };
  const made = () => sbomOf({ program: 'certherd-agent', identity, packages, node });
  t.is(made(), made());
  const sbom = JSON.parse(made());
  t.like(sbom, { bomFormat: 'CycloneDX', specVersion: '1.6' });
  t.regex(sbom.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const names = sbom.components.map(({ group, name }: { group?: string; name: string }) =>
    group ? `${group}/${name}` : name,
  );
  t.deepEqual(names.sort(), ['@pinojs/redact', 'commander', 'node', 'pino', 'sonic-boom', 'ws']);
  const ws = sbom.components.find(({ name }: { name: string }) => name === 'ws');
  t.regex(ws.purl, /^pkg:npm\/ws@\d/);
  t.regex(ws.hashes[0].content, /^[0-9a-f]{128}$/);
  const runtime = sbom.components.find(({ name }: { name: string }) => name === 'node');
  t.deepEqual(
    runtime.components.map(({ name }: { name: string }) => name),
    ['openssl', 'uv'],
  );
  t.is(runtime.cpe, 'cpe:2.3:a:nodejs:node.js:24.21.0:*:*:*:*:*:*:*');
});

test('the licences of what is bundled are passed on', (t) => {
  const packages = bundledPackages(top, ['node_modules/ws/lib/websocket.js']);
  const text = noticesOf(top, packages, { version: '24.21.0', licence: 'NODE LICENCE' });
  t.regex(text, /ws \d[^\n]*\nLicence: MIT\n\n[\s\S]*Permission is hereby granted/);
  t.true(text.includes('Node.js 24.21.0\n\nNODE LICENCE'));
});

test('the command line asks for all by default, for what it is told else, and refuses what it does not know', (t) => {
  t.like(readOptions([], '/top'), { output: '/top/build', compression: 'small' });
  t.like(readOptions(['--only', 'agent', '--arch', 'x64', '--no-packages', '--quick', '--output', '/out'], '/top'), {
    apps: ['agent'],
    architectures: ['x64'],
    formats: [],
    compression: 'quick',
    output: '/out',
  });
  t.is(readOptions(['--arch', 'mips'], '/top'), '--arch: x64 or arm64, not "mips"');
  t.regex(JSON.stringify(readOptions(['--colour'], '/top')), /--colour/);
  t.is(readOptions(['--help', '--quick'], '/top'), undefined);
  for (const line of usage.split('\n')) t.true(line.length <= 128, line);
});

test('what a build would start and is not there is told before', (t) => {
  const wanted = { architectures: ['x64', 'arm64'], formats: ['deb', 'rpm'] } as const;
  t.deepEqual(
    missingTools(wanted, () => true),
    [],
  );
  const missing = missingTools(wanted, (path) => !/rpmbuild|aarch64|x86_64/.test(path));
  t.is(missing.length, 2, missing.join(' '));
  t.true(missing.includes('/usr/bin/rpmbuild'));
});

test('what comes before a release is older than it for dpkg and rpm', (t) => {
  t.is(packageVersion('1.0.0-rc.1'), '1.0.0~rc.1');
  t.is(packageVersion('1.0.0'), '1.0.0');
});
