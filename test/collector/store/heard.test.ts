import test, { type ExecutionContext } from 'ava';
import { createDatabase, type Database } from '../../../collector/store/postgres/database.ts';
import { joinFleet } from '../../../collector/store/postgres/fleet.ts';
import { openPostgresStore } from '../../../collector/store/postgres/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';

test.after.always(endServers);

const all = ['hosts', 'certificates', 'endpoints', 'lineages', 'findings', 'events'];

/** Two processes on one database; `change` may stand in the way of the first one's statements. */
async function two(t: ExecutionContext, change: (database: Database) => Partial<Database> = () => ({})) {
  const url = await freshDatabase();
  const made = await openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });
  if (!made.ok) throw new Error(made.failure.message);
  await made.value.close();
  const needs = { channel: 'news', notifies: true, clock: systemClock, log: silentLog };
  const [database, others] = [createDatabase(url), createDatabase(url)];
  const fleet = joinFleet({ ...needs, database: { ...database, ...change(database) } });
  const other = joinFleet({ ...needs, database: others });
  let wakes = 0;
  fleet.onElsewhere(() => void (wakes += 1));
  other.onElsewhere(() => {});
  t.teardown(async () => {
    await Promise.all([fleet.close(), other.close()]);
    await Promise.all([database.close(), others.close()]);
  });
  await until('both listen', () => fleet.connection()?.hears() && other.connection()?.hears());
  // What the signs of life of both bring is over.
  await until(
    'nothing is new',
    async () => (await query(url, 'SELECT 1 FROM collector WHERE seen_at > 0')).length === 2,
  );
  await fleet.changedElsewhere();
  /** As of a transaction, and heard. */
  const tell = async (topic: 'hosts' | 'events') => {
    const before = wakes;
    await others.write((tx) => other.tell(tx, [topic]));
    await until('it is heard', () => wakes > before);
  };
  return { url, fleet, tell };
}

test('what was heard is told once, also where the first look for it fails', async (t) => {
  let away = false;
  const { fleet, tell } = await two(t, (database) => ({
    all: async (sql, values) => {
      if (away && sql.includes('revision')) throw new Error('away');
      return database.all(sql, values);
    },
  }));
  await tell('hosts');
  t.deepEqual(await fleet.changedElsewhere(), ['hosts']);
  t.deepEqual(await fleet.changedElsewhere(), []);
  await tell('hosts');
  away = true;
  await t.throwsAsync(fleet.changedElsewhere(), { message: 'away' });
  away = false;
  await tell('events');
  t.true((await fleet.changedElsewhere()).includes('hosts'));
  t.deepEqual(await fleet.changedElsewhere(), []);
});

test('what was said while the connection was broken is not hidden by what is heard after it', async (t) => {
  const { url, fleet, tell } = await two(t);
  t.deepEqual(await fleet.changedElsewhere(), []);
  let isBroken = false;
  fleet.onBroken(() => {
    isBroken = true;
  });
  const own = await fleet.connection()?.queries()?.one('SELECT pg_backend_pid() AS pid');
  await query(url, 'SELECT pg_terminate_backend($1)', [own?.['pid']]);
  // As what another one kept, of which nobody heard.
  await query(url, 'UPDATE collector SET revision = revision + 1');
  await until('it listens anew', () => isBroken && fleet.connection()?.hears());
  await tell('events');
  t.deepEqual(await fleet.changedElsewhere(), all);
  t.deepEqual(await fleet.changedElsewhere(), []);
});

test('rows of collectors that ended, and what was said to them, go; and that one is gone is noticed', async (t) => {
  const { url, fleet } = await two(t);
  const third = await openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });
  if (!third.ok) throw new Error(third.failure.message);
  third.value.onElsewhere(() => {});
  const serving = async () => (await query(url, 'SELECT id FROM collector WHERE seen_at > 0')).length;
  await until('it serves', async () => (await serving()) === 3);
  await third.value.close();
  await query(url, `INSERT INTO message (recipient, body, sent_at) VALUES ('nobody', '{}', 1)`);
  await query(url, `INSERT INTO collector (id, revision) VALUES ('command', 1) ON CONFLICT DO NOTHING`);
  await until(
    'its row is gone',
    async () => (await query(url, `SELECT id FROM collector WHERE id <> 'command'`)).length === 2,
  );
  await until('the message is gone', async () => (await query(url, 'SELECT id FROM message')).length === 0);
  t.is((await query(url, `SELECT id FROM collector WHERE id = 'command'`)).length, 1);
  await fleet.changedElsewhere();
  await query(url, `DELETE FROM collector WHERE id = 'command'`);
  t.deepEqual(await fleet.changedElsewhere(), all);
});
