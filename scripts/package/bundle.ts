import { join } from 'node:path';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import type { Identity } from './identity.ts';
import { leanPart, plainClock, plainNamespaces } from './lean.ts';
import { onlyCommand, withoutCommandLine } from './part.ts';
import { plainComments } from './plain-comments.ts';
import { type App, programOf } from './targets.ts';

/** One app as one CommonJS file, and which of the repository's files are in it. */
export interface Bundle {
  code: string;
  /** Paths below the repository's root of all files whose code is in it. */
  inputs: string[];
}

/**
 * Names are kept: a stack trace must say something. What is imported dynamically stays in the file and is evaluated only where it is
 * asked for; with `command` the file has that command alone (part.ts). esbuild itself is never inside: the page is bundled beforehand.
 */
export async function bundle(top: string, app: App, { version, commit }: Identity, command?: string): Promise<Bundle> {
  const made = await bundled(top, {
    entryPoints: [join(app, 'main.ts')],
    external: ['esbuild'],
    define: {
      builtVersion: JSON.stringify(version),
      builtCommit: JSON.stringify(commit),
      ...(command === 'run' && { 'performance.now': plainClock.name }),
    },
    // V8 keeps the text, and once a stack trace is written the end of each line. Names stay, and lines that a trace can point into.
    ...(command === 'run' && { minifyWhitespace: true, lineLimit: 160, footer: { js: plainClock.code } }),
    // Of files that are read from a clone only; a binary has them inside (shippedFile, getAsset).
    logOverride: { 'empty-import-meta': 'silent' },
    plugins: [
      plainComments,
      ...(command === undefined ? [] : [command === 'run' ? withoutCommandLine : onlyCommand(command), ...leanPart]),
    ],
  });
  return command === undefined ? made : { ...made, code: plainNamespaces(made.code) };
}

/** Packages that parts take when they need them: a module that exports each by its name. */
export async function bundlePackages(top: string, packages: readonly string[]): Promise<string> {
  const own = packages.map((name) => `'${name}': require('${name}')`);
  const contents = `module.exports = { ${own.join(', ')} };`;
  return (await bundled(top, { stdin: { contents, resolveDir: join(top, 'agent') } })).code;
}

/** What a binary starts with (front.ts), where these commands have a part of their own. */
export async function bundleFront(top: string, app: App, commands: readonly string[]): Promise<string> {
  const define = { builtProgram: JSON.stringify(programOf(app)), builtParts: JSON.stringify(commands) };
  return (await bundled(top, { entryPoints: ['scripts/package/front.ts'], define })).code;
}

async function bundled(top: string, options: BuildOptions & { entryPoints?: [string] }): Promise<Bundle> {
  const [entry = 'packages'] = options.entryPoints ?? [];
  const result = await build({
    ...options,
    absWorkingDir: top,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const [output] = result.outputFiles;
  if (!output || result.warnings.length > 0)
    throw new Error(`${entry}: esbuild: ${result.warnings.map(({ text }) => text).join('; ') || 'no output'}`);
  const [beyond] = /^.*[\u{80}-\u{10ffff}].*$/mu.exec(output.text) ?? [];
  if (beyond !== undefined)
    throw new Error(`${entry}: V8 keeps it in twice the memory for one character: ${beyond.trim()}`);
  return { code: output.text, inputs: inputsOf(result.metafile) };
}

/** Files that a bundle holds at least one byte of. */
function inputsOf({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return [...new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path))].sort();
}
