import type { Log } from '../../ports.ts';
import type { NotKept, Topic } from '../../receive/records.ts';
import { behindFailed, type Kept } from '../kept.ts';
import { type Database, notKept, type Queries } from './database.ts';

/** A transaction that others are told of. */
export interface Tx extends Queries {
  /** What other collectors have to look at again. */
  changed: (...topics: Topic[]) => void;
}

export interface GroupCommit {
  /**
   * Runs `work` in the next transaction; resolves once it is committed, in the order of calling. Of one `row` none that waits behind one that threw is
   * kept. `rows`: about how many it writes.
   */
  keep: <T>(work: (tx: Tx) => Promise<T>, row?: string, rows?: number) => Promise<Kept<T>>;
  /** Resolves once nothing waits. */
  settled: () => Promise<void>;
}

interface Waiting {
  row: string | undefined;
  rows: number;
  work: (tx: Tx) => Promise<void>;
  done: () => void;
  undone: (failure: NotKept) => void;
  fail: (error: unknown) => void;
}

/** Of one transaction: what locks it holds, it holds for some milliseconds. */
const mostPieces = 256;
const mostRows = 2_500;

/**
 * What arrives while a transaction is on its way is committed in the next one, so that the wait for the disk is shared. A piece of work that
 * throws is undone alone and its promise rejects; the others are then run again, each by itself. Where the database keeps nothing, nothing that
 * waits is kept either: it may go on from what was not. `tell` ends each transaction that changed something.
 */
export function createGroupCommit(
  database: Database,
  tell: (tx: Queries, topics: readonly Topic[]) => Promise<void>,
  log: Log,
): GroupCommit {
  let waiting: Waiting[] = [];
  let running: Promise<void> | undefined;
  let failure: NotKept | undefined;

  return {
    keep<T>(work: (tx: Tx) => Promise<T>, row?: string, rows = 1) {
      return new Promise<Kept<T>>((resolve, reject) => {
        let value: T;
        waiting.push({
          row,
          rows,
          work: async (tx) => {
            value = await work(tx);
          },
          done: () => resolve({ ok: true, value }),
          undone: (failure) => resolve({ ok: false, failure }),
          fail: reject,
        });
        running ??= run();
      });
    },
    settled: async () => running,
  };

  async function run(): Promise<void> {
    // What arrives in this tick goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.splice(0, piecesTogether());
      if (await commit(batch, [])) continue;
      for (let piece = batch.shift(); piece; piece = batch.shift()) await commit([piece], batch);
    }
    running = undefined;
  }

  /** How many of those that wait share the next transaction: one at least. */
  function piecesTogether(): number {
    let pieces = 0;
    for (let rows = 0; pieces < mostPieces && rows < mostRows; pieces++) {
      const piece = waiting[pieces];
      if (!piece) break;
      rows += piece.rows;
    }
    return pieces;
  }

  /** False: one of several threw, and nothing was kept. `behind`: of the same batch, still to be run. */
  async function commit(batch: Waiting[], behind: Waiting[]): Promise<boolean> {
    try {
      await database.write((tx) => together(tx, batch));
    } catch (error) {
      const reason = notKept(error);
      if (reason && failure?.reason !== reason.reason)
        log.error({ ...reason }, 'nothing can be kept: the database takes no writes');
      if (reason) failure = reason;
      else if (batch.length > 1) return false;
      // At once: what comes of the same agent before it is refused would leave a hole.
      if (reason) for (const piece of [...batch, ...behind.splice(0), ...waiting.splice(0)]) piece.undone(reason);
      else for (const piece of batch) refuseRow(piece, error, behind);
      return true;
    }
    if (failure) log.info({}, 'the database takes writes again');
    failure = undefined;
    for (const piece of batch) piece.done();
    return true;
  }

  function refuseRow(piece: Waiting, error: unknown, behind: Waiting[]): void {
    piece.fail(error);
    if (piece.row === undefined) return;
    for (const list of [behind, waiting]) {
      const others = list.filter(({ row }) => row !== piece.row);
      const same = list.filter(({ row }) => row === piece.row);
      list.splice(0, list.length, ...others);
      for (const one of same) one.undone(behindFailed);
    }
  }

  async function together(queries: Queries, batch: Waiting[]): Promise<void> {
    const topics = new Set<Topic>();
    const tx: Tx = {
      ...queries,
      changed(...some) {
        for (const topic of some) topics.add(topic);
      },
    };
    for (const piece of batch) await piece.work(tx);
    if (topics.size > 0) await tell(queries, [...topics]);
  }
}
