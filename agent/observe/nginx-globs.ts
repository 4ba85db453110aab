import type { Failure } from '@certherd/protocol/failure';
import { hasWildcard, segmentPattern, withoutEscapes } from '../formats/nginx-glob.ts';
import type { Files } from '../ports.ts';
import { type ReadingBudget, tooSlow, unlimited } from './reading-budget.ts';

export interface GlobMatches {
  /** Sorted as nginx reads them. */
  paths: string[];
  /** A directory that could not be searched although nginx, running as root, could. */
  failure?: Failure;
}

/** Finds what an absolute pattern stands for, as glob(3) does: dangling links fit too, directories that are missing fit nothing. */
export function expandGlob(files: Files, pattern: string, isSpent: ReadingBudget = unlimited): GlobMatches {
  const search: Search = { files, isSpent };
  let found: string[] = [''];
  for (const segment of pattern.split('/').slice(1)) {
    if (search.failure === tooSlow) return { paths: [], failure: tooSlow };
    const fits = hasWildcard(segment) ? segmentPattern(segment) : undefined;
    found = fits
      ? found.flatMap((directory) => namesIn(search, directory, fits))
      : found.map((directory) => `${directory}/${withoutEscapes(segment)}`);
  }
  // What a directory listing gave is there; what was merely put behind it need not be.
  const listed = hasWildcard(pattern.slice(pattern.lastIndexOf('/') + 1));
  const paths = found.filter((path) => listed || files.linkChangedAt(path).ok).sort();
  return search.failure ? { paths, failure: search.failure } : { paths };
}

interface Search {
  files: Files;
  isSpent: ReadingBudget;
  failure?: Failure;
}

function namesIn(search: Search, directory: string, fits: (name: string) => boolean): string[] {
  const names = search.files.list(directory === '' ? '/' : directory);
  if (names.ok)
    return names.value
      .filter((name, index) => isInTime(search, index) && fits(name))
      .map((name) => `${directory}/${name}`);
  if (names.failure.reason !== 'not-found') search.failure ??= names.failure;
  return [];
}

/** The clock is asked every hundredth name. */
function isInTime(search: Search, index: number): boolean {
  if (index % 100 === 0 && search.failure !== tooSlow && search.isSpent()) search.failure = tooSlow;
  return search.failure !== tooSlow;
}
