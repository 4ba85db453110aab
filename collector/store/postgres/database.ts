import pg from 'pg';
import type { NotKept } from '../../receive/records.ts';
import { codeOf, isUnreachable, messageOf, unreachable } from '../../failure.ts';
import { fromText, toText } from './text.ts';

/** Runs statements on one connection; `$1` and so on stand for the values. Whole numbers come as numbers. */
export interface Queries {
  all: <R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<R[]>;
  one: <R extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<R | undefined>;
}

export interface Database extends Queries {
  /** In one transaction, from its beginning again where another transaction was in its way (40001, 40P01, 23503, 23505): `work` changes nothing but the database. */
  write: <T>(work: (tx: Queries) => Promise<T>) => Promise<T>;
  /** As of one moment; changes nothing. */
  read: <T>(work: (tx: Queries) => Promise<T>) => Promise<T>;
  /** A connection of its own that is not shared, for what belongs to a connection: LISTEN, advisory locks. */
  connect: () => Promise<pg.Client>;
  close: () => Promise<void>;
}

/** Beyond it the server, or the way to it, counts as gone. */
const patienceMs = 10_000;
const mostTries = 8;

/** Two transactions met: serialization, deadlock, a row of the other's, a table that both made (CREATE … IF NOT EXISTS does not wait for the other's). */
const mayPass = /^(?:40001|40P01|23503|23505|42710|42P07)$/;

/** Of a machine that froze within a transaction the server ends that transaction, and with it the locks that all others wait for. */
const limits = [
  `SET idle_in_transaction_session_timeout = ${patienceMs}`,
  // The server gives up before this side does: else it would go on waiting for nobody.
  `SET lock_timeout = ${patienceMs - 2_000}`,
];
/** A machine that lost its power closes no connection. */
const keepalives = ['SET tcp_keepalives_idle = 10', 'SET tcp_keepalives_interval = 5', 'SET tcp_keepalives_count = 3'];

/** An ack says that something is on disk. A server, or an account, that would answer before it is does not here; who waits for standbys goes on doing so. */
const durable = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`;

/**
 * Opens no connection yet. `url` may hold the password; nothing that is thrown repeats it. `patience`: a step of the schema, or the wait for
 * another collector that makes it, takes as long as it takes.
 */
export function createDatabase(url: string, patience: 'limited' | 'unlimited' = 'limited'): Database {
  const config: pg.PoolConfig = {
    connectionString: url,
    application_name: 'certherd-collector',
    connectionTimeoutMillis: patienceMs,
    ...(patience === 'limited' && { query_timeout: patienceMs }),
    keepAlive: true,
    keepAliveInitialDelayMillis: patienceMs,
    types: ownTypes(),
  };
  const settings = { max: 8, idleTimeoutMillis: 60_000 };
  // The pool waits for what it returns, which its types do not say.
  // eslint-disable-next-line no-misused-promises
  const pool = new pg.Pool({ ...config, ...settings, onConnect: setUp });
  // An idle connection that breaks is replaced by the next that is needed.
  pool.on('error', () => {});

  return {
    all: async (sql, values) => queriesOf(pool).all(sql, values),
    one: async (sql, values) => queriesOf(pool).one(sql, values),
    async write(work) {
      for (let tries = 1; ; tries++)
        try {
          return await transaction('BEGIN', work);
        } catch (error) {
          if (tries === mostTries || !mayPass.test(codeOf(error))) throw error;
        }
    },
    read: (work) => transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', work),
    async connect() {
      const client = new pg.Client(config);
      client.on('error', () => {});
      await named(client.connect());
      await setUp(client).catch((error: unknown) => {
        void client.end().catch(() => {});
        throw error;
      });
      return client;
    },
    close: async () => {
      if (!pool.ending) await pool.end();
    },
  };

  async function setUp(client: pg.ClientBase): Promise<void> {
    for (const sql of [...(patience === 'limited' ? limits : []), ...keepalives, durable])
      await named(client.query(sql)).catch((error: unknown) => {
        // Not every server knows each of them.
        if (isUnreachable(error)) throw error;
      });
  }

  async function transaction<T>(begin: string, work: (tx: Queries) => Promise<T>): Promise<T> {
    const client = await named(pool.connect());
    // Of a connection that breaks while nothing is asked of it, the next statement tells.
    const ignore = () => {};
    client.on('error', ignore);
    let broken: Error | undefined;
    try {
      const tx = queriesOf(client);
      await tx.all(begin);
      const value = await work(tx);
      await tx.all('COMMIT');
      return value;
    } catch (error) {
      await client.query('ROLLBACK').catch((failed: unknown) => {
        broken = failed instanceof Error ? failed : new Error(messageOf(failed));
      });
      throw error;
    } finally {
      client.off('error', ignore);
      client.release(broken);
    }
  }
}

/** The statements of one connection. */
export function queriesOf(client: Pick<pg.Pool | pg.Client, 'query'>): Queries {
  const all = async <R extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Promise<R[]> =>
    (await named(client.query<R>(sql, values.map(encoded)))).rows;
  return {
    all,
    one: async <R extends pg.QueryResultRow>(sql: string, values = [] as readonly unknown[]) =>
      (await all<R>(sql, values))[0],
  };
}

/** Why nothing was kept; undefined: that is no failure of the database's. */
export function notKept(error: unknown): NotKept | undefined {
  const code = codeOf(error);
  const detail = messageOf(error);
  if (isUnreachable(error)) return { reason: 'unreachable', detail };
  // Class 53: insufficient resources; 54: limits; 58: the system's; XX: a damaged index or page; 25006: a standby, or set read-only.
  if (code === '53100') return { reason: 'disk-full', detail };
  if (/^(?:53|58|XX|40|55P03|57014|25006|42501)/.test(code)) return { reason: 'write-failed', detail };
  return undefined;
}

const gone = /^(?:ECONN|ENOENT|ENOTFOUND|EAI_|EHOST|ENET|EPIPE|ETIMEDOUT|EACCES|08|28|3D000|53300|57P0)/;

/** pg tells of lost connections in words alone. */
const goneWords =
  /^(?:Connection terminated|timeout exceeded|timeout expired|Query read timeout|Client has encountered a connection error|Cannot use a pool after|SASL|The server does not support SSL)/;

async function named<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    // Of a name with several addresses each one's failure is told apart, without words of its own.
    const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
    const code = codeOf(first);
    if (gone.test(code) || goneWords.test(messageOf(first)) || /certificate|self.signed|SSL/i.test(code))
      throw unreachable(`PostgreSQL: ${messageOf(first)}`);
    throw error;
  }
}

function encoded(value: unknown): unknown {
  if (typeof value === 'string') return toText(value);
  return Array.isArray(value) ? value.map(encoded) : value;
}

/** Whole numbers as numbers: none that is kept is beyond 2^53. */
function ownTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  types.setTypeParser(pg.types.builtins.TEXT, fromText);
  return types;
}
