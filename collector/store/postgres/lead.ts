import { messageOf } from '../../failure.ts';
import { type Clock, every, type Log } from '../../ports.ts';
import type { Queries } from './database.ts';

/** Within this time after the end of the one that led another one leads. */
const leadWithinMs = 10_000;
const tryEveryMs = 2_000;
/** "CRTH": beside other programs' locks in the same database. */
const lockClass = 0x43_52_54_48;

export interface LeadNeeds {
  /** The process's own connection, with which an advisory lock goes; undefined while it is broken. */
  queries: () => Queries | undefined;
  by: 'advisory-lock' | 'lease';
  /** Of this process. */
  id: string;
  clock: Clock;
  log: Log;
}

export interface Leading {
  /** The connection broke, and the lock with it: what was begun ends, and is begun again by whoever leads then. */
  lost: () => void;
  /** What was begun ends, and is not begun again here. */
  stop: () => void;
  /** Gives the lock to others, too. */
  close: () => Promise<void>;
}

/**
 * One process at a time has `begin` run, and what it returned once it leads no more. PostgreSQL's advisory lock ends with its connection, however
 * that ends; a lease is a row that has to be renewed.
 */
export function lead(needs: LeadNeeds, begin: () => () => void): Leading {
  const { queries, by, id, clock, log } = needs;
  let stop: (() => void) | undefined;
  let isHeld = false;
  let isOver = false;
  let trying: Promise<void> | undefined;
  const attempt = () => {
    trying ??= look().finally(() => {
      trying = undefined;
    });
  };
  attempt();
  const cancel = every(clock, tryEveryMs, attempt);

  return {
    lost() {
      isHeld = false;
      step();
    },
    stop: end,
    async close() {
      end();
      await trying;
      const connection = queries();
      if (isHeld && connection) await giveUp(connection).catch(() => {});
    },
  };

  function end(): void {
    isOver = true;
    cancel();
    step();
  }

  async function look(): Promise<void> {
    const connection = queries();
    try {
      isHeld = connection !== undefined && (await holds(connection));
      if (!isHeld) return step();
      if (stop || isOver) return;
      log.info({ by }, 'this collector leads: timers of the whole fleet run here');
      stop = begin();
    } catch (error) {
      log.debug({ detail: messageOf(error) }, 'who leads cannot be asked');
      step();
    }
  }

  function step(): void {
    stop?.();
    stop = undefined;
  }

  async function holds(connection: Queries): Promise<boolean> {
    if (by === 'lease') return (await connection.one(renew, [id, leadWithinMs - tryEveryMs])) !== undefined;
    // A session may take its own lock again and again, and would have to give it back as often.
    if (stop) return (await connection.one('SELECT 1 AS one')) !== undefined;
    const row = await connection.one<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS mine', [lockClass, 1]);
    return row?.mine === true;
  }

  async function giveUp(connection: Queries): Promise<void> {
    if (by === 'lease') await connection.all(`DELETE FROM lease WHERE name = 'timers' AND holder = $1`, [id]);
    else await connection.all('SELECT pg_advisory_unlock($1, $2)', [lockClass, 1]);
  }
}

/** By the database's clock, so that no collector's own matters. */
export const nowSql = 'CAST(extract(epoch FROM now()) * 1000 AS BIGINT)';

const renew = `INSERT INTO lease (name, holder, until) VALUES ('timers', $1, ${nowSql} + $2)
  ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
  WHERE lease.holder = excluded.holder OR lease.until < ${nowSql} RETURNING holder`;
