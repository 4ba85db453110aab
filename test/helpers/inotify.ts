import { readdirSync, readFileSync } from 'node:fs';

/** The inotify watches of this process, as the kernel counts them (proc(5), fdinfo). */
export function inotifyWatches(): number {
  return readdirSync('/proc/self/fdinfo')
    .map((descriptor) => watchesOf(`/proc/self/fdinfo/${descriptor}`))
    .reduce((sum, count) => sum + count, 0);
}

function watchesOf(path: string): number {
  try {
    return readFileSync(path, 'utf8').match(/^inotify wd:/gm)?.length ?? 0;
  } catch {
    // the descriptor that listed them is closed by now
    return 0;
  }
}
