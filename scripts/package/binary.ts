import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NodeBinary } from './node-binary.ts';
import { must, plainEnvironment } from './programs.ts';
import type { Architecture } from './targets.ts';

export interface BinaryParts {
  /** What stack traces name the code. */
  name: string;
  /** One CommonJS file. */
  code: string;
  /** What getAsset gives, by its key. */
  assets: ReadonlyMap<string, Uint8Array>;
  /** Flags of Node and V8. */
  flags: readonly string[];
}

/** Puts code and assets into Node's own executable (nodejs.org/api/single-executable-applications), by pkg, at the absolute path `output`. */
export async function makeBinary(
  output: string,
  architecture: Architecture,
  node: NodeBinary,
  { name, code, assets, flags }: BinaryParts,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'certherd-package-'));
  try {
    // pkg takes Node from its own cache below HOME; what it finds there marked as fetched it does not fetch.
    const distribution = `node-v${node.version}-linux-${architecture}`;
    const cache = join(folder, 'home/.pkg-cache/sea');
    mkdirSync(join(cache, distribution, 'bin'), { recursive: true });
    symlinkSync(node.path, join(cache, distribution, 'bin/node'));
    for (const file of [`${distribution}/bin/node.ok`, `${distribution}.tar.gz`, `${distribution}.tar.gz.ok`])
      writeFileSync(join(cache, file), '');
    const entry = join(folder, `${name}.cjs`);
    writeFileSync(entry, code);
    mkdirSync(join(folder, 'assets'));
    const sorted = [...assets].sort(([one], [other]) => (one < other ? -1 : 1));
    const files = sorted.map(([key, bytes], place) => {
      const file = join(folder, 'assets', String(place));
      writeFileSync(file, bytes);
      return [key, file] as const;
    });
    const made = join(folder, 'binary');
    const request = {
      entry,
      target: { nodeRange: `node${node.version}`, platform: 'linux', arch: architecture, output: made },
      seaConfig: {
        // Its path is written into the binary: from pkg's own directory below TMPDIR it is the same in every build.
        main: `../${name}.cjs`,
        disableExperimentalSEAWarning: true,
        useCodeCache: false,
        useSnapshot: false,
        execArgv: flags,
        execArgvExtension: 'none',
        assets: Object.fromEntries(files),
      },
    };
    await must([process.execPath, join(import.meta.dirname, 'inject.ts'), JSON.stringify(request)], {
      env: { ...plainEnvironment, HOME: join(folder, 'home'), TMPDIR: folder },
      cwd: folder,
    });
    copyFileSync(made, output);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
