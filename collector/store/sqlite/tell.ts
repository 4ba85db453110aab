import type { AuditEntry } from '../accounts.ts';
import type { Acknowledgement, ChannelState, Telling, TransitionDraft } from '../tell.ts';
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
import type { GroupCommit } from './group-commit.ts';
import type { settingTable } from './settings.ts';
import type { Sql } from './sqlite.ts';

const waits = 'sent_at IS NULL AND dropped_at IS NULL';

/** Rows of `transition`, `incident`, `notification` and `silence`. */
export function tellTables(
  sql: Sql,
  group: GroupCommit,
  settings: ReturnType<typeof settingTable>,
  noted: <T extends number | boolean>(changed: T, entry: AuditEntry) => T,
): Telling {
  const standing = sql.prepare<[], RawTransition>('SELECT * FROM transition WHERE standing = 1 ORDER BY id');
  const lastOf = sql.prepare<[string], { ordinal: number; standing: number }>(
    'SELECT ordinal, standing FROM transition WHERE subject = +? ORDER BY ordinal DESC LIMIT 1',
  );
  const addTransition = sql.prepare(
    'INSERT INTO transition (subject, ordinal, kind, at, opened_at, standing, body) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const stand = sql.prepare('UPDATE transition SET standing = 0 WHERE subject = ? AND standing = 1');
  const open = sql.prepare<[], RawIncident>('SELECT * FROM incident WHERE closed_at IS NULL ORDER BY opened_at, id');
  const byId = sql.prepare<[string], RawIncident>('SELECT * FROM incident WHERE id = ?');
  const addIncident = sql.prepare(
    `INSERT INTO incident (id, rule, group_key, opened_at, closed_at, revision, told) VALUES (?, ?, ?, ?, ?, 1, ?)
     ON CONFLICT DO NOTHING`,
  );
  const putIncident = sql.prepare(
    'UPDATE incident SET closed_at = ?, revision = revision + 1, told = ? WHERE id = ? AND revision = ?',
  );
  const addNotification = sql.prepare(
    `INSERT INTO notification (id, incident, channel, made_at, due_at, body) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO NOTHING`,
  );
  const claim = sql.prepare<{ channel: string; now: number; until: number }, RawNotification>(
    `UPDATE notification SET lease_until = :until, tries = tries + 1, made_at = min(made_at, :now) WHERE number = (
       SELECT number FROM notification AS one WHERE channel = :channel AND ${waits} AND (due_at <= :now OR made_at > :now)
         AND (lease_until <= :now OR lease_until > :until)
         AND NOT EXISTS (SELECT 1 FROM notification AS earlier WHERE earlier.channel = :channel AND earlier.sent_at IS NULL
           AND earlier.dropped_at IS NULL AND earlier.incident = one.incident AND earlier.number < one.number)
       ORDER BY number LIMIT 1) RETURNING *`,
  );
  const sent = sql.prepare<[number, string], { channel: string }>(
    `UPDATE notification SET sent_at = ?, failure = NULL WHERE id = ? AND ${waits} RETURNING channel`,
  );
  const failed = sql.prepare<[number | null, string, number | null, string], { channel: string }>(
    `UPDATE notification SET due_at = coalesce(?, due_at), lease_until = 0, failure = ?, dropped_at = ? WHERE id = ? AND ${waits}
     RETURNING channel`,
  );
  const total = sql.prepare<[string, number, number]>(
    `INSERT INTO channel_total (channel, sent, dropped) VALUES (?, ?, ?)
     ON CONFLICT (channel) DO UPDATE SET sent = sent + excluded.sent, dropped = dropped + excluded.dropped`,
  );
  const drop = sql.prepare(
    `UPDATE notification SET dropped_at = ?, failure = ? WHERE channel = ? AND made_at <= ? AND ${waits}`,
  );
  const dropOldest = sql.prepare(
    `UPDATE notification SET dropped_at = ?, failure = ? WHERE number IN (
       SELECT number FROM notification WHERE channel = ? AND ${waits} ORDER BY number DESC LIMIT -1 OFFSET ?)`,
  );
  const states = channelStates(sql);
  const acknowledge = sql.prepare('UPDATE incident SET acknowledged = ? WHERE id = ? AND closed_at IS NULL');
  const takeBack = sql.prepare(
    'UPDATE incident SET acknowledged = NULL WHERE id = ? AND closed_at IS NULL AND acknowledged IS NOT NULL',
  );
  const silences = sql.prepare<[number], RawSilence>('SELECT * FROM silence WHERE until > ? ORDER BY until, id');
  const addSilence = sql.prepare(
    'INSERT INTO silence (id, made_at, until, made_by, reason, matcher) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
  );
  const endSilence = sql.prepare<[number, string, number]>('UPDATE silence SET until = ? WHERE id = ? AND until > ?');
  const prunes = [
    // Of each subject the last one stays.
    `DELETE FROM transition WHERE at < ? AND EXISTS
       (SELECT 1 FROM transition AS later WHERE later.subject = transition.subject AND later.ordinal > transition.ordinal)`,
    `DELETE FROM notification WHERE made_at < ? AND NOT (${waits})`,
    'DELETE FROM incident WHERE closed_at < ?',
    'DELETE FROM silence WHERE until < ?',
  ].map((statement) => sql.prepare<[number]>(statement));

  return {
    standing: async () => standing.all().map(readTransition),
    addTransitions: (drafts) => group.keep(() => drafts.forEach(keepTransition)),
    incidents: async () => open.all().map(readIncident),
    async findIncident(id) {
      const row = byId.get(id);
      return row && readIncident(row);
    },
    savePlan: (incidents) =>
      group.keep(() => {
        for (const { incident, notifications } of incidents) {
          const { id, rule, group: key, openedAt, closedAt = null, revision, told } = incident;
          const { changes } =
            revision === 0
              ? addIncident.run(id, rule, key, openedAt, closedAt, JSON.stringify(told))
              : putIncident.run(closedAt, JSON.stringify(told), id, revision);
          if (changes === 0) continue;
          for (const one of notifications)
            addNotification.run(one.id, one.incident, one.channel, one.madeAt, one.dueAt, one.body);
        }
      }),
    claim: (channel, now, leaseMs) =>
      group.keep(() => {
        const row = claim.get({ channel, now, until: now + leaseMs });
        return row && readNotification(row);
      }),
    markSent: (id, at) =>
      group.keep(() => {
        for (const { channel } of sent.all(at, id)) total.run(channel, 1, 0);
      }),
    markFailed: (id, failure, dueAt, at) =>
      group.keep(() => {
        const marked = failed.all(dueAt ?? null, failure, dueAt === undefined ? at : null, id);
        if (dueAt === undefined) for (const { channel } of marked) total.run(channel, 0, 1);
      }),
    channels: async () => states(),
    dropWaiting: (channel, why, madeUntil, at) =>
      group.keep(() => {
        const { changes } = drop.run(at, why, channel, madeUntil);
        if (changes > 0) total.run(channel, 0, changes);
        return changes;
      }),
    dropBeyond: (channel, why, most, at) =>
      group.keep(() => {
        const { changes } = dropOldest.run(at, why, channel, most);
        if (changes > 0) total.run(channel, 0, changes);
        return changes;
      }),
    acknowledge: (id, said: Acknowledgement, entry) =>
      group.keep(() => noted(acknowledge.run(JSON.stringify(said), id).changes === 1, entry)),
    takeBack: (id, entry) => group.keep(() => noted(takeBack.run(id).changes === 1, entry)),
    silences: async (now) => silences.all(now).map(readSilence),
    addSilence: ({ id, madeAt, until, by, reason, match }, entry) =>
      group.keep(() => {
        noted(addSilence.run(id, madeAt, until, by, reason, JSON.stringify(match)).changes, entry);
      }),
    endSilence: (id, now, entry) => group.keep(() => noted(endSilence.run(now, id, now).changes === 1, entry)),
    linkKey: (proposed) =>
      group.keep(() => {
        const key = settings.read('link-key');
        if (key === undefined) settings.keep('link-key', proposed);
        return key ?? proposed;
      }),
    prune: (before) =>
      group.keep(() => {
        for (const statement of prunes) statement.run(before);
      }),
  };

  function keepTransition({ key, kind, at, openedAt, concern, after }: TransitionDraft): void {
    const last = lastOf.get(key);
    if ((last?.standing === 1 ? last.ordinal : undefined) !== after) return;
    stand.run(key);
    const body = JSON.stringify(concern);
    addTransition.run(key, (last?.ordinal ?? 0) + 1, kind, at, openedAt, kind === 'resolved' ? 0 : 1, body);
  }
}

/** How each channel stands: costs what waits, and not what ever was. */
export function channelStates(sql: Sql): () => ChannelState[] {
  const states = sql.prepare<[], ChannelState & { oldestAt: number | null; failure: string | null }>(
    `SELECT channel, sum(waiting) AS waiting, min(made_at) AS oldestAt, sum(sent) AS sent, sum(dropped) AS dropped, max(failure) AS failure
     FROM (SELECT channel, 0 AS waiting, NULL AS made_at, sent, dropped, NULL AS failure FROM channel_total
       UNION ALL SELECT channel, 1, made_at, 0, 0, failure FROM notification WHERE ${waits})
     GROUP BY channel ORDER BY channel`,
  );
  return () =>
    states.all().map((row) => ({ ...row, oldestAt: row.oldestAt ?? undefined, failure: row.failure ?? undefined }));
}
