import { type FSWatcher, watch } from 'chokidar';
import type { Log } from '../ports.ts';
import type { Watched } from './directories.ts';

/** Watches directories; the set may change while it runs. */
export interface FileChanges {
  /** Watches these and no others. Resolves once they are watched, with true where one is new: look again then. */
  watchOnly(directories: Watched[]): Promise<boolean>;
  stop(): Promise<void>;
}

/** Calls `changed` at every change below the watched directories; it carries no facts. Where watching fails, timed looks remain. */
export function watchFiles(log: Log, changed: (path: string) => void): FileChanges {
  const watchers = new Map<string, FSWatcher>();
  return {
    watchOnly: async (directories) => {
      const wanted = new Map(directories.map((watched) => [`${watched.depth} ${watched.directory}`, watched]));
      for (const [key, watcher] of watchers) {
        if (wanted.has(key)) continue;
        watchers.delete(key);
        await watcher.close();
      }
      const added = [...wanted].filter(([key]) => !watchers.has(key));
      await Promise.all(
        added.map(([key, { directory, depth }]) => {
          const watcher = watch(directory, { depth, ignoreInitial: true, followSymlinks: true, ignored: isNoise });
          watchers.set(key, watcher);
          watcher.on('all', (_event, path) => changed(path));
          watcher.on('error', (error) => {
            log.warn(
              { directory, error: String(error) },
              'watching failed: changes there are seen at the next timed look',
            );
          });
          return new Promise<void>((resolve) => watcher.once('ready', () => resolve()));
        }),
      );
      return added.length > 0;
    },
    stop: async () => {
      await Promise.all([...watchers.values()].map((watcher) => watcher.close()));
      watchers.clear();
    },
  };
}

/** Sockets, logs and certbot's temporary links change often and mean nothing. */
function isNoise(path: string): boolean {
  return /(?:\.log(?:\.\d+)?(?:\.gz)?|\.sock|\.pid|\.swp|~)$|\/previous_[a-z]+\.pem$/.test(path);
}
