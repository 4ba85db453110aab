import { randomBytes } from 'node:crypto';
import { messageOf } from '../../failure.ts';
import { type Clock, every, type Log } from '../../ports.ts';
import type { LastHeard, Others, Topic } from '../../receive/records.ts';
import type { Database, Queries } from './database.ts';
import { type OwnConnection, keepConnection } from './listen.ts';
import { nowSql } from './lead.ts';
import { createMessages, type Messages } from './messages.ts';

/** A collector that gave no sign of life for this long serves no more. */
export const aliveMs = 10_000;
const beatEveryMs = 2_000;
const goneAfterMs = 3_600_000;
/** Whoever asks waits for some seconds: what nobody took by then was said to one that is gone. */
const unheardAfterMs = 60_000;

const allTopics: readonly Topic[] = ['hosts', 'certificates', 'endpoints', 'lineages', 'findings', 'events'];

/** What this process is to the others on the same database, and they to it. */
export interface Fleet {
  /** This process, in `host.collector`; commands beside a collector have none of their own. */
  id: string;
  others: Others;
  onElsewhere: (task: () => void) => void;
  /** Within a transaction: what others have to look at again, once it is committed. */
  tell: (tx: Queries, topics: readonly Topic[]) => Promise<void>;
  /** Within a transaction: a session of this agent began here. */
  tellBegun: (tx: Queries, collector: string, agentId: string, generation: number) => Promise<void>;
  changedElsewhere: () => Promise<Topic[]>;
  lastHeard: () => Promise<LastHeard[]>;
  connection: () => OwnConnection | undefined;
  onBroken: (task: () => void) => void;
  close: () => Promise<void>;
}

export interface FleetNeeds {
  database: Database;
  /** Of LISTEN and NOTIFY; it has the fleet's own name, since several may share a database. */
  channel: string;
  /** False: this database has no NOTIFY, and others are asked instead. */
  notifies: boolean;
  clock: Clock;
  log: Log;
}

