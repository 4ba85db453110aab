import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import Database from 'better-sqlite3';
import { openDatabase } from '../../../collector/store/sqlite/database.ts';
import { lockDirectory, prepareDirectory } from '../../../collector/store/directory.ts';
import { isSameMark, markOf } from '../../../collector/store/sqlite/mark.ts';
import { readMigrations } from '../../../collector/store/migrations.ts';
import { installedSqlite } from '../../../collector/store/sqlite/sqlite.ts';
import { examineStore } from '../../../collector/store/sqlite/examination.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { systemClock } from '../../../collector/system/clock.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

function opened(path: string) {
  const result = openDatabase(path, readMigrations());
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

test('a new database is 0600, in WAL mode, with full synchronisation and foreign keys', (t) => {
  const path = join(temporaryDirectory(t), 'certherd.db');
  const sql = opened(path);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.is(statSync(`${path}-wal`).mode & 0o777, 0o600);
  t.is(sql.pragma('journal_mode', { simple: true }), 'wal');
  t.is(sql.pragma('synchronous', { simple: true }), 2);
  t.is(sql.pragma('foreign_keys', { simple: true }), 1);
  t.is(sql.pragma('cache_size', { simple: true }), -4_000, 'what it has read stays in memory');
  t.is(sql.pragma('temp_store', { simple: true }), 2, 'sorting asks for no temporary directory');
  t.is(sql.pragma('user_version', { simple: true }), readMigrations().at(-1)?.number);
  sql.close();
});

test('the bundled SQLite is 3.51.3 or newer', (t) => {
  const sql = new Database(':memory:');
  const version = String(sql.prepare('SELECT sqlite_version()').pluck().get());
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  t.true(major * 1e6 + minor * 1e3 + patch >= 3_051_003, version);
});

test('a database of a newer version is refused with its bytes unchanged', (t) => {
  const path = join(temporaryDirectory(t), 'certherd.db');
  const sql = opened(path);
  sql.pragma('user_version = 9000');
  sql.close();
  const before = digest(path);
  const result = openDatabase(path, readMigrations());
  t.is(result.ok ? '' : result.failure.reason, 'newer');
  t.true(!result.ok && result.failure.message.startsWith(path));
  t.is(digest(path), before);
});

test('a migration that fails leaves the schema as it was', (t) => {
  const path = join(temporaryDirectory(t), 'certherd.db');
  opened(path).close();
  const broken = [...readMigrations(), { number: 9001, sql: 'CREATE TABLE extra (a TEXT) STRICT; NONSENSE;' }];
  t.false(openDatabase(path, broken).ok);
  const sql = opened(path);
  t.is(sql.pragma('user_version', { simple: true }), readMigrations().at(-1)?.number);
  t.is(sql.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'").pluck().get(), 0);
  sql.close();
});

test('a text file in place of the database is refused, named, and left alone', (t) => {
  const path = join(temporaryDirectory(t), 'certherd.db');
  writeFileSync(path, 'not a database, '.repeat(500));
  const before = digest(path);
  const result = openDatabase(path, readMigrations());
  t.is(result.ok ? '' : result.failure.reason, 'corrupt');
  t.true(!result.ok && result.failure.message.startsWith(path));
  t.is(digest(path), before);
});

test('a database with overwritten pages is refused', (t) => {
  const path = join(temporaryDirectory(t), 'certherd.db');
  opened(path).close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 8192, 16_384);
  writeFileSync(path, bytes);
  const result = openDatabase(path, readMigrations());
  t.is(result.ok ? '' : result.failure.reason, 'corrupt');
});

test('a database that was cut off is refused', (t) => {
  const path = join(temporaryDirectory(t), 'certherd.db');
  opened(path).close();
  truncateSync(path, 20_000);
  const result = openDatabase(path, readMigrations());
  t.is(result.ok ? '' : result.failure.reason, 'corrupt');
});

test('an index that does not say what its table says is found by doctor', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'certherd.db');
  opened(path).close();
  const change = (sql: string) => {
    const database = new Database(path).unsafeMode();
    database.pragma('writable_schema = ON');
    database.exec(sql);
    database.close();
  };
  const index = 'CREATE INDEX certificate_by_not_after ON certificate (not_after)';
  const indexIs = (sql: string) => `UPDATE sqlite_schema SET sql = '${sql}' WHERE name = 'certificate_by_not_after'`;
  change(
    `INSERT INTO certificate (fingerprint, not_before, not_after, first_seen_at, body) VALUES (zeroblob(32), 1, 2, 3, '')`,
  );
  change(indexIs(`${index} WHERE 0`));
  change('UPDATE certificate SET not_after = 4');
  change(indexIs(index));
  const examined = await examineStore(
    directory,
    { isServed: false, clock: systemClock, budgetMs: 60_000 },
    { ok: true, value: installedSqlite },
  );
  t.regex(examined.ok ? '' : examined.failure.message, /damaged \(.*missing from index certificate_by_not_after\)/);
});

