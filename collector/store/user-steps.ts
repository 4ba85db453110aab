import type { AuditEntry, UserChange, UserChanged, UserState } from './accounts.ts';
import { type RawUserState, readUserState } from './rows/account.ts';
import { row, rows, type Steps } from './steps.ts';

/** What an admin does with users, and the links by which they set a password. */
export const userSteps = {
  *userStates(at: number): Steps<UserState[]> {
    const found = yield* rows<RawUserState>(
      `SELECT name, role, password, issuer, subject, created_at, disabled_at, elsewhere, coalesce(browser.sessions, 0) AS sessions, browser.seen_at,
         coalesce(token.tokens, 0) AS api_tokens, web_invite.expires_at AS invite_ends_at
       FROM web_user
       LEFT JOIN (SELECT web_user, count(*) AS sessions, max(seen_at) AS seen_at FROM web_session WHERE ends_at > $1 GROUP BY web_user) browser
         ON browser.web_user = web_user.id
       LEFT JOIN (SELECT web_user, count(*) AS tokens FROM api_token WHERE web_user IS NOT NULL GROUP BY web_user) token ON token.web_user = web_user.id
       LEFT JOIN web_invite ON web_invite.web_user = web_user.id AND web_invite.expires_at > $1`,
      at,
    );
    return found.map(readUserState).sort((a, b) => (a.name < b.name ? -1 : 1));
  },
  *changeUser(name: string, change: UserChange, entry: AuditEntry): Steps<UserChanged> {
    const known = yield* row<HasId>('SELECT id FROM web_user WHERE name = $1', name);
    if (!known) return 'unknown';
    const { id } = known;
    if (isTaken(change)) {
      // Changes nothing, and holds the rows: of two that take each other out at once the second finds the first one's change.
      const admins = yield* rows<HasId>(
        `UPDATE web_user SET role = role WHERE role = 'admin' AND disabled_at IS NULL
           AND (password IS NOT NULL OR issuer IS NOT NULL OR elsewhere = 1) RETURNING id`,
      );
      if (admins.length === 1 && admins[0]?.id === id) return 'last-admin';
    }
    if (change === 'removed') yield* rows('DELETE FROM web_user WHERE id = $1', id);
    else if ('role' in change) yield* rows('UPDATE web_user SET role = $1 WHERE id = $2', change.role, id);
    else {
      yield* rows('UPDATE web_user SET disabled_at = $1 WHERE id = $2', change.disabledAt ?? null, id);
      if (change.disabledAt !== undefined) yield* rows('DELETE FROM web_invite WHERE web_user = $1', id);
    }
    yield* changedUser(known, entry);
    return 'done';
  },
  *invite(name: string, hash: Uint8Array, expiresAt: number, entry: AuditEntry): Steps<boolean> {
    const known = yield* row<HasId>(
      'SELECT id FROM web_user WHERE name = $1 AND disabled_at IS NULL AND issuer IS NULL',
      name,
    );
    if (!known) return false;
    yield* rows(
      `INSERT INTO web_invite (web_user, hash, expires_at) VALUES ($1, $2, $3)
       ON CONFLICT (web_user) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`,
      known.id,
      hash,
      expiresAt,
    );
    return yield* audited(known, entry);
  },
  *invited(hash: Uint8Array, at: number): Steps<string | undefined> {
    return (yield* invitation(hash, at))?.name;
  },
  *acceptInvite(hash: Uint8Array, password: string, entry: AuditEntry): Steps<boolean> {
    const found = yield* invitation(hash, entry.at);
    // Of two that come at once one takes the row.
    const taken = found && (yield* row('DELETE FROM web_invite WHERE hash = $1 RETURNING web_user', hash));
    if (!taken) return false;
    yield* rows('UPDATE web_user SET password = $1 WHERE id = $2', password, found.id);
    return yield* changedPassword(found, entry);
  },
};

export interface HasId {
  id: number;
}

/** What a user may do, or how it is known, is another: whoever signed in before does so again. */
export function* changedUser(user: HasId | undefined, entry: AuditEntry): Steps<boolean> {
  if (user) yield* rows('DELETE FROM web_session WHERE web_user = $1', user.id);
  return yield* audited(user, entry);
}

/** Whoever knew the password before may have made API tokens: they go, and the history says how many. */
export function* changedPassword(user: HasId | undefined, entry: AuditEntry): Steps<boolean> {
  if (!user) return false;
  const revoked = yield* rows('DELETE FROM api_token WHERE web_user = $1 RETURNING name', user.id);
  const detail = { ...entry.detail, ...(revoked.length > 0 && { revokedApiTokens: String(revoked.length) }) };
  return yield* changedUser(user, { ...entry, detail });
}

/** Only what was done is history. */
export function* audited(done: object | undefined, entry: AuditEntry): Steps<boolean> {
  if (done) yield* addAudit(entry);
  return done !== undefined;
}

export function* addAudit({ at, actor, via, action, subject, detail }: AuditEntry): Steps<void> {
  yield* rows(
    'INSERT INTO audit (at, actor, via, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)',
    at,
    actor,
    via,
    action,
    subject,
    JSON.stringify(detail),
  );
}

/** Is an admin none any more after it? */
function isTaken(change: UserChange): boolean {
  if (change === 'removed') return true;
  return 'role' in change ? change.role !== 'admin' : change.disabledAt !== undefined;
}

function* invitation(hash: Uint8Array, at: number): Steps<(HasId & { name: string }) | undefined> {
  return yield* row<HasId & { name: string }>(
    `SELECT id, name FROM web_user JOIN web_invite ON web_invite.web_user = web_user.id
     WHERE web_invite.hash = $1 AND web_invite.expires_at > $2 AND disabled_at IS NULL AND issuer IS NULL`,
    hash,
    at,
  );
}
