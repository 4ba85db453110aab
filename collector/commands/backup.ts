import { chmodSync, chownSync, copyFileSync, existsSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { jsonLine, printable } from '@certherd/command-line/printable';
import { codeOf, startFailure } from '../failure.ts';
import type { BackupLine } from '../serve/control-backup.ts';
import { type BackupContent, finishBackup, inspectBackup, sync, syncNames } from '../store/sqlite/backup.ts';
import { lockDirectory } from '../store/directory.ts';
import type { Mark } from '../store/sqlite/mark.ts';
import { readMigrations } from '../store/migrations.ts';
import { type OpenSqlite, sqliteFor } from '../store/sqlite/sqlite.ts';
import { copyResting } from '../store/sqlite/store.ts';
import { askServing } from './ask-serving.ts';
import { configFor, type Console, exitCodes, type JsonOptions } from './command.ts';
import { megabytes, requireData, requireFile } from './directory.ts';

/** `backup FILE`: the database as of one moment, checked, under that name; nothing is there in its place before it is whole. */
export async function backUp(file: string, options: JsonOptions, console: Console): Promise<number> {
  const config = configFor(options, console);
  if (!config) return exitCodes.config;
  const { dataDirectory } = config;
  requireFile(config, 'pg_dump --format=custom --file=FILE certherd, with the database of collector.toml');
  requireData(dataDirectory);
  const target = resolve(file);
  const sqlite = sqliteFor(dataDirectory);
  if (!sqlite.ok) throw startFailure(sqlite.failure);
  const open = sqlite.value;
  mayReplace(target, dataDirectory, open);
  const copy = await copyOf(dataDirectory, open, console);
  const beside = `${target}.${process.pid}.new`;
  try {
    moveTo(beside, join(dataDirectory, copy.name));
    const finished = finishBackup(beside, copy.mark, copy.at, open);
    if (!finished.ok) throw startFailure(finished.failure);
    renameSync(beside, target);
    syncNames(target);
    tell(target, finished.value, options, console);
    return exitCodes.ok;
  } catch (error) {
    if (!codeOf(error)) throw error;
    throw startFailure(
      `${printable(file)}: cannot be written (${codeOf(error)}): choose another place, or free some space`,
    );
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(beside + end, { force: true });
    rmSync(join(dataDirectory, copy.name), { force: true });
  }
}

interface Copy {
  name: string;
  mark: Mark;
  /** Milliseconds since 1970. */
  at: number;
}

/** Through the serving process; where none serves, by itself, and none can begin to serve meanwhile. */
async function copyOf(directory: string, open: OpenSqlite, console: Console): Promise<Copy> {
  const answer = await askServing<BackupLine | { detail?: string }>(directory, 'POST', '/backup');
  if (!answer) {
    const locked = lockDirectory(directory, open);
    if (!locked.ok)
      throw startFailure(
        `${directory}: a collector serves, but cannot be asked for a backup: restart it, or stop it and run this again`,
      );
    try {
      return { ...(await copyResting(directory, open, console.clock.now())), at: console.clock.now() };
    } finally {
      locked.value();
    }
  }
  const startedAt = console.clock.monotonic();
  let toldTenths = 0;
  for await (const line of answer.lines) {
    if ('done' in line) return line.done;
    if ('failed' in line) throw startFailure(`no backup was made (${line.failed}): look at the collector's log`);
    if ('progress' in line) {
      const { total, remaining } = line.progress;
      const tenths = Math.floor((10 * (total - remaining)) / total);
      if (tenths > toldTenths && console.clock.monotonic() - startedAt > 1_000)
        console.complain(`copied ${tenths * 10} % of ${megabytes(total * 4096)}`);
      toldTenths = tenths;
    } else throw startFailure(line.detail ?? 'the serving collector made no backup');
  }
  throw startFailure('the serving collector made no backup: look at its log');
}

/** A file that is not a backup may be anything: a wrong word must not cost somebody's /etc/passwd. */
function mayReplace(target: string, directory: string, open: OpenSqlite): void {
  if (!existsSync(dirname(target)))
    throw startFailure(`${printable(dirname(target))}: there is no such directory: make it, or choose another place`);
  if (dirname(target) === resolve(directory) && basename(target).startsWith('certherd.db'))
    throw startFailure(`${printable(target)}: that is the live database: choose another name, best on another disk`);
  if (!existsSync(target)) return;
  const isPlain = lstatSync(target).isFile();
  const found = isPlain ? inspectBackup(target, readMigrations(), open) : undefined;
  if (!found?.ok)
    throw startFailure(`${printable(target)}: is there, and is no backup of a collector: choose another name`);
}

/** Renamed where that is possible; else copied. It belongs to whoever runs this. */
function moveTo(beside: string, from: string): void {
  try {
    renameSync(from, beside);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    copyFileSync(from, beside);
    rmSync(from, { force: true });
  }
  if (process.getuid && process.getgid) chownSync(beside, process.getuid(), process.getgid());
  chmodSync(beside, 0o600);
  sync(beside);
}

function tell(target: string, content: BackupContent, options: JsonOptions, console: Console): void {
  const { hosts, certificates, events, bytes, backedUpAt } = content;
  const at = new Date(backedUpAt).toISOString();
  if (options.json) {
    console.print(jsonLine({ version: 1, file: target, at, hosts, certificates, events, bytes }));
    return;
  }
  console.print(
    `${printable(target)}: ${hosts} host(s), ${certificates} certificate(s), ${events} event(s) as of ${at}; ${megabytes(bytes)}, checked`,
  );
  console.complain(
    'The TLS key is not in it. Agents trust only that key: keep a copy of DATA/tls in a safe place, once, for a restoration on another machine.',
  );
}
