import test from 'ava';
import Database from 'better-sqlite3';
import { readMigrations } from '../../../../collector/store/migrations.ts';
import { planMove } from '../../../../collector/store/move/plan.ts';
import { sourceTables, targetTables } from '../../../../collector/store/move/schemas.ts';
import { createDatabase } from '../../../../collector/store/postgres/database.ts';
import { migrate } from '../../../../collector/store/postgres/schema.ts';
import { endServers, freshDatabase } from '../../helpers/stores.ts';

test.after.always(endServers);

function sqliteSchema(more = '') {
  const sql = new Database(':memory:');
  for (const { sql: step } of readMigrations()) sql.exec(step);
  sql.exec(more);
  const tables = sourceTables(sql);
  sql.close();
  return tables;
}

async function postgresSchema(more?: string) {
  const database = createDatabase(await freshDatabase());
  try {
    await migrate(database, 'here', readMigrations('postgres'));
    if (more !== undefined) await database.all(more);
    return await targetTables(database);
  } finally {
    await database.close();
  }
}

test('a move forgets no table and no column of either schema, and carries each table behind those that its rows name', async (t) => {
  const source = sqliteSchema();
  const { tables, mistakes } = planMove(source, await postgresSchema());
  t.deepEqual(mistakes, [], 'name it in plan.ts, or give both databases the same');
  const names = tables.map(({ name }) => name);
  t.true(names.includes('change') && names.includes('request') && names.includes('certificate_der'));
  for (const table of source)
    for (const named of table.names)
      if (names.includes(table.name))
        t.true(names.indexOf(named) <= names.indexOf(table.name), `${table.name} names ${named}`);
});

test('what numbers rows in the order of commits goes on from what numbered them before', async (t) => {
  const database = createDatabase(await freshDatabase());
  await migrate(database, 'here', readMigrations('postgres'));
  const counters = await database.all<{ name: string }>('SELECT name FROM counter');
  await database.close();
  t.true(counters.length > 0);
  const sql = new Database(':memory:');
  for (const { sql: step } of readMigrations()) sql.exec(step);
  const made = sql.prepare<[string], string>('SELECT sql FROM sqlite_schema WHERE name = ?').pluck();
  for (const { name } of counters) t.regex(made.get(name) ?? '', /AUTOINCREMENT/, name);
  sql.close();
});

test('a table or a column that is in one schema alone is a mistake', async (t) => {
  const source = sqliteSchema('CREATE TABLE memo (id INTEGER); ALTER TABLE host ADD COLUMN note TEXT');
  const target = await postgresSchema('CREATE TABLE diary (id BIGINT); ALTER TABLE token ADD COLUMN note TEXT');
  t.deepEqual(planMove(source, target).mistakes, [
    'column host.note is only in SQLite',
    'table memo is only in SQLite',
    'column token.note is only in PostgreSQL',
    'table diary is only in PostgreSQL',
  ]);
});
