import { chmodSync, existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeBinary } from '../../scripts/package/binary.ts';
import { bundle } from '../../scripts/package/bundle.ts';
import { deployTexts } from '../../scripts/package/embedded.ts';
import { nodeBinary } from '../../scripts/package/node-binary.ts';
import { startFlags } from '../../scripts/package/start-flags.ts';
import { ownArchitecture, packagedFiles, top } from './packaged-files.ts';
import { takeFileLock } from './testbed/file-lock.ts';

/** What the daemon of the breakable binary does instead of running; without this file it is well. */
export const conductFile = '/run/conduct';

export const breakableVersion = '9.9.9';

/** A real binary of a later version, with a unit of its own; its daemon crashes, ends or hangs where `conductFile` says so. */
export async function breakableBinary(): Promise<string> {
  const { binary, identity } = await packagedFiles();
  const cache = join(top, '.cache/package');
  const output = join(dirname(binary), 'breakable');
  const lock = await takeFileLock(join(cache, 'for-tests/lock'));
  try {
    if (existsSync(output)) return output;
    const node = await nodeBinary(top, cache, ownArchitecture());
    const { code } = await bundle(top, 'agent', { ...identity, version: breakableVersion });
    const parts = code.split(daemonBegins);
    if (parts.length !== 2) throw new Error(`the bundle has ${parts.length - 1} places to break, and not one`);
    const breakable = parts.join(`${misconduct}${daemonBegins}`);
    const texts = [...deployTexts(top)].map(([path, text]): [string, Uint8Array] => [
      path,
      Buffer.from(path.endsWith('certherd-agent.service') ? `${text}# ${breakableVersion}\n` : text),
    ]);
    const made = { name: 'certherd-agent', code: breakable, assets: new Map(texts), flags: startFlags.agent };
    await makeBinary(`${output}.new`, ownArchitecture(), node, made);
    chmodSync(`${output}.new`, 0o755);
    renameSync(`${output}.new`, output);
    return output;
  } finally {
    lock.release();
  }
}

/** What `run` does first. */
const daemonBegins = '\n  keepYoungHeapSmall();\n';

/** One that hangs hears no SIGTERM either. */
const misconduct = `
  const fs = require('node:fs');
  const conduct = fs.existsSync('${conductFile}') ? fs.readFileSync('${conductFile}', 'utf8').trim() : '';
  if (conduct === 'crashes') throw new Error('broken on purpose');
  if (conduct === 'ends') process.exit(0);
  if (conduct === 'hangs') {
    process.on('SIGTERM', () => {});
    await new Promise(() => setInterval(() => {}, 1000));
  }
`;
