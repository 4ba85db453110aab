import { getRawAsset } from 'node:sea';
import { constants, Script } from 'node:vm';
import { zstdDecompressSync } from 'node:zlib';
import { interpretOnly } from '../../agent/system/optimising.ts';

// The first code of a single binary: of the parts in it, each a whole program in one file, it reads the one that has the command.

// Written in by bundle.ts.
declare const builtProgram: string;
declare const builtParts: readonly string[];

/** What the daemon needs of Node as it starts. */
const nodesOwn = ['node:crypto', 'node:https', 'node:fs/promises'];

/** How a Zstandard frame begins (RFC 8878 3.1.1). */
const zstandard = 0xfd2fb528;

const [, , command = '', option, value] = process.argv;
const isPlain = option === undefined || (option === '--config' && value !== undefined && process.argv.length === 5);
const named = builtParts.includes(command) && (command !== 'run' || isPlain) ? command : 'whole';
const begin = read(named);
if (named === 'run') {
  // A small buffer that is kept keeps its pool with it: of 8 KB, as Node had them for long, not of 64.
  Buffer.poolSize = 8 * 1024;
  // V8 takes what Node's modules were compiled to only with the flags that it began with: later they would be compiled anew, 12 ms.
  for (const name of nodesOwn) require(name);
  // Before a module of ours is evaluated: the daemon's have functions that run often at the start, and not again.
  interpretOnly();
}
begin(require, (part) => read(part)(require));

type Part = (load: NodeJS.Require, takePart?: (part: string) => unknown) => unknown;

function read(part: string): Part {
  const script = new Script(unpacked(`code/${part}`).toString('latin1'), {
    filename: `${builtProgram}.${part}.cjs`,
    // V8 compares it with itself and the code, and does without it where they differ.
    cachedData: unpacked(`code/${part}.compiled`),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return script.runInThisContext();
}

/** What is not packed stays where it is: in the executable, as the kernel maps it. */
function unpacked(asset: string): Buffer {
  const bytes = Buffer.from(getRawAsset(asset));
  return bytes.readUInt32LE() === zstandard ? zstdDecompressSync(bytes) : bytes;
}