export function joinFleet({ database, channel, notifies, clock, log }: FleetNeeds): Fleet {
  const id = randomBytes(9).toString('base64url');
  const heard = new Set<Topic>();
  /** Something may have been said that was not heard, and what is heard next must not pass for all. */
  let missed = true;
  const wakers: (() => void)[] = [];
  const mourners: (() => void)[] = [];
  let known: Map<string, string> | undefined;
  let own: OwnConnection | undefined;
  let messages: Messages | undefined;
  let stopBeating = () => {};

  return {
    id,
    connection: () => own,
    onBroken: (task) => void mourners.push(task),
    onElsewhere(task) {
      wakers.push(task);
      serve();
    },
    others: {
      answers: async (agentId) => {
        const row = await database.one<{ collector: string }>(
          `SELECT collector FROM host JOIN collector ON collector.id = host.collector
           WHERE agent_id = $1 AND collector <> $2 AND seen_at > ${nowSql} - ${aliveMs}`,
          [agentId, id],
        );
        return row !== undefined && (await messages?.ask(row.collector, agentId)) === true;
      },
      attend(attendant) {
        serve();
        messages = createMessages(
          { database, id, announce, hears: () => own?.hears() ?? false, clock, log },
          attendant,
        );
      },
    },
    async tell(tx, topics) {
      await tx.all(
        `INSERT INTO collector (id, revision) VALUES ($1, 1)
         ON CONFLICT (id) DO UPDATE SET revision = collector.revision + 1`,
        [own ? id : 'command'],
      );
      await announce(tx, { by: id, topics });
    },
    async tellBegun(tx, collector, agentId, generation) {
      await tx.all(`INSERT INTO message (recipient, body, sent_at) VALUES ($1, $2, ${nowSql})`, [
        collector,
        JSON.stringify({ begun: agentId, generation }),
      ]);
      await announce(tx, { by: id, to: collector });
    },
    changedElsewhere,
    async lastHeard() {
      const rows = await database.all<{ agent_id: string; heard_at: number | null; elsewhere: boolean }>(
        `SELECT agent_id, heard_at, (collector.id IS NOT NULL) AS elsewhere FROM host LEFT JOIN collector
           ON collector.id = host.collector AND collector.id <> $1 AND collector.seen_at > ${nowSql} - ${aliveMs}`,
        [id],
      );
      return rows.map((row) => ({
        agentId: row.agent_id,
        heardAt: row.heard_at ?? undefined,
        elsewhere: row.elsewhere,
      }));
    },
    async close() {
      stopBeating();
      messages?.close();
      if (!own) return;
      await own.close();
      // Its hosts are heard nowhere any more: the others see it at once.
      await database
        .write(async (tx) => {
          await tx.all('UPDATE collector SET seen_at = 1, revision = revision + 1 WHERE id = $1', [id]);
          await announce(tx, { by: id, topics: ['hosts', 'endpoints', 'findings'] });
        })
        .catch(() => {});
    },
  };

  /** From now on this process is one that serves. */
  function serve(): void {
    if (own) return;
    own = keepConnection(database, {
      channel,
      listens: notifies,
      heard: take,
      begun: () => {
        missed = true;
      },
      broken: () => {
        missed = true;
        for (const task of mourners) task();
      },
      clock,
      log,
    });
    beat();
    stopBeating = every(clock, beatEveryMs, beat);
  }

  function beat(): void {
    database
      .all(
        `INSERT INTO collector (id, seen_at) VALUES ($1, ${nowSql})
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`,
        [id],
      )
      // 0 is a command's, which gives no sign of life.
      .then(() => database.all(`DELETE FROM collector WHERE seen_at > 0 AND seen_at < ${nowSql} - ${goneAfterMs}`))
      .then(() => database.all(`DELETE FROM message WHERE sent_at < ${nowSql} - ${unheardAfterMs}`))
      .catch((error: unknown) => log.debug({ detail: messageOf(error) }, 'no sign of life could be given'));
  }

  async function announce(tx: Queries, notice: Notice): Promise<void> {
    if (notifies) await tx.all('SELECT pg_notify($1, $2)', [channel, JSON.stringify(notice)]);
  }

  function take(payload: string): void {
    const notice = noticeOf(payload);
    if (!notice || notice.by === id) return;
    if ('to' in notice) {
      if (notice.to === id) messages?.look();
      return;
    }
    for (const topic of notice.topics) if (allTopics.includes(topic)) heard.add(topic);
    for (const wake of wakers) wake();
  }

  /** A notification may be lost with its connection: the revisions tell all the same, and who is alive. */
  async function changedElsewhere(): Promise<Topic[]> {
    const topics = missed ? [...allTopics] : [...heard];
    heard.clear();
    missed = false;
    try {
      const rows = await database.all<{ id: string; revision: number; alive: boolean }>(
        `SELECT id, revision, (seen_at > ${nowSql} - ${aliveMs}) AS alive FROM collector WHERE id <> $1`,
        [id],
      );
      const before = known;
      known = new Map(rows.map((row) => [row.id, `${row.revision} ${row.alive}`]));
      return topics.length === 0 && before && isDifferent(before, known) ? [...allTopics] : topics;
    } catch (error) {
      missed = true;
      throw error;
    }
  }
}

function isDifferent(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): boolean {
  return before.size !== now.size || [...now].some(([name, state]) => before.get(name) !== state);
}

/** `by` keeps what it says. */
type Notice = { by: string; topics: readonly Topic[] } | { by: string; to: string };

/** Whoever may write to the database may notify: anything may come. */
function noticeOf(payload: string): Notice | undefined {
  try {
    const notice: unknown = JSON.parse(payload);
    if (typeof notice !== 'object' || notice === null || !('by' in notice) || typeof notice.by !== 'string')
      return undefined;
    if ('to' in notice && typeof notice.to === 'string') return { by: notice.by, to: notice.to };
    if ('topics' in notice && Array.isArray(notice.topics)) return { by: notice.by, topics: notice.topics };
    return undefined;
  } catch {
    return undefined;
  }
}
