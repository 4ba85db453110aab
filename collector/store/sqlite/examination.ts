import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Result } from '@certherd/protocol/failure';
import { codeOf } from '../../failure.ts';
import type { Clock } from '../../ports.ts';
import { corrupt, foreignOrNewer, largestCheckedBytes, type OpenFailure, wordOpenFailure } from './database.ts';
import { type Migration, readMigrations } from '../migrations.ts';
import type { ChannelState } from '../tell.ts';
import type { OpenSqlite, Sql } from './sqlite.ts';
import { channelStates } from './tell.ts';

/** What a look at the database tells, which changes nothing. Instants are milliseconds since 1970. */
export interface Examination {
  bytes: number;
  /** PRAGMA user_version, and the newest that this program knows. */
  version: number;
  newest: number;
  /** Tables that SQLite found whole, of all. Fewer: the time was up, or the file is too large to be checked while nobody serves it. */
  checked: number;
  tables: number;
  agents: EnrolledAgent[];
  /** The agents' listener as last served, "HOST:PORT". */
  agentAddress?: string;
  /** Absent: its schema has none yet. */
  channels?: ChannelState[];
}

export interface EnrolledAgent {
  name: string;
  version: string;
  heardAt?: number;
  conflictAt?: number;
  revoked: boolean;
}

/**
 * Reads directory/certherd.db and has SQLite check it, table by table, for about `budgetMs` at most. One that is served is read beside
 * the serving process. One that nobody serves is checked in memory: to open it would leave files beside it.
 */
export async function examineStore(
  directory: string,
  { isServed, clock, budgetMs }: { isServed: boolean; clock: Clock; budgetMs: number },
  open: Result<OpenSqlite, string>,
  migrations: readonly Migration[] = readMigrations(),
): Promise<Result<Examination | 'absent', OpenFailure>> {
  const path = join(directory, 'certherd.db');
  try {
    const bytes = statSync(path).size;
    const isAtRest = !isServed && !existsSync(`${path}-wal`);
    if (isAtRest && bytes > largestCheckedBytes) return headerOnly(path, bytes, migrations);
    if (!open.ok) return { ok: false, failure: wordOpenFailure(path, new Error(open.failure)) };
    const sql = isAtRest ? open.value(atRest(path)) : open.value(path, { readonly: true });
    try {
      const refused = foreignOrNewer(sql, path, migrations);
      if (refused) return { ok: false, failure: refused };
      const until = clock.monotonic() + budgetMs;
      const check = await checkTables(sql, clock, until);
      if (check.complaint !== undefined) return { ok: false, failure: corrupt(path, check.complaint) };
      return { ok: true, value: examined(sql, bytes, check, migrations) };
    } finally {
      sql.close();
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { ok: true, value: 'absent' };
    return { ok: false, failure: wordOpenFailure(path, error) };
  }
}

/** The bytes of a database that is whole by itself, as one without a write-ahead log (file format 1.3.4: versions at 18 and 19). */
function atRest(path: string): Buffer {
  const bytes = readFileSync(path);
  bytes.fill(1, 18, 20);
  return bytes;
}

async function checkTables(
  sql: Sql,
  clock: Clock,
  until: number,
): Promise<{ checked: number; tables: number; complaint?: string }> {
  const names = sql.prepare<[], string>(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all();
  for (const [checked, name] of names.entries()) {
    if (clock.monotonic() > until) return { checked, tables: names.length };
    const verdict = String(sql.pragma(`integrity_check("${name.replaceAll('"', '""')}")`, { simple: true }));
    if (verdict !== 'ok') return { checked, tables: names.length, complaint: verdict.split('\n')[0] ?? verdict };
    await new Promise<void>((resolve) => void clock.after(0, resolve));
  }
  return { checked: names.length, tables: names.length };
}

function examined(
  sql: Sql,
  bytes: number,
  { checked, tables }: { checked: number; tables: number },
  migrations: readonly Migration[],
): Examination {
  const rows = sql
    .prepare<[], Raw>('SELECT name, agent_version, heard_at, conflict_at, revoked_at FROM host ORDER BY name')
    .all();
  const address = sql.prepare<[], string>(`SELECT value FROM setting WHERE name = 'agent-address'`).pluck().get();
  const told = sql.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'channel_total'`).get();
  return {
    bytes,
    version: Number(sql.pragma('user_version', { simple: true })),
    newest: migrations.at(-1)?.number ?? 0,
    checked,
    tables,
    agents: rows.map((row) => ({
      name: row.name,
      version: row.agent_version,
      ...(row.heard_at !== null && { heardAt: row.heard_at }),
      ...(row.conflict_at !== null && { conflictAt: row.conflict_at }),
      revoked: row.revoked_at !== null,
    })),
    ...(address !== undefined && { agentAddress: address }),
    ...(told !== undefined && { channels: channelStates(sql)() }),
  };
}

/** A large file that nobody serves: its header alone (file format 1.3: user version at 60). */
function headerOnly(path: string, bytes: number, migrations: readonly Migration[]): Result<Examination, OpenFailure> {
  const header = Buffer.alloc(100);
  const file = openSync(path, 'r');
  readSync(file, header, 0, header.length, 0);
  closeSync(file);
  const version = header.readUInt32BE(60);
  const newest = migrations.at(-1)?.number ?? 0;
  return { ok: true, value: { bytes, version, newest, checked: 0, tables: 0, agents: [] } };
}

interface Raw {
  name: string;
  agent_version: string;
  heard_at: number | null;
  conflict_at: number | null;
  revoked_at: number | null;
}
