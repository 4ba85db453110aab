import { statSync } from 'node:fs';
import path from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Log } from '../ports.ts';
import type { Watched } from './directories.ts';

/** Watches directories; the set may change while it runs. */
export interface FileChanges {
  /**
   * Watches these and no others. A directory that is not there is waited for, and one that was made again is watched
   * again. Resolves once they are watched, with true where one is new: look again then.
   */
  watchOnly(directories: Watched[]): Promise<boolean>;
  stop(): Promise<void>;
}

/** A directory that is never done listing (a dead network mount) must not keep the looks from going on. */
const readyMs = 5_000;

/** Calls `changed` at every change below the watched directories; it carries no facts. Where watching fails, timed looks remain. */
export function watchFiles(log: Log, changed: (path: string) => void): FileChanges {
  const watchers = new Map<string, FSWatcher>();
  const ended = new AbortController();

  const start = (key: string, { directory, depth, only }: Target): Promise<void> => {
    const ignored = (file: string) => isNoise(file) || (only !== undefined && file !== directory && file !== only);
    // atomic would tell a swap of links a second time 50 ms later and so put the look off; what is told too often is coalesced
    const watcher = watch(directory, { depth, ignoreInitial: true, followSymlinks: true, atomic: false, ignored });
    watchers.set(key, watcher);
    watcher.on('all', (_event, file) => changed(file));
    let warned = false;
    watcher.on('error', (error) => {
      if (!warned)
        log.warn(
          { directory, error: String(error) },
          'watching failed: changes there are seen at the next timed look (is fs.inotify.max_user_watches too low?)',
        );
      warned = true;
    });
    return new Promise<void>((resolve) => {
      const late = setTimeout(resolve, readyMs);
      const done = () => {
        clearTimeout(late);
        resolve();
      };
      watcher.once('ready', done);
      // A watcher that is closed before it was ready never says so.
      ended.signal.addEventListener('abort', done, { once: true });
    });
  };

  return {
    watchOnly: async (directories) => {
      const wanted = new Map(directories.map(targetOf).map((target) => [keyOf(target), target]));
      for (const [key, watcher] of watchers) {
        if (wanted.has(key)) continue;
        watchers.delete(key);
        await watcher.close();
      }
      if (ended.signal.aborted) return false;
      const added = [...wanted].filter(([key]) => !watchers.has(key));
      await Promise.all(added.map(([key, target]) => start(key, target)));
      return added.length > 0;
    },
    stop: async () => {
      ended.abort();
      await Promise.all([...watchers.values()].map((watcher) => watcher.close()));
      watchers.clear();
    },
  };
}

interface Target extends Watched {
  /** Tells a directory from another one that was made in its place. */
  identity: string;
  /** In a directory that stands in for one below it, which does not exist: the name that is waited for. */
  only?: string;
}

/** The directory itself, else the nearest one above it that exists. */
function targetOf({ directory, depth }: Watched): Target {
  let only: string | undefined;
  for (let at = directory; ; at = path.dirname(at)) {
    const identity = identityOf(at);
    if (identity !== undefined || at === path.dirname(at))
      return only === undefined
        ? { directory: at, depth, identity: identity ?? '' }
        : { directory: at, depth: 0, identity: identity ?? '', only };
    only = at;
  }
}

function identityOf(directory: string): string | undefined {
  try {
    const { dev, ino } = statSync(directory);
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

function keyOf({ directory, depth, identity, only = '' }: Target): string {
  return [depth, identity, directory, only].join('\n');
}

/** Sockets, logs and certbot's temporary links change often and mean nothing. */
function isNoise(file: string): boolean {
  return /(?:\.log(?:\.\d+)?(?:\.gz)?|\.sock|\.pid|\.swp|~)$|\/previous_[a-z]+\.pem$/.test(file);
}
