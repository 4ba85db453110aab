import { basename, join } from 'node:path';
import { renewsWithCertbot } from '../formats/certbot-command.ts';
import { readUnit, scheduleOf, type UnitSettings } from '../formats/systemd-unit.ts';
import type { Files } from '../ports.ts';
import type { RenewalRunner } from './renewal-runner.ts';

/** In the order in which systemd looks for units (systemd.unit(5)); the first that has a name wins. */
const unitDirectories = [
  'etc/systemd/system',
  'run/systemd/system',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
];

/**
 * Every systemd timer whose service runs certbot on this config directory, by whatever name (Debian's certbot.timer,
 * Fedora's certbot-renew.timer, snap's, one of the operator's own), enabled or not.
 */
export function observeTimers(files: Files, root: string, configDirectory: string, systemd: boolean): RenewalRunner[] {
  const directories = unitPlaces(files, root);
  const names = directories.flatMap((directory) => namesIn(files, directory)).filter((name) => name.endsWith('.timer'));
  const enabled = enabledTimers(files, directories);
  return [...new Set([...names, ...enabled])].sort().flatMap((name) => {
    const timer = findUnit(files, directories, name);
    if (!timer) return [];
    const settings = readUnit(timer.texts);
    const serviceName = settings.get('Timer.Unit')?.at(-1) ?? `${name.slice(0, -'.timer'.length)}.service`;
    const service = findUnit(files, directories, basename(serviceName));
    const started = timer.masked || service?.masked ? '' : commandsOf(readUnit(service?.texts ?? []));
    // a masked unit says nothing: the one that it hides tells what it was for
    const hidden = timer.masked || service?.masked ? hiddenCommands(files, directories, name, serviceName) : '';
    const text = [started, hidden, ...scriptsIn(files, root, `${started}\n${hidden}`)].join('\n');
    if (!renewsWithCertbot(text, configDirectory)) return [];
    const lastStartedAt = stampOf(files, root, name);
    const state = stateOf({
      masked: timer.masked || service?.masked === true,
      enabled: enabled.includes(name),
      schedule: scheduleOf(settings).length > 0,
      systemd,
    });
    return [
      {
        kind: 'timer' as const,
        name,
        path: timer.path,
        state,
        ...(service?.masked && !timer.masked ? { service: serviceName } : {}),
        ...(lastStartedAt === undefined ? {} : { lastStartedAt }),
      },
    ];
  });
}

/** The directories of units that are there. /lib is a link to /usr/lib on most hosts. */
export function unitPlaces(files: Files, root: string): string[] {
  const real = new Map<string, string>();
  for (const directory of unitDirectories.map((one) => join(root, one))) {
    const path = files.resolve(directory);
    if (path.ok && !real.has(path.value)) real.set(path.value, directory);
  }
  return [...real.values()];
}

function stateOf(timer: { masked: boolean; enabled: boolean; schedule: boolean; systemd: boolean }) {
  if (timer.masked) return 'masked';
  if (!timer.enabled) return 'not-enabled';
  if (!timer.schedule) return 'no-schedule';
  return timer.systemd ? 'active' : 'no-daemon';
}

/** A name under TARGET.wants is what starts a timer; where the link leads does not matter to systemd. */
function enabledTimers(files: Files, directories: readonly string[]): string[] {
  return directories
    .flatMap((directory) =>
      ['timers.target', 'multi-user.target', 'basic.target', 'graphical.target'].flatMap((target) =>
        ['wants', 'requires'].flatMap((kind) => namesIn(files, join(directory, `${target}.${kind}`))),
      ),
    )
    .filter((name) => name.endsWith('.timer'));
}

export interface Unit {
  path: string;
  texts: string[];
  masked: boolean;
}

/** A unit by its name, with its drop-ins. One that is a link to /dev/null, or empty, is masked; its drop-ins come from all directories, in the order of their names. */
export function findUnit(files: Files, directories: readonly string[], name: string): Unit | undefined {
  for (const directory of directories) {
    const path = join(directory, name);
    const real = files.resolve(path);
    if (!real.ok) continue;
    const content = real.value === '/dev/null' ? undefined : files.read(path);
    if (content && !content.ok) continue;
    const text = content ? new TextDecoder().decode(content.value.bytes) : '';
    return { path, texts: [text, ...dropIns(files, directories, name)], masked: text.trim() === '' };
  }
  return undefined;
}

function dropIns(files: Files, directories: readonly string[], name: string): string[] {
  const found = new Map<string, string>();
  for (const directory of directories) {
    for (const file of namesIn(files, join(directory, `${name}.d`))) {
      if (file.endsWith('.conf') && !found.has(file)) found.set(file, join(directory, `${name}.d`, file));
    }
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, path]) => files.read(path))
    .flatMap((content) => (content.ok ? [new TextDecoder().decode(content.value.bytes)] : []));
}

function hiddenCommands(files: Files, directories: readonly string[], timer: string, service: string): string {
  const rest = (name: string) =>
    directories.map((directory) => findUnit(files, [directory], name)).find((unit) => unit && !unit.masked);
  const unit =
    readUnit(rest(timer)?.texts ?? [])
      .get('Timer.Unit')
      ?.at(-1) ?? service;
  return commandsOf(readUnit(rest(basename(unit))?.texts ?? []));
}

/** Without the signs that systemd puts before a command (systemd.service(5)). */
function commandsOf(settings: UnitSettings): string {
  return (settings.get('Service.ExecStart') ?? []).map((command) => command.replace(/^[@:+!-]+/, '')).join('\n');
}

/** A command that is a script tells only inside what it runs; one level of that is read. */
export function scriptsIn(files: Files, root: string, commands: string): string[] {
  const paths = commands.match(/(?<=^|\s|["'])\/[^\s"';&|]+/gm) ?? [];
  return [...new Set(paths)]
    .slice(0, 20)
    .filter((path) => !/\/(?:certbot|letsencrypt|sh|bash|perl|python3?|test|env|sleep)$|^\/proc\//.test(path))
    .map((path) => files.read(join(root, path)))
    .flatMap((content) => {
      if (!content.ok || content.value.bytes[0] !== 0x23 || content.value.bytes[1] !== 0x21) return [];
      return [new TextDecoder().decode(content.value.bytes)];
    });
}

/** systemd touches the stamp of a timer with Persistent=yes whenever it starts its service. */
function stampOf(files: Files, root: string, name: string): number | undefined {
  const stamp = files.linkChangedAt(join(root, 'var/lib/systemd/timers', `stamp-${name}`));
  return stamp.ok ? stamp.value : undefined;
}

function namesIn(files: Files, directory: string): string[] {
  const names = files.list(directory);
  return names.ok ? names.value : [];
}
