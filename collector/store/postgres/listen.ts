import type pg from 'pg';
import { codeOf, messageOf } from '../../failure.ts';
import type { Clock, Log } from '../../ports.ts';
import { type Database, type Queries, queriesOf } from './database.ts';

/** A connection that this process keeps for itself: it hears what others notify, and holds its locks. */
export interface OwnConnection {
  /** Statements on it; undefined while it is broken. */
  queries: () => Queries | undefined;
  /** Does the database have LISTEN? Until it was asked: no. */
  hears: () => boolean;
  close: () => Promise<void>;
}

const againMs = 1_000;

/** Connects, and again whenever the connection breaks. `heard` gets each payload; `begun` is told of each connection, and `broken` of its end. */
export function keepConnection(
  database: Database,
  needs: {
    channel: string;
    listens: boolean;
    heard: (payload: string) => void;
    begun: () => void;
    broken: () => void;
    clock: Clock;
    log: Log;
  },
): OwnConnection {
  const { channel, heard, broken, clock, log } = needs;
  let client: pg.Client | undefined;
  let hears = false;
  let closed = false;
  let cancel = () => {};
  let opening = open();

  return {
    queries: () => client && queriesOf(client),
    hears: () => hears,
    async close() {
      closed = true;
      cancel();
      await opening;
      await client?.end().catch(() => {});
    },
  };

  async function open(): Promise<void> {
    let opened: pg.Client | undefined;
    try {
      opened = await database.connect();
      await begin(opened);
    } catch (error) {
      log.debug({ detail: messageOf(error) }, 'no connection for notifications yet');
      // Nobody waits for its end: one that does not answer has none.
      opened?.end().catch(() => {});
      later();
    }
  }

  /** Its end before this is over is a failure to begin, and no other one's end. */
  async function begin(opened: pg.Client): Promise<void> {
    let ended = false;
    opened.once('end', () => {
      ended = true;
      if (client === opened) lost();
    });
    opened.on('notification', ({ payload }) => {
      if (payload !== undefined) heard(payload);
    });
    const listening = needs.listens && (await listen(opened));
    if (ended) throw new Error('it ended');
    hears = listening;
    client = opened;
    needs.begun();
  }

  /** CockroachDB: feature_not_supported, or a statement that it does not know. */
  async function listen(opened: pg.Client): Promise<boolean> {
    try {
      await opened.query(`LISTEN ${channel}`);
      return true;
    } catch (error) {
      if (!/^(?:0A000|42601)$/.test(codeOf(error))) throw error;
      return false;
    }
  }

  function lost(): void {
    if (closed) return;
    client = undefined;
    hears = false;
    broken();
    later();
  }

  function later(): void {
    if (closed) return;
    cancel = clock.after(againMs, () => {
      opening = open();
    });
  }
}
