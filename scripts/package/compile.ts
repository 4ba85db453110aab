import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { constants, Script } from 'node:vm';
import { begun } from './begun.ts';

// A process of the Node whose V8 is to read the result (compiled.ts). Arguments: what to do, the code, the result.

/** Where a cache holds a checksum of V8's flags, of which the seed is one: V8's SerializedCodeData, 4 bytes. */
const flagsAt = 12;

const [, , what, source = '', result = ''] = process.argv;
const code = readFileSync(source, 'latin1');
if (what === 'accept') writeFileSync(result, accepted(readFileSync(result)));
else {
  const script = scriptOf(code);
  if (what === 'begin') await begun(script.runInThisContext(), dirname(source));
  writeFileSync(result, script.createCachedData());
}
process.exit();

/** The cache with the checksum of this process's flags; V8 itself says whether it takes it. */
function accepted(cache: Buffer): Buffer {
  const own = scriptOf('0').createCachedData();
  own.copy(cache, flagsAt, flagsAt, flagsAt + 4);
  if (scriptOf(code, cache).cachedDataRejected !== false) throw new Error('V8 refuses its own cache');
  return cache;
}

function scriptOf(text: string, cachedData?: Buffer): Script {
  return new Script(text, {
    filename: 'code.cjs',
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData && { cachedData }),
  });
}
