import test from 'ava';
import type pg from 'pg';
import { createDatabase } from '../../../collector/store/postgres/database.ts';
import { keepConnection } from '../../../collector/store/postgres/listen.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';

test.after.always(endServers);

test('a connection that cannot listen is ended, and its end is not that of the next one', async (t) => {
  const url = await freshDatabase();
  const database = createDatabase(url);
  const made: pg.Client[] = [];
  const ended: number[] = [];
  let broken = 0;
  const connect = async () => {
    const client = await database.connect();
    const index = made.push(client) - 1;
    client.once('end', () => ended.push(index));
    // In a transaction that failed LISTEN fails too, and the connection stays.
    if (index === 0) await client.query('BEGIN; SELECT 1 / 0').catch(() => {});
    // This one breaks before it listens.
    if (index === 1) {
      const own = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await query(url, 'SELECT pg_terminate_backend($1)', [own.rows[0]?.pid]);
    }
    return client;
  };
  const own = keepConnection(
    { ...database, connect },
    {
      channel: 'news',
      listens: true,
      heard: () => {},
      begun: () => {},
      broken: () => void (broken += 1),
      clock: systemClock,
      log: silentLog,
    },
  );
  await until('it listens', () => own.hears());
  await until('both others are ended', () => ended.length === 2);
  t.is(made.length, 3);
  t.deepEqual([broken, own.hears(), own.queries() !== undefined], [0, true, true]);
  await query(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`);
  await until('it listens anew', () => broken === 1 && own.hears());
  t.is(made.length, 4);
  await own.close();
  await database.close();
});
