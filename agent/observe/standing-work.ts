import { type Failure, failed, type Result } from '@certherd/protocol/failure';
import type { Steps } from '../formats/steps.ts';
import type { Clock, FileStatus, PathPermissions } from '../ports.ts';
import type { KnownFiles } from './certificate-file.ts';

/** One kind of work on files, and what it came to while all that it was made of is as it was. */
export interface StandingWork<T> {
  /**
   * Gives what `make` made before for this key, while every file, list and link that it asked for stands; else has it made anew.
   * `mayStand`: false for what followed from more than those, as the time that it took. `basis`: what else it is made of, each by its identity.
   */
  steps(
    key: string,
    files: KnownFiles,
    make: Make<T>,
    options: { mayStand: (made: T) => boolean; basis: readonly unknown[] },
  ): Steps<T>;
  /** Did the last call give what was made before? */
  stood(): boolean;
  /** What was not asked for since the last call is forgotten. */
  forgetUnasked(): void;
}

export type Make<T> = (files: KnownFiles) => Steps<T>;

/** As `make`, or what it made before where there is a memory of that. */
export function* keptSteps<T>(
  work: StandingWork<T> | undefined,
  files: KnownFiles,
  make: Make<T>,
  {
    key = '',
    mayStand = () => true,
    basis = [],
  }: { key?: string; mayStand?: (made: T) => boolean; basis?: readonly unknown[] } = {},
): Steps<T> {
  return yield* work ? work.steps(key, files, make, { mayStand, basis }) : make(files);
}

/** So many answers are remembered of one work: a config of more files than this is read anew at each look. */
const mostNotes = 20_000;

/**
 * A file that changed this short a time before it was read may change again without another time or size: its times are
 * those of the kernel's tick, or, on some file systems, whole seconds.
 */
export const racyMs = 2_500;

interface Kept<T> {
  notes: readonly Note[];
  basis: readonly unknown[];
  made: T;
  asked: boolean;
}

/** A question that was asked of the files, and its answer. Of a file that was read it is the status that it had before. */
type Note =
  | { ask: 'status'; path: string; answer: Result<FileStatus> }
  // one that could not be read: it is tried again, since the cause may pass and leave no mark on the file
  | { ask: 'read'; path: string; answer: Result<never> }
  | { ask: 'list'; path: string; answer: Result<string[]> }
  | { ask: 'resolve'; path: string; answer: Result<string> }
  | { ask: 'linkChangedAt'; path: string; answer: Result<number> }
  | { ask: 'permissions'; path: string; answer: Result<PathPermissions> };

export function standingWork<T>(clock: Pick<Clock, 'now'>): StandingWork<T> {
  const works = new Map<string, Kept<T>>();
  let stood = false;
  return {
    *steps(key, files, make, { mayStand, basis }) {
      const known = works.get(key);
      const isSame = known?.basis.every((one, index) => Object.is(one, basis[index]));
      stood = known !== undefined && isSame === true && (yield* allStand(files, known.notes));
      if (known && stood) {
        known.asked = true;
        return known.made;
      }
      works.delete(key);
      const noted = noting(files, clock);
      const made = yield* make(noted.files);
      const notes = noted.notes();
      if (notes && mayStand(made)) works.set(key, { notes, basis, made, asked: true });
      return made;
    },
    stood: () => stood,
    forgetUnasked: () => {
      for (const [key, work] of works) {
        if (work.asked) work.asked = false;
        else works.delete(key);
      }
    },
  };
}

/** So many questions take less than anybody waits. */
const atATime = 16;

function* allStand(files: KnownFiles, notes: readonly Note[]): Steps<boolean> {
  for (const [index, note] of notes.entries()) {
    if (!stands(files, note)) return false;
    if (index % atATime === 0) yield;
  }
  return true;
}

