import Database from 'better-sqlite3';
import type { Log } from '../../ports.ts';
import type { NotKept } from '../../receive/records.ts';
import { behindFailed, type Kept } from '../kept.ts';
import type { Sql } from './sqlite.ts';

export interface GroupCommit {
  /**
   * Runs `work` in the next transaction; resolves after the commit is on disk, in the order of calling. Of one `row` none that waits behind one that
   * threw is kept. `rows`: about how many it writes.
   */
  keep: <T>(work: () => T, row?: string, rows?: number) => Promise<Kept<T>>;
  /** Commits what waits, now. */
  flush: () => void;
}

interface Waiting {
  row: string | undefined;
  work: () => void;
  done: () => void;
  undone: (failure: NotKept) => void;
  fail: (error: unknown) => void;
}

/** Under load each turn of the loop brings more, and one fsync serves all; a loop that is free turns in microseconds. */
const turns = 4;
/** Once so many rows wait they are committed: more would outgrow the young heap and SQLite's cache, and bring nothing. */
const mostRows = 2_000;

/**
 * Everything that arrives in a few turns of the loop is committed in one transaction (one fsync), then answered. A piece of work that
 * throws is undone alone and its promise rejects; the others are then run again, so each writes to the database and nowhere else.
 */
export function createGroupCommit(sql: Sql, log: Log): GroupCommit {
  let waiting: Waiting[] = [];
  let waitingRows = 0;
  let failure: NotKept | undefined;
  const savepoint = sql.transaction((work: () => void) => work());
  const together = sql.transaction((batch: Waiting[]) => {
    for (const piece of batch) piece.work();
    return batch.map(({ done }) => done);
  });
  const apart = sql.transaction((batch: Waiting[]) => {
    const failed = new Set<string>();
    return batch.map((piece) => attempt(piece, failed));
  });

  return {
    keep<T>(work: () => T, row?: string, rows = 1) {
      if (waiting.length === 0) afterTurns(turns, waiting);
      return new Promise<Kept<T>>((resolve, reject) => {
        let value: T;
        waiting.push({
          row,
          work: () => {
            value = work();
          },
          done: () => resolve({ ok: true, value }),
          undone: (failure) => resolve({ ok: false, failure }),
          fail: reject,
        });
        waitingRows += rows;
        if (waitingRows >= mostRows) flush();
      });
    },
    flush,
  };

  function afterTurns(left: number, batch: Waiting[]): void {
    setImmediate(() => {
      if (batch !== waiting) return;
      if (left > 1) afterTurns(left - 1, batch);
      else flush();
    });
  }

  function flush(): void {
    const batch = waiting;
    waiting = [];
    waitingRows = 0;
    if (batch.length === 0) return;
    let answers: (() => void)[];
    try {
      answers = commitAll(batch);
      failure = undefined;
    } catch (error) {
      const reason = keepFailure(error);
      if (!reason) {
        for (const piece of batch) piece.fail(error);
        return;
      }
      if (failure?.reason !== reason.reason)
        log.error({ ...reason }, 'nothing can be kept: the database refuses writes');
      failure = reason;
      answers = batch.map((piece) => () => piece.undone(reason));
    }
    for (const answer of answers) answer();
  }

  /** A savepoint for each piece costs a third of the time: they are there only once one has thrown, and all was undone. */
  function commitAll(batch: Waiting[]): (() => void)[] {
    try {
      return together.immediate(batch);
    } catch (error) {
      if (keepFailure(error)) throw error;
      return apart.immediate(batch);
    }
  }

  /** `failed`: rows of which one threw. */
  function attempt(piece: Waiting, failed: Set<string>): () => void {
    if (piece.row !== undefined && failed.has(piece.row)) return () => piece.undone(behindFailed);
    try {
      savepoint(piece.work);
      return piece.done;
    } catch (error) {
      // A write that failed for want of disk condemns the whole batch: none of it may be acknowledged.
      if (keepFailure(error) || !sql.inTransaction) throw error;
      if (piece.row !== undefined) failed.add(piece.row);
      return () => piece.fail(error);
    }
  }
}

function keepFailure(error: unknown): NotKept | undefined {
  if (!(error instanceof Database.SqliteError)) return undefined;
  if (error.code === 'SQLITE_FULL') return { reason: 'disk-full', detail: error.message };
  if (/^SQLITE_(?:IOERR|READONLY|BUSY|LOCKED|CANTOPEN|CORRUPT|NOMEM|PERM)/.test(error.code))
    return { reason: 'write-failed', detail: `${error.code}: ${error.message}` };
  return undefined;
}
