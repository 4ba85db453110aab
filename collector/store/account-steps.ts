import type { Role } from '../accounts/role.ts';
import {
  type ApiToken,
  type ApiTokenAdded,
  type AuditEntry,
  type AuditFilter,
  mostApiTokens,
  type NewInvite,
  type User,
  type WebSession,
} from './accounts.ts';
import {
  type RawApiToken,
  type RawAudit,
  type RawSession,
  type RawUser,
  readApiToken,
  readAudit,
  readSession,
  readUser,
} from './rows/account.ts';
import { addAudit, audited, changedPassword, changedUser, type HasId, userSteps } from './user-steps.ts';
import { row, rows, type Steps } from './steps.ts';

const userColumns = 'SELECT name, role, password, issuer, subject, created_at, disabled_at, elsewhere FROM web_user';
const tokenColumns = `SELECT api_token.name, api_token.role, created_by, api_token.created_at, expires_at, used_at,
  web_user.name AS web_user, web_user.role AS user_role FROM api_token LEFT JOIN web_user ON web_user.id = api_token.web_user`;
const sessionColumns = `SELECT web_user.name, web_user.role, web_session.created_at, seen_at, ends_at, address, hash
  FROM web_session JOIN web_user ON web_user.id = web_session.web_user`;

/** Rows of web_user, web_session, api_token and audit, for both databases. */
export const accountSteps = {
  *hasUsers(): Steps<boolean> {
    return (yield* row('SELECT id FROM web_user LIMIT 1')) !== undefined;
  },
  *users(): Steps<User[]> {
    const found = yield* rows<RawUser>(userColumns);
    return found.map(readUser).sort(byName);
  },
  *user(name: string): Steps<User | undefined> {
    const found = yield* row<RawUser>(`${userColumns} WHERE name = $1`, name);
    return found && readUser(found);
  },
  *userOf({ issuer, subject }: NonNullable<User['identity']>): Steps<User | undefined> {
    const found = yield* row<RawUser>(`${userColumns} WHERE issuer = $1 AND subject = $2`, issuer, subject);
    return found && readUser(found);
  },
  *addUser(user: User, entry: AuditEntry, invite?: NewInvite): Steps<boolean> {
    const { name, role, password, identity, createdAt, elsewhere = false } = user;
    const added = yield* row(
      `INSERT INTO web_user (name, role, password, issuer, subject, created_at, elsewhere) VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT DO NOTHING RETURNING id`,
      name,
      role,
      password ?? null,
      identity?.issuer ?? null,
      identity?.subject ?? null,
      createdAt,
      Number(elsewhere),
    );
    const isDone = yield* audited(added, entry);
    return isDone && invite ? yield* userSteps.invite(name, invite.hash, invite.expiresAt, invite.entry) : isDone;
  },
  *setRole(name: string, role: Role, entry: AuditEntry): Steps<boolean> {
    return yield* changedUser(
      yield* row<HasId>('UPDATE web_user SET role = $1 WHERE name = $2 RETURNING id', role, name),
      entry,
    );
  },
  *setPassword(name: string, password: string, entry: AuditEntry): Steps<boolean> {
    return yield* changedPassword(
      yield* row<HasId>('UPDATE web_user SET password = $1 WHERE name = $2 RETURNING id', password, name),
      entry,
    );
  },
  *bindIdentity(name: string, { issuer, subject }: NonNullable<User['identity']>): Steps<boolean> {
    const bound = yield* row<HasId>(
      `UPDATE web_user SET issuer = $1, subject = $2
       WHERE name = $3 AND issuer IS NULL AND password IS NULL AND elsewhere = 1 AND disabled_at IS NULL RETURNING id`,
      issuer,
      subject,
      name,
    );
    if (bound) yield* rows('DELETE FROM web_invite WHERE web_user = $1', bound.id);
    return bound !== undefined;
  },
  *removeUser(name: string, entry: AuditEntry): Steps<boolean> {
    return yield* audited(yield* row('DELETE FROM web_user WHERE name = $1 RETURNING id', name), entry);
  },
  ...userSteps,

  *keepSetUp(hash: string, expiresAt: number): Steps<void> {
    yield* rows(
      `INSERT INTO setting (name, value) VALUES ('set-up', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
      JSON.stringify({ hash, expiresAt }),
    );
  },
  *isSetUp(hash: string, at: number): Steps<boolean> {
    return (yield* setUpLink(hash, at)) !== undefined;
  },
  *setUp(hash: string, user: User, entry: AuditEntry): Steps<boolean> {
    const value = yield* setUpLink(hash, entry.at);
    if (value === undefined) return false;
    // Of two that come at once one takes the row.
    const taken = yield* row(`DELETE FROM setting WHERE name = 'set-up' AND value = $1 RETURNING name`, value);
    return taken !== undefined && (yield* accountSteps.addUser(user, entry));
  },

  *addSession(
    hash: Uint8Array,
    { user, createdAt, endsAt, address }: Pick<WebSession, 'user' | 'createdAt' | 'endsAt' | 'address'>,
    entry: AuditEntry,
  ): Steps<boolean> {
    yield* rows('DELETE FROM web_session WHERE ends_at < $1', createdAt);
    const known = yield* row<HasId>('SELECT id FROM web_user WHERE name = $1 AND disabled_at IS NULL', user);
    if (!known) return false;
    yield* rows(
      'INSERT INTO web_session (hash, web_user, created_at, seen_at, ends_at, address) VALUES ($1, $2, $3, $4, $5, $6)',
      hash,
      known.id,
      createdAt,
      createdAt,
      endsAt,
      address,
    );
    return yield* audited(known, entry);
  },
  *session(hash: Uint8Array): Steps<WebSession | undefined> {
    const found = yield* row<RawSession>(`${sessionColumns} WHERE hash = $1 AND disabled_at IS NULL`, hash);
    return found && readSession(found);
  },
  *noteSeen(hash: Uint8Array, at: number): Steps<void> {
    yield* rows('UPDATE web_session SET seen_at = $1 WHERE hash = $2', at, hash);
  },
  *endSession(hash: Uint8Array, entry: AuditEntry): Steps<boolean> {
    return yield* audited(yield* row('DELETE FROM web_session WHERE hash = $1 RETURNING web_user', hash), entry);
  },
  *sessionsOf(user: string): Steps<(WebSession & { hash: Uint8Array })[]> {
    const found = yield* rows<RawSession & { hash: Uint8Array }>(
      `${sessionColumns} WHERE web_user.name = $1 ORDER BY web_session.created_at DESC`,
      user,
    );
    return found.map((one) => ({ ...readSession(one), hash: one.hash }));
  },
  *endSessions(user: string, entry: AuditEntry): Steps<number> {
    const ended = yield* rows(
      'DELETE FROM web_session WHERE web_user IN (SELECT id FROM web_user WHERE name = $1) RETURNING web_user',
      user,
    );
    yield* audited(ended[0], entry);
    return ended.length;
  },

  *addApiToken(hash: Uint8Array, token: Omit<ApiToken, 'usedAt'>, entry: AuditEntry): Steps<ApiTokenAdded> {
    const { name, role, createdBy, createdAt, expiresAt, user } = token;
    yield* rows('DELETE FROM api_token WHERE expires_at <= $1', createdAt);
    let owner: HasId | undefined;
    if (user !== undefined) {
      // Changes nothing, and holds the row: of two that come at once the second counts the first one's token.
      const sql = 'UPDATE web_user SET name = name WHERE name = $1 AND disabled_at IS NULL RETURNING id';
      owner = yield* row<HasId>(sql, user);
      if (!owner) return 'unknown';
      const theirs = yield* rows('SELECT name FROM api_token WHERE web_user = $1', owner.id);
      if (theirs.length >= mostApiTokens) return 'too-many';
    }
    const added = yield* row(
      `INSERT INTO api_token (name, hash, role, created_by, created_at, expires_at, web_user)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING name`,
      name,
      hash,
      role,
      createdBy,
      createdAt,
      expiresAt,
      owner?.id ?? null,
    );
    return (yield* audited(added, entry)) ? 'done' : 'taken';
  },
  *apiTokens(): Steps<ApiToken[]> {
    const found = yield* rows<RawApiToken>(tokenColumns);
    return found.map(readApiToken).sort(byName);
  },
  *apiToken(hash: Uint8Array): Steps<ApiToken | undefined> {
    const found = yield* row<RawApiToken>(`${tokenColumns} WHERE hash = $1 AND web_user.disabled_at IS NULL`, hash);
    return found && readApiToken(found);
  },
  *noteUsed(hash: Uint8Array, at: number): Steps<void> {
    yield* rows('UPDATE api_token SET used_at = $1 WHERE hash = $2', at, hash);
  },
  *revokeApiToken(name: string, entry: AuditEntry): Steps<boolean> {
    return yield* audited(yield* row('DELETE FROM api_token WHERE name = $1 RETURNING name', name), entry);
  },

  addAudit,
  *audit(before: number | undefined, limit: number, filter: AuditFilter = {}): Steps<(AuditEntry & { id: number })[]> {
    const wanted: [condition: string, value: unknown][] = [
      ['id < ?', before ?? Number.MAX_SAFE_INTEGER],
      ...given('at >= ?', filter.since),
      ...given('at < ?', filter.until),
      ...given('action = ?', filter.action),
      ...given('via = ?', filter.via),
      ...given(like('actor'), filter.actor && likePattern(filter.actor)),
      ...given(like('subject'), filter.subject && likePattern(filter.subject)),
    ];
    const where = wanted.map(([condition], index) => condition.replace('?', `$${index + 1}`)).join(' AND ');
    const sql = `SELECT id, at, actor, via, action, subject, detail FROM audit WHERE ${where} ORDER BY id DESC LIMIT $${wanted.length + 1}`;
    return (yield* rows<RawAudit>(sql, ...wanted.map(([, value]) => value), limit)).map(readAudit);
  },
};

function given(condition: string, value: unknown): [condition: string, value: unknown][] {
  return value === undefined ? [] : [[condition, value]];
}

function like(column: 'actor' | 'subject'): string {
  return `lower(${column}) LIKE ? ESCAPE '!'`;
}

function likePattern(text: string): string {
  return text.toLowerCase().replaceAll(/[!%_]/g, '!$&').replaceAll('*', '%');
}

/** The link's row, where it is this one, in time, and nobody is there yet. */
function* setUpLink(hash: string, at: number): Steps<string | undefined> {
  if (yield* accountSteps.hasUsers()) return undefined;
  const kept = yield* row<{ value: string }>(`SELECT value FROM setting WHERE name = 'set-up'`);
  if (!kept) return undefined;
  const link: { hash: string; expiresAt: number } = JSON.parse(kept.value);
  return link.hash === hash && at < link.expiresAt ? kept.value : undefined;
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
