import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { consultation } from '../../helpers/doctor.ts';
import { readJoin, begin, enrol } from '../helpers/wire-agent.ts';
import { runCollector, spawnCollector, temporaryDirectory } from '../helpers/real-collector.ts';
import { endServers, freshDatabase, query } from '../helpers/stores.ts';

test.after.always(endServers);

/** The words for a collector that keeps everything at this URL. */
function settings(t: ExecutionContext, store: string): string[] {
  const directory = temporaryDirectory(t);
  const config = join(directory, 'collector.toml');
  const lines = ['agent_listen = "127.0.0.1:0"', 'web_listen = "127.0.0.1:0"', `store = "${store}"`];
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  return ['--config', config, '--data', join(directory, 'data')];
}

async function run(words: readonly string[]) {
  const child = runCollector(words);
  const exit = await child.ended;
  return { exit, out: child.lines.join('\n'), err: child.complaints.join('\n') };
}

async function consult(args: readonly string[]) {
  const { exit, out, err } = await run(['doctor', '--json', ...args]);
  return consultation({ exit, stdout: out, stderr: err });
}

test('every command works on a shared database, and those that are its own tools’ say so', async (t) => {
  const args = settings(t, await freshDatabase());
  const collector = await spawnCollector(t, args);
  const created = await run(['token', 'create', '--url', collector.agents, ...args]);
  const invitation = readJoin(created.out);
  await begin(invitation, await enrol(invitation, 'web-1'), { hostName: 'web-1' });
  const listed = await run(['host', 'list', '--json', ...args]);
  t.is(JSON.parse(listed.out).items[0].name, 'web-1');
  const revoked = await run(['host', 'revoke', 'web-1', '--yes', ...args]);
  t.regex(revoked.out, /^web-1 \(\S+\) is revoked/);
  const backup = await run(['backup', join(temporaryDirectory(t), 'copy.db'), ...args]);
  t.is(backup.exit, 1);
  t.regex(backup.err, /the database is PostgreSQL, which has its own tools for this: pg_dump /);
  const restore = await run(['restore', '/nonexistent', ...args]);
  t.is(restore.exit, 1);
  t.regex(restore.err, /pg_restore /);
});

test('doctor sees an empty database, one that is served, missing rights, a standby, and a server that is away', async (t) => {
  const url = await freshDatabase();
  const args = settings(t, url);
  const before = await consult(args);
  t.regex(before.of('database').says, /^PostgreSQL at 127\.0\.0\.1:\d+\/fleet_\S+ \(PostgreSQL \d+\S*\), empty/);
  t.deepEqual(await query(url, `SELECT 1 FROM pg_tables WHERE schemaname = 'public'`), [], 'it makes nothing');

  const collector = await spawnCollector(t, args);
  const served = await consult(args);
  t.regex(served.of('database').says, /, schema \d+$/);
  t.is(served.of('collectors').says, '1 collector at work with it');
  t.is(served.of('agents').verdict, 'ok');
  collector.process.kill('SIGTERM');
  await collector.ended;

  await query(url, 'CREATE ROLE reader LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader');
  const reader = await consult(settings(t, url.replace('test@', 'reader@')));
  t.regex(reader.wrong('database-rights').says, /may not do (?:[A-Z]+ on \w+, )*INSERT on certherd_schema/);

  await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET default_transaction_read_only = on`);
  t.regex((await consult(args)).wrong('database').says, /takes no writes/);

  const away = await consult(settings(t, 'postgres://wilma:hunter2@127.0.0.1:1/fleet'));
  t.regex(away.wrong('database').says, /^PostgreSQL at 127\.0\.0\.1:1\/fleet: cannot be reached \(/);
  t.notRegex(JSON.stringify(away), /hunter2/);
});

test('a database of another encoding is refused with the command that makes a right one', async (t) => {
  const url = await freshDatabase();
  await query(
    url.replace(/fleet_.*/, 'postgres'),
    `CREATE DATABASE old ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  );
  const served = await run(['serve', ...settings(t, url.replace(/fleet_.*/, 'old'))]);
  t.is(served.exit, 1);
  t.regex(served.err, /its encoding is SQL_ASCII.*createdb --encoding=UTF8/);
});
