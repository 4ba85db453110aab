import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import { codeOf, messageOf } from '../../failure.ts';
import { type BackupContent, inspectBackup, isRestoring, restoring, sync, syncNames } from './backup.ts';
import { examine, openDatabase } from './database.ts';
import { type Migration, readMigrations } from '../migrations.ts';
import type { OpenSqlite } from './sqlite.ts';

/** What a restoration did. */
export interface Restored {
  content: BackupContent;
  /** Where the database is that was there before. */
  keptAs: string | undefined;
}

/**
 * Puts a backup in the place of directory/certherd.db, and begins a new epoch in it: every agent is asked for its whole snapshot, what is
 * missing is told as a gap, no token of before is good any more. Whoever calls holds the directory's lock. At whatever point it is killed the
 * directory holds one of the two databases, whole; running it again is safe. The failure is one line that says what to do.
 */
export function restoreBackup(
  directory: string,
  file: string,
  at: number,
  open: OpenSqlite,
  migrations: readonly Migration[] = readMigrations(),
): Result<Restored, string> {
  const place = join(directory, 'certherd.db');
  let work: string | undefined;
  try {
    // Whoever has the directory's lock is the only one: others were killed.
    for (const name of readdirSync(directory).filter(isRestoring))
      rmSync(join(directory, name), { recursive: true, force: true });
    work = mkdtempSync(join(directory, restoring));
    const copy = join(work, 'certherd.db');
    const copied = copyBeside(file, copy);
    if (copied !== undefined) return { ok: false, failure: copied };
    const inspected = inspectBackup(copy, migrations, open);
    if (!inspected.ok) return { ok: false, failure: inspected.failure.message.replaceAll(copy, file) };
    // A database that was copied by hand does not say when.
    const backedUpAt = inspected.value.backedUpAt || Math.floor(statSync(file).mtimeMs);
    const begun = beginEpoch(copy, migrations, open, backedUpAt, at);
    if (begun !== undefined) return { ok: false, failure: begun.replaceAll(copy, file) };
    // Root restores for the collector's own account, to which the directory belongs.
    const { uid, gid } = statSync(directory);
    chownSync(copy, uid, gid);
    const keptAs = setAside(place, migrations, open, at);
    renameSync(copy, place);
    syncNames(place);
    return { ok: true, value: { content: { ...inspected.value, backedUpAt }, keptAs } };
  } catch (error) {
    const reason = codeOf(error) || messageOf(error);
    return {
      ok: false,
      failure: `${directory}: nothing could be restored there (${reason}): check the disk and the owner`,
    };
  } finally {
    if (work) rmSync(work, { recursive: true, force: true });
  }
}

/** A copy with the log that may stand beside it, where somebody copied a live database by hand. */
function copyBeside(file: string, copy: string): string | undefined {
  try {
    for (const end of ['', '-wal']) {
      if (end && !existsSync(file + end)) continue;
      copyFileSync(file + end, copy + end, constants.COPYFILE_FICLONE);
      chmodSync(copy + end, 0o600);
    }
    return undefined;
  } catch (error) {
    return `${file}: cannot be read (${codeOf(error) || messageOf(error)}): name a file that certherd-collector backup made`;
  }
}

/** Brings the copy's schema up to date and marks it; one closed file, on disk. */
function beginEpoch(
  copy: string,
  migrations: readonly Migration[],
  open: OpenSqlite,
  backedUpAt: number,
  at: number,
): string | undefined {
  const opened = openDatabase(copy, migrations, open);
  if (!opened.ok) return opened.failure.message;
  const sql = opened.value;
  sql.transaction(() => {
    sql.prepare('INSERT INTO restoration (backed_up_at, restored_at) VALUES (?, ?)').run(backedUpAt, at);
    sql.exec(
      "UPDATE current_snapshot SET digest = ''; UPDATE epoch SET restored = 1; DELETE FROM setting WHERE name = 'backed-up-at'",
    );
    // What was asked before may have been answered since: nothing of it is sent again.
    sql.prepare('UPDATE request SET until = min(until, ?) WHERE ended_at IS NULL').run(at);
    // What a campaign asked for since, this database does not know: a person says that it goes on.
    sql
      .prepare(
        "UPDATE campaign SET state = 'paused', cause = 'restored from a backup', changed_at = ? WHERE state = 'running'",
      )
      .run(at);
    // Spent ones among them may be unspent again in here.
    sql.prepare('UPDATE token SET expires_at = min(expires_at, ?)').run(at);
    // Nor may one that was revoked since, or a browser that signed out.
    sql.prepare('UPDATE api_token SET expires_at = min(expires_at, ?)').run(at);
    sql.exec("DELETE FROM web_session; DELETE FROM web_invite; DELETE FROM setting WHERE name = 'set-up'");
  })();
  sql.pragma('journal_mode = DELETE');
  sql.close();
  sync(copy);
  return undefined;
}

/**
 * Links the present database to another name, without its write-ahead log or journal: one that stayed under the old name would be played into the new
 * database. A database that is too damaged to be opened keeps them under the other name, too.
 */
function setAside(place: string, migrations: readonly Migration[], open: OpenSqlite, at: number): string | undefined {
  if (!existsSync(place)) return undefined;
  if (isWhole(place, migrations, open)) {
    const sql = open(place);
    sql.pragma('journal_mode = DELETE');
    sql.close();
  }
  const stamp = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let aside = `${place}.before-${stamp}`;
  for (let again = 2; existsSync(aside); again++) aside = `${place}.before-${stamp}-${again}`;
  linkSync(place, aside);
  for (const end of ['-wal', '-shm', '-journal']) if (existsSync(place + end)) renameSync(place + end, aside + end);
  syncNames(place);
  return join(dirname(place), basename(aside));
}

function isWhole(place: string, migrations: readonly Migration[], open: OpenSqlite): boolean {
  try {
    return examine(place, migrations, open) === undefined;
  } catch {
    return false;
  }
}
