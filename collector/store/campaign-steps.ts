import { accountSteps } from './account-steps.ts';
import type { AuditEntry } from './accounts.ts';
import {
  type CampaignDraft,
  type CampaignRow,
  type Campaigns,
  type CampaignState,
  type HaltedCampaign,
  type MemberCount,
  type MemberMove,
  type MemberRow,
  type PlannedMember,
  type RawCampaign,
  type RawMember,
  readCampaign,
  readMember,
} from './campaigns.ts';
import type { StepRunner } from './keep-accounts.ts';
import { row, rows, type Steps } from './steps.ts';

const columns = `SELECT id, selection, limits, reason, started_by, via, started_at, state, cause, halted_by, changed_at FROM campaign`;
const memberColumns = `SELECT number, planned, state, attempt, request, asked_at, changed_at, cause FROM campaign_member`;

/** Rows of campaign and campaign_member, for both databases. */
export function keepCampaigns({ read, write }: StepRunner): Campaigns {
  return {
    add: (draft, members, entry) => write(() => add(draft, members, entry)),
    list: (limit, idStart) => read(list(limit, idStart)),
    counts: (ids) => read(counts(ids)),
    find: (id) => read(find(id)),
    findByKey: (key) => read(findByKey(key)),
    open: () => read(open()),
    halted: () => read(halted()),
    members: (id) => read(members(id)),
    membersMark: (id) => read(membersMark(id)),
    prune: (before) => write(() => prune(before)),
    move: (id, from, to, at, entry) => write(() => move(id, from, to, at, entry)),
    resume: (id, at, entry) => write(() => resume(id, at, entry)),
    moveMember: (id, from, to, at, entry) => write(() => moveMember(id, from, to, at, entry)),
    noteRequest: (id, member, request) => write(() => noteRequest(id, member, request)),
  };
}

/** One statement each: a round trip for each member would hold up what else is kept. */
const membersAtATime = 100;

function* add(draft: CampaignDraft, planned: readonly PlannedMember[], entry: AuditEntry): Steps<CampaignRow> {
  const { id, key, selection, limits, reason, startedBy, via, startedAt } = draft;
  const added = yield* row(
    `INSERT INTO campaign (id, key, selection, limits, reason, started_by, via, started_at, state, changed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'running', $8) ON CONFLICT (key) DO NOTHING RETURNING id`,
    id,
    key ?? null,
    JSON.stringify(selection),
    JSON.stringify(limits),
    reason,
    startedBy,
    via,
    startedAt,
  );
  if (added) {
    for (let first = 0; first < planned.length; first += membersAtATime) {
      const slice = planned.slice(first, first + membersAtATime);
      const values = slice.map((_, index) => {
        const own = [3, 4, 5, 6, 7].map((column) => `$${index * 5 + column}`);
        return `($1, ${own.join(', ')}, 'waiting', $2)`;
      });
      yield* rows(
        `INSERT INTO campaign_member (campaign, number, planned, wave, owner, places, state, changed_at)
         VALUES ${values.join(', ')}`,
        id,
        startedAt,
        ...slice.flatMap((member, index) => [
          first + index + 1,
          JSON.stringify(member),
          member.wave,
          member.owner ?? null,
          member.places.length,
        ]),
      );
    }
    yield* accountSteps.addAudit(entry);
  }
  const kept = yield* row<RawCampaign>(
    added ? `${columns} WHERE id = $1` : `${columns} WHERE key = $1`,
    added ? id : key,
  );
  if (!kept) throw new Error('the campaign was not kept');
  return readCampaign(kept);
}

function* list(limit: number, idStart = ''): Steps<CampaignRow[]> {
  const sql = `${columns} WHERE id LIKE $1 ORDER BY started_at DESC, id LIMIT $2`;
  return (yield* rows<RawCampaign>(sql, `${idStart.replaceAll(/[^\w-]/g, '')}%`, limit)).map(readCampaign);
}

function* counts(ids: readonly string[]): Steps<MemberCount[]> {
  if (ids.length === 0) return [];
  const found = yield* rows<Omit<MemberCount, 'owner'> & { owner: string | null }>(
    `SELECT campaign, wave, owner, state, count(*) AS lineages, CAST(sum(places) AS BIGINT) AS places FROM campaign_member
     WHERE campaign IN (${ids.map((_, index) => `$${index + 1}`).join(', ')})
     GROUP BY campaign, wave, owner, state ORDER BY campaign, wave`,
    ...ids,
  );
  return found.map((one) => ({ ...one, owner: one.owner ?? undefined }));
}

