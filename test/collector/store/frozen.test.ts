import test from 'ava';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { createDatabase } from '../../../collector/store/postgres/database.ts';
import { until } from '../../helpers/testbed/until.ts';
import { event, told } from '../helpers/example-snapshot.ts';
import { endServers, freshDatabase, openedPostgres as opened, query } from '../helpers/stores.ts';

test.after.always(endServers);

test('a collector that freezes within a transaction stops the others for some seconds, and not for good', async (t) => {
  const url = await freshDatabase();
  const store = await opened(t, url);
  const tokenHash = Buffer.alloc(32, 1);
  await store.addToken(tokenHash, 0, 1000);
  await store.enrol({ tokenHash, publicKey: tokenHash, hostName: 'web-1', proposedAgentId: 'agent-01', at: 0 });
  const frozen = createDatabase(url);
  let thaw = () => {};
  const thawed = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  let holds = false;
  const never = frozen.write(async (tx) => {
    await tx.all('UPDATE counter SET value = value + 1');
    holds = true;
    await thawed;
  });
  const lost = t.throwsAsync(never, { name: 'Unreachable' });
  await until('it holds the row', () => holds);
  const keep = async () => (await store.keepEvents('agent-01', 'epoch-0001', told(event(1)), 1)).ok;
  t.true(await until('events are kept again', keep));
  const waiting = await query(
    url,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );
  t.deepEqual(waiting, [], 'the server waits for nobody');
  thaw();
  await lost;
  await frozen.close();
});

test('a step of the schema takes as long as it takes, and so does the wait for it', async (t) => {
  const url = await freshDatabase();
  const number = (readMigrations('postgres').at(-1)?.number ?? 0) + 1;
  const migrations = [...readMigrations('postgres'), { number, sql: 'SELECT pg_sleep(12)' }];
  const stores = await Promise.all([opened(t, url, { migrations }), opened(t, url, { migrations })]);
  t.is(new Set(stores.map(({ collectorId }) => collectorId)).size, 1);
  t.is(Number((await query(url, 'SELECT max(number) AS n FROM certherd_schema'))[0]?.['n']), number);
});
