import type { Result } from '@certherd/protocol/failure';
import type { EnrolledAgent } from '../sqlite/examination.ts';
import { type Migration, readMigrations } from '../migrations.ts';
import type { OpenFailure } from '../sqlite/database.ts';
import { createDatabase, type Database } from './database.ts';
import { aliveMs } from './fleet.ts';
import { nowSql } from './lead.ts';
import { connectUrl, nameOf, type PostgresPlace } from './place.ts';
import type { ChannelState } from '../tell.ts';
import { channelStates } from './tell.ts';
import { ownTables, schemaVersion, wordConnectFailure } from './schema.ts';

/** What a look at a shared database tells, which changes nothing. */
export interface PostgresExamination {
  /** "PostgreSQL at db.example/fleet". */
  name: string;
  /** As the server calls itself: "PostgreSQL 15.14". */
  server: string;
  /** Of its schema, and the newest that this program knows; undefined: it is empty. */
  version: number | undefined;
  newest: number;
  /** What the account may not do: "INSERT on event"; to make tables only where some are to be made. Where it may not read one, the rest is not told. */
  missing: string[];
  /** A standby, or set to take no writes. */
  isReadOnly: boolean;
  /** Collectors that serve it now. */
  collectors: number;
  agents: EnrolledAgent[];
  agentAddress?: string;
  /** Absent: its schema has none yet. */
  channels?: ChannelState[];
}

export async function examinePostgres(
  place: PostgresPlace,
  migrations: readonly Migration[] = readMigrations('postgres'),
): Promise<Result<PostgresExamination, OpenFailure>> {
  const url = connectUrl(place);
  if (!url.ok) return { ok: false, failure: { reason: 'unreadable', message: url.failure } };
  const name = nameOf(place.url);
  const database = createDatabase(url.value);
  try {
    const missing = await missingRights(database);
    const mayRead = !missing.some((right) => right.startsWith('SELECT'));
    const isHidden = missing.includes('SELECT on certherd_schema');
    const version = isHidden ? undefined : await schemaVersion(database);
    if (version === 'foreign')
      return {
        ok: false,
        failure: {
          reason: 'foreign',
          message: `${name}: holds another program's tables: give the collector a database of its own`,
        },
      };
    const newest = migrations.at(-1)?.number ?? 0;
    if (!isHidden && version !== newest && !(await mayCreate(database))) missing.push('CREATE on the schema');
    const server = await database.one<{ version: string }>('SELECT version() AS version');
    const readOnly = await database.one<{ transaction_read_only: string }>('SHOW transaction_read_only');
    return {
      ok: true,
      value: {
        name,
        server: /^\S+ (?:\S*\d\S*|CCL \S+)/.exec(server?.version ?? '')?.[0] ?? 'a server that does not say what it is',
        version,
        newest,
        missing,
        isReadOnly: readOnly?.transaction_read_only === 'on',
        ...(version === undefined || !mayRead ? { collectors: 0, agents: [] } : await fleetOf(database)),
      },
    };
  } catch (error) {
    return { ok: false, failure: { reason: 'unreadable', message: wordConnectFailure(name, error) } };
  } finally {
    await database.close();
  }
}

async function missingRights(database: Database): Promise<string[]> {
  const missing: string[] = [];
  for (const right of ['SELECT', 'INSERT', 'UPDATE', 'DELETE']) {
    const rows = await database.all<{ name: string }>(
      `SELECT CAST(tablename AS TEXT) AS name FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename IN (${ownTables})
         AND NOT has_table_privilege(quote_ident(schemaname) || '.' || quote_ident(tablename), CAST($1 AS TEXT)) ORDER BY 1`,
      [right],
    );
    missing.push(...rows.map(({ name }) => `${right} on ${name}`));
  }
  return missing;
}

async function mayCreate(database: Database): Promise<boolean> {
  const row = await database.one<{ may: boolean }>(`SELECT has_schema_privilege(current_schema(), 'CREATE') AS may`);
  return row?.may === true;
}

async function fleetOf(
  database: Database,
): Promise<Pick<PostgresExamination, 'collectors' | 'agents' | 'agentAddress' | 'channels'>> {
  const rows = await database.all<Raw>('SELECT name, agent_version, heard_at, conflict_at, revoked_at FROM host');
  const address = await database.one<{ value: string }>(`SELECT value FROM setting WHERE name = 'agent-address'`);
  const alive = await database.one<{ n: number }>(
    `SELECT count(*) AS n FROM collector WHERE seen_at > ${nowSql} - ${aliveMs}`,
  );
  const told = (await database.all<{ name: string }>(ownTables)).some(({ name: table }) => table === 'channel_total');
  return {
    collectors: alive?.n ?? 0,
    agents: rows
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .map((row) => ({
        name: row.name,
        version: row.agent_version,
        ...(row.heard_at !== null && { heardAt: row.heard_at }),
        ...(row.conflict_at !== null && { conflictAt: row.conflict_at }),
        revoked: row.revoked_at !== null,
      })),
    ...(address && { agentAddress: address.value }),
    ...(told && { channels: await channelStates(database) }),
  };
}

interface Raw {
  name: string;
  agent_version: string;
  heard_at: number | null;
  conflict_at: number | null;
  revoked_at: number | null;
}
