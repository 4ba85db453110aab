import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import type { Identity } from './identity.ts';
import type { App } from './targets.ts';

/** One app as one CommonJS file, and which of the repository's files are in it. */
export interface Bundle {
  code: string;
  /** Paths below the repository's root of all files whose code is in it. */
  inputs: string[];
}

/**
 * Not minified: a stack trace must say something. What is imported dynamically stays in the file and is evaluated only where it is
 * asked for. esbuild itself is never inside: the page is bundled beforehand.
 */
export async function bundle(top: string, app: App, { version, commit }: Identity): Promise<Bundle> {
  const result = await build({
    absWorkingDir: top,
    entryPoints: [join(app, 'main.ts')],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    external: ['esbuild'],
    define: { builtVersion: JSON.stringify(version), builtCommit: JSON.stringify(commit) },
    legalComments: 'none',
    // Of files that are read from a clone only; a binary has them inside (shippedFile, getAsset).
    logOverride: { 'empty-import-meta': 'silent' },
    logLevel: 'silent',
  });
  const [output] = result.outputFiles;
  if (!output || result.warnings.length > 0)
    throw new Error(`${app}: esbuild: ${result.warnings.map(({ text }) => text).join('; ') || 'no output'}`);
  const [beyond] = /^.*[\u{80}-\u{10ffff}].*$/mu.exec(output.text) ?? [];
  if (beyond !== undefined)
    throw new Error(`${app}: V8 keeps it in twice the memory for one character: ${beyond.trim()}`);
  return { code: output.text, inputs: inputsOf(result.metafile) };
}

/** Files that a bundle holds at least one byte of. */
function inputsOf({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return [...new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path))].sort();
}
