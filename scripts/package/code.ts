import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, zstdCompressSync } from 'node:zlib';
import { bundle, bundleFront, bundlePackages } from './bundle.ts';
import { compiled } from './compiled.ts';
import type { Identity } from './identity.ts';
import { packageParts } from './lean.ts';
import type { NodeBinary } from './node-binary.ts';
import { startFlags } from './start-flags.ts';
import type { App } from './targets.ts';
import type { runnerFor } from './tools.ts';

/** All code of a binary. */
export interface Code {
  /** What it starts with (front.ts). */
  front: string;
  /** By the key that front.ts asks for. */
  assets: ReadonlyMap<string, Uint8Array>;
  /** Paths below the repository's root of all files that it was made from. */
  inputs: string[];
  /** False: this machine cannot run that Node, so V8 will compile at each start. */
  isCompiled: boolean;
}

/** Commands that start often or stay: each gets a part of its own. All others share the whole. */
const ownParts: Readonly<Record<App, readonly string[]>> = { agent: ['act', 'check', 'run'], collector: [] };

/** `runner` starts programs of the binary's architecture here (tools.ts). */
export async function codeOf(
  top: string,
  app: App,
  identity: Identity,
  node: NodeBinary,
  runner: ReturnType<typeof runnerFor>,
): Promise<Code> {
  const assets = new Map<string, Uint8Array>();
  const whole = await bundle(top, app, identity);
  const others = ownParts[app].length > 0 ? packageParts.map(({ name }) => name) : [];
  const folder = mkdtempSync(join(tmpdir(), 'certherd-package-'));
  try {
    for (const part of ['whole', ...ownParts[app], ...others]) {
      const text = await textOf(part);
      const stored = part === 'run' ? (bytes: Uint8Array) => bytes : packed;
      assets.set(`code/${part}`, stored(Buffer.from(text, 'latin1')));
      const begins = part === 'run';
      const cache = runner && (await compiled([...runner, node.path], startFlags[app], text, folder, { begins }));
      assets.set(`code/${part}.compiled`, stored(cache ?? Buffer.alloc(8)));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return {
    front: await bundleFront(top, app, ownParts[app]),
    assets,
    inputs: whole.inputs,
    isCompiled: runner !== undefined,
  };

  /** A part is a function of what it needs of Node and of other parts (front.ts), and gives what it exports. */
  async function textOf(part: string): Promise<string> {
    const taken = packageParts.find(({ name }) => name === part);
    if (taken) {
      const code = await bundlePackages(top, taken.packages);
      return `(function (require, takePart, module = { exports: {} }) {${code}\nreturn module.exports;\n})`;
    }
    const { code } = part === 'whole' ? whole : await bundle(top, app, identity, part);
    return `(function (require, takePart) {${code.replace(/^#!.*/, '')}\n})`;
  }
}

/** Zstandard: unpacked in some milliseconds, and 3 MB that malloc does not give back: the daemon's part is as it is. */
function packed(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 19 } });
}
