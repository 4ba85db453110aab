import test, { type ExecutionContext } from 'ava';
import { judgePostgres } from '../../../collector/doctor/judge/postgres.ts';
import { examinePostgres } from '../../../collector/store/postgres/examination.ts';
import { openPostgresStore } from '../../../collector/store/postgres/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';

test.after.always(endServers);

const open = (url: string) =>
  openPostgresStore({ url, passwordFile: undefined }, { clock: systemClock, log: silentLog });

/** A database with the schema, as its owner and as an account that may not make tables there. */
async function account(t: ExecutionContext, name: string, grants: string): Promise<{ owner: string; url: string }> {
  const owner = await freshDatabase();
  const made = await open(owner);
  if (!made.ok) throw new Error(made.failure.message);
  t.teardown(made.value.close);
  await query(owner, `CREATE ROLE ${name} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; ${grants}`);
  return { owner, url: owner.replace('test@', `${name}@`) };
}

test("an extension's views and tables are no other program's", async (t) => {
  const url = await freshDatabase();
  await query(url, 'CREATE VIEW pg_stat_statements AS SELECT 1 AS calls');
  // As CREATE EXTENSION writes it down, without an extension that each machine has.
  await query(url, 'CREATE TABLE spatial_ref_sys (srid INTEGER)');
  await query(url, 'ALTER EXTENSION plpgsql ADD TABLE spatial_ref_sys');
  const store = await open(url);
  t.is(store.ok ? '' : store.failure.message, '');
  if (store.ok) await store.value.close();
});

test('an account that may not make tables can do all that a schema up to date asks for', async (t) => {
  const { url } = await account(t, 'worker', 'GRANT ALL ON ALL TABLES IN SCHEMA public TO worker');
  const store = await open(url);
  if (!store.ok) throw new Error(store.failure.message);
  await store.value.close();
  const examined = await examinePostgres({ url, passwordFile: undefined });
  t.deepEqual(examined.ok && examined.value.missing, []);
  t.is(judgePostgres(examined)[0]?.verdict, 'ok');
});

test('an account that may read nothing is told which rights it needs', async (t) => {
  const { url } = await account(t, 'stranger', '');
  const examined = await examinePostgres({ url, passwordFile: undefined });
  t.true(examined.ok && examined.value.missing.includes('SELECT on certherd_schema'));
  t.false(examined.ok && examined.value.missing.includes('CREATE on the schema'), 'which is not known');
  t.like(judgePostgres(examined)[0], { check: 'database-rights', verdict: 'wrong' });
  const refused = await open(url);
  t.regex(refused.ok ? '' : refused.failure.message, /GRANT ALL ON ALL TABLES IN SCHEMA public/);
});

test('a store that cannot be begun after its schema is up to date is one line, and leaves no connection', async (t) => {
  const { owner, url } = await account(t, 'half', 'GRANT SELECT ON certherd_schema TO half');
  const refused = await open(url);
  t.regex(refused.ok ? '' : refused.failure.message, /^PostgreSQL at \S+: the account may not do what it has to \(/);
  await until(
    'no connection is left',
    async () => (await query(owner, `SELECT pid FROM pg_stat_activity WHERE usename = 'half'`)).length === 0,
  );
});
