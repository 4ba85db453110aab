import { join } from 'node:path';
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
  const add = (path: string, name: string, command: string) => {
    const text = [command, ...scriptsIn(files, root, command)].join('\n');
    if (renewsWithCertbot(text, configDirectory))
      runners.push({ kind: 'cron', path, name, state: stateOf(text, { systemd, daemon }) });
  };
  for (const path of paths) {
    const content = files.read(path);
    if (content.ok) for (const { line, command } of jobsIn(content.value.bytes)) add(path, `${path}:${line}`, command);
    else if (content.failure.reason === 'permission-denied') unreadable.push(path);
  }
  const periods = ['hourly', 'daily', 'weekly', 'monthly'].map((period) => join(root, `etc/cron.${period}`));
  for (const path of listed(files, periods, isTableName).paths) {
    const content = files.read(path);
    // run-parts starts only what is executable
    if (content.ok && (content.value.mode & 0o111) !== 0)
      add(path, path, new TextDecoder().decode(content.value.bytes));
  }
  return { runners, unreadable };
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
