import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { must } from './programs.ts';

/**
 * What V8 makes of code when it reads it, so that a binary need not do it again at each start: half of the time of a start.
 * `node` starts the very Node that will read it, `flags` are those of the binary: V8 takes no cache that was made with others. Made with a
 * fixed seed for hashes, since with V8's own every build would differ; loading gives each name a new hash. What is called only later is
 * left out, unless it `begins` as the daemon's part: then it holds what the daemon calls as it begins (begun.ts).
 */
export async function compiled(
  node: readonly [string, ...string[]],
  flags: readonly string[],
  code: string,
  parent: string,
  { begins = false }: { begins?: boolean } = {},
): Promise<Uint8Array> {
  const folder = mkdtempSync(join(parent, 'code-'));
  try {
    const source = join(folder, 'code.cjs');
    const result = join(folder, 'code.compiled');
    writeFileSync(source, code);
    const compile = join(import.meta.dirname, 'compile.ts');
    const making = ['--hash-seed=1', '--no-flush-bytecode'];
    await must([...node, ...flags, ...making, compile, begins ? 'begin' : 'make', source, result]);
    await must([...node, ...flags, compile, 'accept', source, result]);
    return readFileSync(result);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