function stands(files: KnownFiles, { ask, path, answer }: Note): boolean {
  // what is not there is asked for its status: the other answers say the same, and cost an exception each
  if (ask !== 'linkChangedAt' && isAbsent(answer) && isAbsent(files.status?.(path))) return true;
  switch (ask) {
    case 'status': {
      const now = files.status?.(path);
      return now !== undefined && isEqual(answer, now, isSameStatus);
    }
    case 'read': {
      const now = files.read(path);
      return !now.ok && !answer.ok && isSameFailure(answer.failure, now.failure);
    }
    case 'list':
      return isEqual(answer, files.list(path), isSameList);
    case 'resolve':
      return isEqual(answer, files.resolve(path), Object.is);
    case 'linkChangedAt':
      return isEqual(answer, files.linkChangedAt(path), Object.is);
    case 'permissions': {
      const now = files.permissions?.(path);
      return now !== undefined && isEqual(answer, now, isSamePermissions);
    }
  }
}

function isAbsent(answer: Result<unknown> | undefined): boolean {
  return answer?.ok === false && answer.failure.reason === 'not-found';
}

function isEqual<T>(one: Result<T>, other: Result<T>, same: (one: T, other: T) => boolean): boolean {
  if (one.ok && other.ok) return same(one.value, other.value);
  return !one.ok && !other.ok && isSameFailure(one.failure, other.failure);
}

function isSameFailure(one: Failure, other: Failure): boolean {
  return one.reason === other.reason;
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, index) => name === other[index]);
}

function isSamePermissions(one: PathPermissions, other: PathPermissions): boolean {
  return one.mode === other.mode && one.uid === other.uid && one.gid === other.gid;
}

/** A failure whose cause may pass without a mark on the file: no descriptor was free, a policy was loaded that lets us in. */
export function mayPass(failure: Failure | undefined): boolean {
  return failure?.reason === 'io-error' || failure?.reason === 'permission-denied';
}

export function isSameStatus(one: FileStatus, other: FileStatus): boolean {
  return (
    one.device === other.device &&
    one.inode === other.inode &&
    one.size === other.size &&
    one.modifiedAt === other.modifiedAt &&
    one.changedAt === other.changedAt
  );
}

/** The same files, with a note of each first answer; no notes where one of them may change unseen, or there are too many. */
function noting(files: KnownFiles, clock: Pick<Clock, 'now'>): { files: KnownFiles; notes: () => Note[] | undefined } {
  const notes = new Map<string, Note>();
  let mayStand = files.status !== undefined;
  const note = (one: Note) => {
    const key = `${one.ask} ${one.path}`;
    if (mayStand && !notes.has(key)) notes.set(key, one);
    if (notes.size > mostNotes) mayStand = false;
  };
  const { kept, permissions } = files;
  const statusOf = (path: string) => files.status?.(path) ?? failed('io-error', 'no status is told here');
  const noteStatus = (path: string, answer = statusOf(path)) => {
    note({ ask: 'status', path, answer });
    if (answer.ok && Math.abs(clock.now() - answer.value.changedAt) <= racyMs) mayStand = false;
    return answer;
  };
  const noted = <T>(answer: T, one: (answer: T) => Note): T => {
    note(one(answer));
    return answer;
  };
  return {
    notes: () => (mayStand ? [...notes.values()] : undefined),
    files: {
      ...files,
      ...(files.status && { status: (path) => noteStatus(path) }),
      read: (path) => {
        // before it is read: what changes meanwhile has another status the next time
        const answer = statusOf(path);
        const content = files.read(path);
        if (content.ok) noteStatus(path, answer);
        else note({ ask: 'read', path, answer: content });
        return content;
      },
      doubt: () => {
        mayStand = false;
      },
      list: (path) => noted(files.list(path), (answer) => ({ ask: 'list', path, answer })),
      resolve: (path) => noted(files.resolve(path), (answer) => ({ ask: 'resolve', path, answer })),
      linkChangedAt: (path) => noted(files.linkChangedAt(path), (answer) => ({ ask: 'linkChangedAt', path, answer })),
      ...(permissions && {
        permissions: (path) => noted(permissions(path), (answer) => ({ ask: 'permissions', path, answer })),
      }),
      ...(kept && {
        kept: {
          ...kept,
          certificate: (path, read) => {
            noteStatus(path);
            const file = kept.certificate(path, read);
            if (mayPass(file.observation.failure)) mayStand = false;
            return file;
          },
          keyMatch: (path, leaf, compare) => {
            noteStatus(path);
            const match = kept.keyMatch(path, leaf, compare);
            if (!match.ok && mayPass(match.failure)) mayStand = false;
            return match;
          },
        },
      }),
    },
  };
}
