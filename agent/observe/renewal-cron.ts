import { join } from 'node:path';
import { failed } from '@certherd/protocol/failure';
import { renewsWithCertbot, stepsBackForSystemd } from '../formats/certbot-command.ts';
import type { Files } from '../ports.ts';
import type { RenewalRunner } from './renewal-runner.ts';
import { scriptsIn } from './renewal-timer.ts';

/**
 * Every line of a crontab, and every script in cron.daily and its like, that runs certbot on this config directory.
 * `unreadable`: crontabs of users that only root may read.
 */
export function observeCronJobs(
  files: Files,
  root: string,
  configDirectory: string,
  systemd: boolean,
): { runners: RenewalRunner[]; unreadable: string[] } {
  const daemon = ['usr/sbin/cron', 'usr/sbin/crond', 'usr/sbin/fcron', 'usr/sbin/anacron', 'bin/busybox'].some(
    (program) => files.resolve(join(root, program)).ok,
  );
  const tables = listed(files, [join(root, 'etc/cron.d')], isTableName);
  const spools = listed(
    files,
    ['var/spool/cron/crontabs', 'var/spool/cron', 'etc/crontabs'].map((directory) => join(root, directory)),
    (name) => !name.startsWith('.'),
  );
  const paths = [join(root, 'etc/crontab'), ...tables.paths, ...spools.paths];
  const unreadable = [...tables.unreadable, ...spools.unreadable];
  const runners: RenewalRunner[] = [];
  const stateIn = (command: string, scripts: Files): RenewalRunner['state'] | undefined => {
    const text = [command, ...scriptsIn(scripts, root, command)].join('\n');
    return renewsWithCertbot(text, configDirectory) ? stateOf(text, { systemd, daemon }) : undefined;
  };
  for (const path of paths) {
    const content = files.read(path);
    if (content.ok) {
      const scripts = readingAtMost(files, mostScriptBytes);
      const found = runnersIn(path, content.value.bytes, (command) => stateIn(command, scripts.files));
      runners.push(...found);
      if (scripts.isSpent()) unreadable.push(path);
    } else if (content.failure.reason === 'permission-denied') unreadable.push(path);
  }
  const periods = ['hourly', 'daily', 'weekly', 'monthly'].map((period) => join(root, `etc/cron.${period}`));
  for (const path of listed(files, periods, isTableName).paths) {
    const content = files.read(path);
    // run-parts starts only what is executable
    if (!content.ok || (content.value.mode & 0o111) === 0) continue;
    const state = stateIn(new TextDecoder().decode(content.value.bytes), files);
    if (state) runners.push({ kind: 'cron', path, name: path, state });
  }
  return { runners, unreadable };
}

/** Any local user may write a crontab: this much of scripts is read for one of them, and so many of its lines are told. */
const mostScriptBytes = 4 * 1024 * 1024;
const mostRunners = 100;

/** The lines of one crontab that renew; each command is judged once, however often it stands there. */
function runnersIn(
  path: string,
  bytes: Uint8Array,
  stateIn: (command: string) => RenewalRunner['state'] | undefined,
): RenewalRunner[] {
  const runners: RenewalRunner[] = [];
  const judged = new Map<string, RenewalRunner['state'] | undefined>();
  for (const { line, command } of jobsIn(bytes)) {
    if (!judged.has(command)) judged.set(command, stateIn(command));
    const state = judged.get(command);
    if (state && runners.push({ kind: 'cron', path, name: `${path}:${line}`, state }) >= mostRunners) break;
  }
  return runners;
}

/** Files of which so many bytes are read, a page at least for each that is asked for; then nothing more. */
function readingAtMost(files: Files, bytes: number): { files: Files; isSpent: () => boolean } {
  let left = bytes;
  const read: Files['read'] = (path) => {
    if (left <= 0) return failed('too-slow', 'its crontab names more scripts than are read for one');
    const content = files.read(path);
    left -= Math.max(4096, content.ok ? content.value.bytes.length : 0);
    return content;
  };
  return { files: { ...files, read }, isSpent: () => left <= 0 };
}

function stateOf(text: string, { systemd, daemon }: { systemd: boolean; daemon: boolean }): RenewalRunner['state'] {
  if (systemd && stepsBackForSystemd(text)) return 'stands-back';
  return daemon ? 'active' : 'no-daemon';
}

/** cron and run-parts pass over names with a dot: what a package manager left behind (run-parts(8)). */
function isTableName(name: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(name);
}

function listed(files: Files, directories: readonly string[], wanted: (name: string) => boolean) {
  const paths: string[] = [];
  const unreadable: string[] = [];
  for (const directory of directories) {
    const names = files.list(directory);
    if (names.ok) paths.push(...names.value.filter(wanted).map((name) => join(directory, name)));
    else if (names.failure.reason === 'permission-denied') unreadable.push(directory);
  }
  return { paths, unreadable };
}

/** Lines that are neither comments nor NAME=VALUE, without their five times or @daily. */
function jobsIn(bytes: Uint8Array): { line: number; command: string }[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((text, index) => ({ line: index + 1, text: text.trim() }))
    .flatMap(({ line, text }) => {
      const [, command] = /^(?:@\w+|(?:[\d*][^\s=]*|[A-Za-z]{3}[^\s=]*)(?:\s+\S+){4})\s+(.+)$/.exec(text) ?? [];
      return command === undefined ? [] : [{ line, command }];
    });
}
