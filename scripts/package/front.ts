import { getRawAsset } from 'node:sea';
import { constants, Script } from 'node:vm';
import { zstdDecompressSync } from 'node:zlib';

// The first code of a single binary: of the parts in it, each a whole program in one file, it reads the one that has the command.

// Written in by bundle.ts.
declare const builtProgram: string;
declare const builtParts: readonly string[];

const [, , command = ''] = process.argv;
const part = builtParts.includes(command) ? command : 'whole';
const script = new Script(unpacked(`code/${part}`).toString('latin1'), {
  filename: `${builtProgram}.${part}.cjs`,
  // V8 compares it with itself and the code, and does without it where they differ.
  cachedData: unpacked(`code/${part}.compiled`),
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
script.runInThisContext()(require);

function unpacked(asset: string): Buffer {
  return zstdDecompressSync(new Uint8Array(getRawAsset(asset)));
}
