import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { makeBinary } from './binary.ts';
import { bundledPackages, noticesOf } from './bundled.ts';
import { debianChangelog } from './changelog.ts';
import { codeOf } from './code.ts';
import { contentsOf } from './contents.ts';
import { makeDeb, type PackageParts } from './deb.ts';
import { deployTexts, packageScripts } from './embedded.ts';
import type { Identity } from './identity.ts';
import { nodeBinary } from './node-binary.ts';
import { makeRpm } from './rpm.ts';
import { extrasOf } from './extras.ts';
import { sbomOf } from './sbom.ts';
import { startFlags } from './start-flags.ts';
import { type App, type Architecture, namesOf, type PackageFormat, programOf } from './targets.ts';
import { runnerFor } from './tools.ts';

export interface BuildOptions {
  /** The repository. */
  top: string;
  /** Where the files go; made if it is not there. */
  output: string;
  /** Where slow intermediate results are kept from build to build. */
  cache: string;
  identity: Identity;
  apps: readonly App[];
  architectures: readonly Architecture[];
  formats: readonly PackageFormat[];
  compression: PackageParts['compression'];
  /** Told what begins. */
  progress: (step: string) => void;
}

/** What was built for one app and one architecture: absolute paths. */
export interface Built {
  app: App;
  architecture: Architecture;
  binary: string;
  sbom: string;
  packages: Partial<Record<PackageFormat, string>>;
}

/** Builds everything that is asked for, and SHA256SUMS of it. */
export async function buildAll(options: BuildOptions): Promise<Built[]> {
  mkdirSync(options.output, { recursive: true });
  const built: Built[] = [];
  for (const architecture of options.architectures)
    for (const app of options.apps) built.push(await buildOne(options, app, architecture));
  const files = built.flatMap(({ binary, sbom, packages }) => [binary, sbom, ...Object.values(packages)]);
  writeFileSync(join(options.output, 'SHA256SUMS'), checksums(files));
  return built;
}

async function buildOne(options: BuildOptions, app: App, architecture: Architecture): Promise<Built> {
  const { top, output, cache, identity, formats, compression, progress } = options;
  const program = programOf(app);
  progress(`${program} ${architecture}: binary`);
  const node = await nodeBinary(top, cache, architecture);
  const code = await codeOf(top, app, identity, node, runnerFor(architecture));
  if (!code.isCompiled)
    progress(
      `${program} ${architecture}: it will start slower: without ${namesOf[architecture].qemu} and its libraries V8 cannot compile for it`,
    );
  const deploy = deployTexts(top);
  const extras = await extrasOf(top, app, architecture);
  const binary = join(output, `${program}-linux-${architecture}`);
  await makeBinary(binary, architecture, node, {
    name: program,
    code: code.front,
    assets: new Map([...extras.assets, ...code.assets]),
    flags: startFlags[app],
  });
  chmodSync(binary, 0o755);

  const packages = bundledPackages(top, [...code.inputs, ...extras.inputs]);
  const linked = linkedWith(node.version);
  const sbomText = sbomOf({ program, identity, packages, node: { version: node.version, linked }, ...extras.sbom });
  const sbom = join(output, `${program}-linux-${architecture}.cdx.json`);
  writeFileSync(sbom, sbomText);

  const contents = {
    app,
    binary: readFileSync(binary),
    deploy,
    changelog: debianChangelog(
      program,
      { ...identity, version: packageVersion(identity.version) },
      readFileSync(join(top, 'CHANGELOG.md'), 'utf8'),
    ),
    notices: noticesOf(top, packages, node),
    sbom: sbomText,
  };
  const made = formats.map(async (format) => {
    progress(`${program} ${architecture}: .${format}`);
    const { epoch } = identity;
    const version = packageVersion(identity.version);
    const files = contentsOf({ ...contents, format });
    const scripts = packageScripts(top, format, program);
    const parts: PackageParts = { app, architecture, version, epoch, files, scripts, compression };
    const make = format === 'deb' ? makeDeb : makeRpm;
    return [format, await inFolder((folder) => make(output, folder, parts))] as const;
  });
  return { app, architecture, binary, sbom, packages: Object.fromEntries(await Promise.all(made)) };
}

/** The libraries in Node's executable, which is of the same version as the one that runs this. */
function linkedWith(version: string): Record<string, string> {
  if (process.versions.node !== version)
    throw new Error(`this runs on Node ${process.versions.node}; build with npm run package, which uses ${version}`);
  const others = new Set(['node', 'modules', 'napi', 'unicode', 'cldr', 'tz']);
  // Of what is not built in the version is empty.
  const all = Object.entries(process.versions).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return Object.fromEntries(all.filter(([name]) => !others.has(name)));
}

/** dpkg and rpm sort what comes before a release by a tilde: 1.0.0~rc.1 is older than 1.0.0. */
export function packageVersion(version: string): string {
  return version.replace('-', '~');
}

/** As sha256sum(1) reads them, by name. */
function checksums(files: readonly string[]): string {
  const sorted = [...files].sort((one, other) => (basename(one) < basename(other) ? -1 : 1));
  return sorted
    .map((file) => `${createHash('sha256').update(readFileSync(file)).digest('hex')}  ${basename(file)}\n`)
    .join('');
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'certherd-package-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