test('another program’s database is refused', (t) => {
  const path = join(temporaryDirectory(t), 'certherd.db');
  const other = new Database(path);
  other.exec('CREATE TABLE recipes (name TEXT)');
  other.close();
  const result = openDatabase(path, readMigrations());
  t.is(result.ok ? '' : result.failure.reason, 'foreign');
});

test('whatever agents had acknowledged, a database has a mark that a backup is compared by', (t) => {
  const sql = opened(join(temporaryDirectory(t), 'certherd.db'));
  sql.exec(`INSERT INTO host (id, agent_id, public_key, name, enrolled_at) VALUES (1, 'a', x'01', 'web-1', 0);
    INSERT INTO epoch (host, name, acked_seq) VALUES (1, 'one', ${2n ** 63n - 1n}), (1, 'two', ${2n ** 63n - 1n})`);
  const mark = markOf(sql);
  t.is(mark.ackedSeqs, 2 ** 64);
  t.true(isSameMark(mark, markOf(sql)));
  sql.exec(`UPDATE epoch SET acked_seq = 7 WHERE name = 'one'`);
  t.false(isSameMark(mark, markOf(sql)));
  sql.close();
});

test('the collector’s id is made once', async (t) => {
  const directory = temporaryDirectory(t);
  const ids: string[] = [];
  for (let start = 1; start <= 2; start++) {
    const store = openSqliteStore(directory, silentLog);
    if (!store.ok) throw new Error(store.failure.message);
    await store.value.close();
    ids.push(store.value.collectorId);
  }
  t.is(ids[0], ids[1]);
  t.regex(ids[0] ?? '', /^[A-Za-z0-9_-]{22}$/);
});

test('a data directory serves one collector at a time', (t) => {
  const directory = join(temporaryDirectory(t), 'deep', 'data');
  t.true(prepareDirectory(directory).ok);
  t.is(statSync(directory).mode & 0o777, 0o700);
  const first = lockDirectory(directory, installedSqlite);
  const second = lockDirectory(directory, installedSqlite);
  t.true(first.ok);
  t.is(
    second.ok ? '' : second.failure,
    `${directory}: already served by another certherd-collector (process ${process.pid}): stop it, or choose another directory with --data`,
  );
  if (first.ok) first.value();
  const third = lockDirectory(directory, installedSqlite);
  t.true(third.ok);
  if (third.ok) third.value();
});

test('a data directory that cannot be made is one clear line', (t) => {
  const result = prepareDirectory('/dev/null/place');
  t.is(
    result.ok ? '' : result.failure,
    '/dev/null/place: cannot be used as data directory (ENOTDIR): choose another with --data',
  );
});

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

test('a directory that cannot be made is a failure at once, below /proc too', (t) => {
  for (const path of ['/proc/certherd/data', '/dev/null/data']) {
    const result = prepareDirectory(path);
    t.true(!result.ok && result.failure.startsWith(`${path}: cannot be used as data directory (`), path);
  }
});

test('a directory of others is left as it is; an empty one and our own are closed to others', (t) => {
  const path = temporaryDirectory(t);
  const mode = () => statSync(path).mode & 0o777;
  chmodSync(path, 0o755);
  writeFileSync(join(path, 'passwd'), '');
  const refused = prepareDirectory(path);
  t.is(
    refused.ok ? '' : refused.failure,
    `${path}: open to others and not empty: choose another directory with --data`,
  );
  t.is(mode(), 0o755);
  writeFileSync(join(path, 'certherd.db'), '');
  t.true(prepareDirectory(path).ok);
  t.is(mode(), 0o700);
});

// Only root can be somebody else.
const asRoot = process.getuid?.() === 0 ? test : test.skip;

asRoot('a data directory of another user is told as that', async (t) => {
  const path = temporaryDirectory(t);
  chmodSync(path, 0o755);
  const script = `const { prepareDirectory } = await import(${JSON.stringify(resolve(import.meta.dirname, '../../../collector/store/directory.ts'))});
    process.setgroups?.([]); process.setgid?.(65533); process.setuid?.(65533);
    const prepared = prepareDirectory(${JSON.stringify(path)});
    console.log(prepared.ok ? '' : prepared.failure);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  t.regex(stdout, /cannot be used as data directory \(EPERM: it, or one above it, is another user's\): choose another/);
});

test('a lock file that cannot be used is one clear line', (t) => {
  const path = temporaryDirectory(t);
  writeFileSync(join(path, 'serve.lock'), 'not a database, but long enough to look like one');
  const result = lockDirectory(path, installedSqlite);
  t.regex(result.ok ? '' : result.failure, /serve\.lock: cannot be locked \(file is not a database\): /);
});
