import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { must, run } from './programs.ts';

/** What a build says of itself. The same identity and sources give the same bytes. */
export interface Identity {
  version: string;
  /** The whole commit, `-changed` at its end where tracked files differ from it; `unknown` outside of a clone. */
  commit: string;
  /** Unix time in seconds of everything inside: the commit's, or SOURCE_DATE_EPOCH (reproducible-builds.org). */
  epoch: number;
}

/** Of the tree at `top`, as its manifest and git tell. */
export async function identityOf(top: string, environment: NodeJS.ProcessEnv): Promise<Identity> {
  const git = (...words: string[]): [string, ...string[]] => ['/usr/bin/git', '-C', top, ...words];
  const { version }: { version: string } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
  const named = environment['SOURCE_DATE_EPOCH'];
  if (named !== undefined && !/^\d{1,10}$/.test(named)) throw new Error(`SOURCE_DATE_EPOCH is no Unix time: ${named}`);
  // A clone that another user owns is one all the same: only read here.
  const env = { ...environment, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: top };
  const head = await run(git('log', '-1', '--format=%H %ct'), { env });
  const [, hash, time] = /^([0-9a-f]{40,64}) (\d+)$/.exec(head.stdout.trim()) ?? [];
  if (hash === undefined) {
    if (named === undefined)
      throw new Error(`${top} is no git clone: say from when its files are (SOURCE_DATE_EPOCH, Unix time in seconds)`);
    return { version, commit: 'unknown', epoch: Number(named) };
  }
  const changed = await must(git('status', '--porcelain', '--untracked-files=no'), { env });
  return { version, commit: changed === '' ? hash : `${hash}-changed`, epoch: Number(named ?? time) };
}
