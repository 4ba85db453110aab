import type { ChannelState, Telling, TransitionDraft } from '../tell.ts';
import {
  type RawIncident,
  type RawNotification,
  type RawSilence,
  type RawTransition,
  readIncident,
  readNotification,
  readSilence,
  readTransition,
} from '../rows/tell.ts';
import { digestOf } from './changes.ts';
import type { Queries } from './database.ts';
import type { GroupCommit } from './group-commit.ts';
import { noted } from './steps.ts';
import { readSetting } from './settings.ts';

const waits = 'sent_at IS NULL AND dropped_at IS NULL';

/** Rows of `transition`, `incident`, `notification` and `silence`. */
export function tellTables(database: Queries, group: GroupCommit): Telling {
  return {
    async standing() {
      const rows = await database.all<RawTransition>('SELECT * FROM transition WHERE standing = 1 ORDER BY id');
      return rows.map(readTransition);
    },
    addTransitions: (drafts) =>
      group.keep(async (tx) => {
        for (const draft of drafts) await keepTransition(tx, draft);
      }),
    async incidents() {
      const sql = 'SELECT * FROM incident WHERE closed_at IS NULL ORDER BY opened_at, id';
      return (await database.all<RawIncident>(sql)).map(readIncident);
    },
    async findIncident(id) {
      const row = await database.one<RawIncident>('SELECT * FROM incident WHERE id = $1', [id]);
      return row && readIncident(row);
    },
    savePlan: (incidents) =>
      group.keep(async (tx) => {
        for (const { incident, notifications } of incidents) {
          const { id, rule, group: key, openedAt, closedAt = null, revision, told } = incident;
          const written =
            revision === 0
              ? await tx.one(
                  `INSERT INTO incident (id, rule, group_key, opened_at, closed_at, revision, told)
                   VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING RETURNING id`,
                  [id, rule, key, openedAt, closedAt, JSON.stringify(told)],
                )
              : await tx.one(
                  'UPDATE incident SET closed_at = $1, revision = revision + 1, told = $2 WHERE id = $3 AND revision = $4 RETURNING id',
                  [closedAt, JSON.stringify(told), id, revision],
                );
          if (!written) continue;
          for (const one of notifications)
            await tx.all(
              `INSERT INTO notification (id, incident, channel, made_at, due_at, body)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
              [one.id, one.incident, one.channel, one.madeAt, one.dueAt, one.body],
            );
        }
      }),
    claim: (channel, now, leaseMs) =>
      group.keep(async (tx) => {
        // A second one that claims waits for the first one's row, and then finds it leased.
        const row = await tx.one<RawNotification>(
          `UPDATE notification SET lease_until = $1, tries = tries + 1, made_at = least(made_at, $2)
           WHERE (lease_until <= $2 OR lease_until > $1) AND number = (
             SELECT number FROM notification AS one WHERE channel = $3 AND ${waits} AND (due_at <= $2 OR made_at > $2)
               AND (lease_until <= $2 OR lease_until > $1)
               AND NOT EXISTS (SELECT 1 FROM notification AS earlier WHERE earlier.channel = $3 AND earlier.sent_at IS NULL
                 AND earlier.dropped_at IS NULL AND earlier.incident = one.incident AND earlier.number < one.number)
             ORDER BY number LIMIT 1) RETURNING *`,
          [now + leaseMs, now, channel],
        );
        return row && readNotification(row);
      }),
    markSent: (id, at) =>
      group.keep(async (tx) => {
        const sql = `UPDATE notification SET sent_at = $1, failure = NULL WHERE id = $2 AND ${waits} RETURNING channel`;
        for (const { channel } of await tx.all<{ channel: string }>(sql, [at, id])) await addTotal(tx, channel, 1, 0);
      }),
    markFailed: (id, failure, dueAt, at) =>
      group.keep(async (tx) => {
        const marked = await tx.all<{ channel: string }>(
          `UPDATE notification SET due_at = coalesce(CAST($1 AS BIGINT), due_at), lease_until = 0, failure = $2,
             dropped_at = CAST($3 AS BIGINT) WHERE id = $4 AND ${waits} RETURNING channel`,
          [dueAt ?? null, failure, dueAt === undefined ? at : null, id],
        );
        if (dueAt === undefined) for (const { channel } of marked) await addTotal(tx, channel, 0, 1);
      }),
    channels: () => channelStates(database),
    dropWaiting: (channel, why, madeUntil, at) =>
      group.keep(async (tx) => {
        const sql = `UPDATE notification SET dropped_at = $1, failure = $2 WHERE channel = $3 AND made_at <= $4 AND ${waits}
          RETURNING id`;
        const dropped = await tx.all(sql, [at, why, channel, madeUntil]);
        if (dropped.length > 0) await addTotal(tx, channel, 0, dropped.length);
        return dropped.length;
      }),
    dropBeyond: (channel, why, most, at) =>
      group.keep(async (tx) => {
        const sql = `UPDATE notification SET dropped_at = $1, failure = $2 WHERE number IN (
          SELECT number FROM notification WHERE channel = $3 AND ${waits} ORDER BY number DESC OFFSET $4) RETURNING id`;
        const dropped = await tx.all(sql, [at, why, channel, most]);
        if (dropped.length > 0) await addTotal(tx, channel, 0, dropped.length);
        return dropped.length;
      }),
    acknowledge: (id, said, entry) =>
      group.keep((tx) => {
        const sql = 'UPDATE incident SET acknowledged = $1 WHERE id = $2 AND closed_at IS NULL RETURNING id';
        return noted(tx, isChanged(tx, sql, [JSON.stringify(said), id]), entry);
      }),
    takeBack: (id, entry) =>
      group.keep((tx) => {
        const sql = `UPDATE incident SET acknowledged = NULL WHERE id = $1 AND closed_at IS NULL
           AND acknowledged IS NOT NULL RETURNING id`;
        return noted(tx, isChanged(tx, sql, [id]), entry);
      }),
    async silences(now) {
      const sql = 'SELECT * FROM silence WHERE until > $1 ORDER BY until, id';
      return (await database.all<RawSilence>(sql, [now])).map(readSilence);
    },
    addSilence: ({ id, madeAt, until, by, reason, match }, entry) =>
      group.keep(async (tx) => {
        const sql = `INSERT INTO silence (id, made_at, until, made_by, reason, matcher) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (id) DO NOTHING RETURNING id`;
        await noted(tx, isChanged(tx, sql, [id, madeAt, until, by, reason, JSON.stringify(match)]), entry);
      }),
    endSilence: (id, now, entry) =>
      group.keep((tx) => {
        const sql = 'UPDATE silence SET until = $1 WHERE id = $2 AND until > $1 RETURNING id';
        return noted(tx, isChanged(tx, sql, [now, id]), entry);
      }),
    linkKey: (proposed) =>
      group.keep(async (tx) => {
        // Two may start at once: the first one's is everybody's.
        await tx.all(`INSERT INTO setting (name, value) VALUES ('link-key', $1) ON CONFLICT (name) DO NOTHING`, [
          proposed,
        ]);
        return (await readSetting(tx, 'link-key')) ?? proposed;
      }),
    prune: (before) =>
      group.keep(async (tx) => {
        // Of each subject the last one stays.
        await tx.all(
          `DELETE FROM transition WHERE at < $1 AND EXISTS (SELECT 1 FROM transition AS later
             WHERE later.subject_digest = transition.subject_digest AND later.ordinal > transition.ordinal)`,
          [before],
        );
        await tx.all(`DELETE FROM notification WHERE made_at < $1 AND NOT (${waits})`, [before]);
        await tx.all('DELETE FROM incident WHERE closed_at < $1', [before]);
        await tx.all('DELETE FROM silence WHERE until < $1', [before]);
      }),
  };
}

async function addTotal(tx: Queries, channel: string, sent: number, dropped: number): Promise<void> {
  await tx.all(
    `INSERT INTO channel_total (channel, sent, dropped) VALUES ($1, $2, $3) ON CONFLICT (channel)
     DO UPDATE SET sent = channel_total.sent + excluded.sent, dropped = channel_total.dropped + excluded.dropped`,
    [channel, sent, dropped],
  );
}

async function isChanged(tx: Queries, sql: string, values: readonly unknown[]): Promise<boolean> {
  return (await tx.one(sql, [...values])) !== undefined;
}

/** What one was told of before is written once, whoever else writes: the pair (subject, ordinal) is there once. */
async function keepTransition(
  tx: Queries,
  { key, kind, at, openedAt, concern, after }: TransitionDraft,
): Promise<void> {
  const digest = digestOf(key);
  const last = await tx.one<{ ordinal: number; standing: number }>(
    'SELECT ordinal, standing FROM transition WHERE subject_digest = $1 ORDER BY ordinal DESC LIMIT 1',
    [digest],
  );
  if ((last?.standing === 1 ? last.ordinal : undefined) !== after) return;
  await tx.all('UPDATE transition SET standing = 0 WHERE subject_digest = $1 AND standing = 1', [digest]);
  await tx.all(
    `INSERT INTO transition (subject, subject_digest, ordinal, kind, at, opened_at, standing, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [key, digest, (last?.ordinal ?? 0) + 1, kind, at, openedAt, kind === 'resolved' ? 0 : 1, JSON.stringify(concern)],
  );
}

/** How each channel stands: costs what waits, and not what ever was. */
export async function channelStates(queries: Queries): Promise<ChannelState[]> {
  const rows = await queries.all<{
    channel: string;
    waiting: number;
    oldest_at: number | null;
    sent: number;
    dropped: number;
    failure: string | null;
  }>(
    `SELECT channel, CAST(sum(waiting) AS BIGINT) AS waiting, min(made_at) AS oldest_at, CAST(sum(sent) AS BIGINT) AS sent,
       CAST(sum(dropped) AS BIGINT) AS dropped, max(failure) AS failure
     FROM (SELECT channel, 0 AS waiting, CAST(NULL AS BIGINT) AS made_at, sent, dropped, CAST(NULL AS TEXT) AS failure FROM channel_total
       UNION ALL SELECT channel, 1, made_at, 0, 0, failure FROM notification WHERE ${waits}) AS states
     GROUP BY channel ORDER BY channel`,
  );
  return rows.map(({ channel, waiting, oldest_at, sent, dropped, failure }) => ({
    channel,
    waiting,
    sent,
    dropped,
    oldestAt: oldest_at ?? undefined,
    failure: failure ?? undefined,
  }));
}