function* find(id: string): Steps<CampaignRow | undefined> {
  const found = yield* row<RawCampaign>(`${columns} WHERE id = $1`, id);
  return found && readCampaign(found);
}

function* findByKey(key: string): Steps<CampaignRow | undefined> {
  const found = yield* row<RawCampaign>(`${columns} WHERE key = $1`, key);
  return found && readCampaign(found);
}

function* open(): Steps<CampaignRow[]> {
  const sql = `${columns} WHERE state IN ('running', 'paused') ORDER BY started_at, id`;
  return (yield* rows<RawCampaign>(sql)).map(readCampaign);
}

function* halted(): Steps<HaltedCampaign[]> {
  const sql = `${columns} WHERE state = 'paused' AND halted_by IS NOT NULL ORDER BY started_at, id`;
  const found: HaltedCampaign[] = [];
  for (const raw of yield* rows<RawCampaign>(sql)) {
    const member = yield* row<RawMember>(`${memberColumns} WHERE campaign = $1 AND number = $2`, raw.id, raw.halted_by);
    if (member) found.push({ campaign: readCampaign(raw), member: readMember(member) });
  }
  return found;
}

function* members(id: string): Steps<MemberRow[]> {
  return (yield* rows<RawMember>(`${memberColumns} WHERE campaign = $1 ORDER BY number`, id)).map(readMember);
}

function* membersMark(id: string): Steps<string> {
  const found = yield* rows(
    `SELECT state, count(*) AS members, max(changed_at) AS changed, CAST(sum(attempt) AS BIGINT) AS attempts,
       count(request) AS requests FROM campaign_member WHERE campaign = $1 GROUP BY state ORDER BY state`,
    id,
  );
  return JSON.stringify(found);
}

function* prune(before: number): Steps<boolean> {
  const gone = yield* row(
    `DELETE FROM campaign WHERE id = (SELECT id FROM campaign WHERE state IN ('done', 'aborted') AND changed_at < $1
       ORDER BY changed_at, id LIMIT 1) RETURNING id`,
    before,
  );
  return gone !== undefined;
}

function* move(
  id: string,
  from: readonly CampaignState[],
  { state, cause, haltedBy }: Parameters<Campaigns['move']>[2],
  at: number,
  entry: AuditEntry | undefined,
): Steps<boolean> {
  const moved = yield* row(
    `UPDATE campaign SET state = $1, cause = $2, halted_by = $7, changed_at = $3
     WHERE id = $4 AND state IN ($5, $6) RETURNING id`,
    state,
    cause ?? null,
    at,
    id,
    from[0],
    from[1] ?? from[0],
    haltedBy ?? null,
  );
  if (moved && entry) yield* accountSteps.addAudit(entry);
  return moved !== undefined;
}

function* resume(id: string, at: number, entry: AuditEntry): Steps<boolean> {
  if (!(yield* move(id, ['paused'], { state: 'running', cause: undefined }, at, entry))) return false;
  yield* rows(
    `UPDATE campaign_member SET state = 'waiting', request = NULL, changed_at = $1, cause = NULL
     WHERE campaign = $2 AND state = 'failed'`,
    at,
    id,
  );
  return true;
}

function* moveMember(
  id: string,
  { number, state, attempt }: Pick<MemberRow, 'number' | 'state' | 'attempt'>,
  to: MemberMove,
  at: number,
  entry: AuditEntry | undefined,
): Steps<boolean> {
  const isAnew = to.attempt !== attempt;
  const moved = yield* row(
    `UPDATE campaign_member SET state = $1, attempt = $2, asked_at = $3, cause = $4, changed_at = $5,
       request = CASE WHEN $6 = 1 THEN NULL ELSE request END
     WHERE campaign = $7 AND number = $8 AND state = $9 AND attempt = $10
       AND ($1 <> 'asked' OR EXISTS (SELECT 1 FROM campaign WHERE id = $7 AND state = 'running')) RETURNING number`,
    to.state,
    to.attempt,
    to.askedAt ?? null,
    to.cause ?? null,
    at,
    isAnew ? 1 : 0,
    id,
    number,
    state,
    attempt,
  );
  if (moved && entry) yield* accountSteps.addAudit(entry);
  return moved !== undefined;
}

function* noteRequest(
  id: string,
  { number, attempt }: Pick<MemberRow, 'number' | 'attempt'>,
  request: string,
): Steps<boolean> {
  const sql =
    'UPDATE campaign_member SET request = $1 WHERE campaign = $2 AND number = $3 AND attempt = $4 RETURNING number';
  return (yield* row(sql, request, id, number, attempt)) !== undefined;
}
