import path from 'node:path';
import type { Config } from '../config.ts';
import { type LogEntry, readErrorLog } from '../formats/nginx-error-log.ts';
import { parseNginxSteps } from '../formats/nginx-parser.ts';
import { atOnce, type Steps } from '../formats/steps.ts';
import type { Files, LogEnd, LookPorts, Proc } from '../ports.ts';
import type { KnownFiles } from './certificate-file.ts';
import { type Bound, type KnownHolders, observeListening } from './listening-sockets.ts';
import { type Master, type NginxProcesses, type Walk, walkProcesses, type Worker } from './nginx-process.ts';
import type { Observations } from './observations.ts';
import { keptSteps } from './standing-work.ts';

/** What runs on this host as opposed to what is on its disk. Each part is absent where it could not be told. */
export interface RunningNginx extends NginxProcesses {
  /** The master that runs the config that is observed, by its pid. */
  own?: number;
  /** No process runs that could be it. */
  down?: true;
  /** The config's pid file, and the process that it names. */
  pidFile: { path: string; pid?: number };
  /** How many workers the config asks for; more that accept connections means a reload that is not complete. */
  workerProcesses?: number;
  /** For each configured listener, and each address that the log says could not be bound. */
  listening?: Bound[];
  /** What nginx wrote of itself, oldest first. */
  log: LogEntry[];
  /** The config file that changed last; looked for only where an endpoint is not as configured. */
  configChanged?: { path: string; at: number };
  /** When the files that the log's refusals name last changed; now, where the config no longer names them. */
  changed: Record<string, number>;
}

const logBytes = 256 * 1024;

/**
 * What runs: to be asked after the handshakes, so that nothing seen there is younger than this. Absent without a readable /proc.
 * The pid file and error log are those of the main config file; nginx's compiled-in places are Debian's. `before`: what a look before,
 * and the walk of a moment ago, saw of the processes.
 */
export function observeRunningNginx(
  ports: Pick<LookPorts, 'clock' | 'proc' | 'logEnd'> & { files: KnownFiles },
  config: Config,
  seen: Pick<Observations, 'deployments' | 'endpoints' | 'servers'>,
  before: { walked?: Walk | undefined; holders?: KnownHolders | undefined } = {},
): RunningNginx | undefined {
  const processes = walkProcesses(ports.proc, ports.clock.now(), before.walked)?.processes;
  if (!processes) return undefined;
  const { pidFile, errorLogs, workers } = atOnce(
    keptSteps(ports.files.kept?.works.nginxPlaces, ports.files, (files) => placeSteps(files, config)),
  );
  const workerProcesses = workers === 'auto' ? processors(ports.proc) : workers;
  const named = Number(textOf(ports.files, pidFile)?.trim() || Number.NaN);
  const own = ownMaster(processes.masters, config, named);
  const listeners = new Map<string, { address: string; port: number }>(
    seen.deployments
      .filter(({ server }) => server === 'nginx')
      .flatMap((deployment) => deployment.listeners.map((one) => [`${one.address} ${one.port}`, one])),
  );
  const log = errorLogs
    .flatMap((file) =>
      atOnce(
        keptSteps(ports.files.kept?.works.errorLogs, ports.files, (files) => logSteps(files, ports.logEnd, file), {
          key: file,
        }),
      ),
    )
    .sort((a, b) => a.at - b.at);
  // an address of all that keeps to an answer of its own
  for (const one of seen.endpoints) if (one.server === 'nginx') listeners.set(`${one.address} ${one.port}`, one);
  for (const one of refusedAddresses(log)) listeners.set(`${one.address} ${one.port}`, one);
  const all = allOf(processes);
  const nginx = { pids: all.map(({ pid }) => pid), key: JSON.stringify(all), known: before.holders };
  const listening = observeListening(ports.proc, [...listeners.values()], nginx);
  const drifted = seen.endpoints.some(({ served, configured, failure }) => failure || served !== configured);
  const configFiles = seen.servers.filter(({ server }) => server === 'nginx').flatMap((server) => server.configFiles);
  const changed = drifted ? newest(ports.files, configFiles) : undefined;
  return {
    ...processes,
    ...(own && own !== 'unknown' && { own: own.pid }),
    ...(!own && { down: true }),
    pidFile: { path: pidFile, ...(Number.isInteger(named) && { pid: named }) },
    ...(workerProcesses !== undefined && { workerProcesses }),
    ...(listening && { listening }),
    log,
    ...(changed && { configChanged: changed }),
    changed: { ...changesOf(ports.files, log), ...noLongerNamed(log, configFiles, seen, ports.clock.now()) },
  };
}

/** A master by its number, and a worker also by its start, to the tick: a master is not replaced without its workers. */
function allOf({ masters, orphans }: NginxProcesses): Pick<Worker, 'pid' | 'startedAfterBoot' | 'shuttingDown'>[] {
  const workers = [...masters.flatMap((master) => master.workers), ...orphans];
  return [
    ...masters.map(({ pid }) => ({ pid, shuttingDown: false })),
    ...workers.map(({ pid, startedAfterBoot = 0, shuttingDown }) => ({ pid, startedAfterBoot, shuttingDown })),
  ];
}

/** The one that the pid file names, unless that runs another config; else the only one that was started with this one. */
function ownMaster(masters: Master[], { nginx }: Config, named: number): Master | 'unknown' | undefined {
  const home = (prefix: string | undefined) => prefix ?? path.dirname(nginx.config);
  const same = masters.filter((master) =>
    master.config === undefined
      ? nginx.prefix === undefined && master.prefix === undefined
      : path.resolve(home(master.prefix), master.config) === nginx.config,
  );
  const byFile = masters.find(({ pid }) => pid === named);
  if (byFile && (byFile.config === undefined || same.includes(byFile))) return byFile;
  return same.length > 1 ? 'unknown' : same[0];
}

function* logSteps(files: KnownFiles, logEnd: LogEnd, file: string): Steps<LogEntry[]> {
  files.status?.(file);
  const end = logEnd(file, logBytes);
  if (!end.ok && end.failure.reason !== 'not-found') files.doubt?.();
  yield;
  return end.ok ? readErrorLog(end.value.text, end.value.modifiedAt) : [];
}

/** What the main config file says of where nginx keeps what, and of its workers. */
export interface NginxPlaces {
  pidFile: string;
  errorLogs: string[];
  workers: number | 'auto' | undefined;
}

function* placeSteps(files: Files, { nginx }: Config): Steps<NginxPlaces> {
  const prefix = nginx.prefix ?? '/usr/share/nginx';
  const { directives } = yield* parseNginxSteps(textOf(files, nginx.config) ?? '', nginx.config);
  const argOf = (name: string) => directives.findLast((directive) => directive.name === name)?.args[0];
  const workers = argOf('worker_processes') ?? (directives.some(({ name }) => name === 'include') ? '' : '1');
  const log = argOf('error_log') ?? '/var/log/nginx/error.log';
  const logs = /^(?:stderr$|syslog:|memory:)/.test(log) ? [] : [path.resolve(prefix, log)];
  return {
    pidFile: path.resolve(prefix, argOf('pid') ?? '/run/nginx.pid'),
    workers: workers === 'auto' ? workers : /^\d+$/.test(workers) ? Number(workers) : undefined,
    errorLogs: [...new Set([...(nginx.errorLog ? [nginx.errorLog] : []), ...logs])],
  };
}

/** As `worker_processes auto` counts them: those that are online. */
function processors(proc: Proc): number | undefined {
  return proc.read('/proc/stat')?.match(/^cpu\d+ /gm)?.length;
}

function refusedAddresses(log: LogEntry[]): { address: string; port: number }[] {
  return log.slice(-50).flatMap(({ event }) => {
    if (event.kind !== 'bind-failed') return [];
    const [, address, port] = /^\[?([0-9a-f.:]+?)\]?:(\d+)$/.exec(event.address) ?? [];
    return address === undefined ? [] : [{ address, port: Number(port) }];
  });
}

function changesOf(files: Files, log: LogEntry[]): Record<string, number> {
  const refused = log.filter(({ level }) => level === 'emerg').slice(-20);
  const named = refused.flatMap(({ event }) => [
    ...('path' in event && event.path ? [event.path] : []),
    ...('missing' in event && event.missing ? [event.missing] : []),
  ]);
  return Object.fromEntries(
    [...new Set(named)].flatMap((file) => {
      const at = changedAt(files, file);
      return at === undefined ? [] : [[file, at]];
    }),
  );
}

/** A refusal of a file that the config does not read any more says nothing about the config as it is. */
function noLongerNamed(
  log: LogEntry[],
  configFiles: string[],
  { deployments }: Pick<Observations, 'deployments'>,
  now: number,
): Record<string, number> {
  if (configFiles.length === 0) return {};
  const pairs = new Set(deployments.flatMap(({ certificatePath, keyPath }) => [certificatePath, keyPath]));
  const gone = log.flatMap(({ event, words }) => {
    if (event.kind === 'config-refused' && event.path && !configFiles.includes(event.path)) return [event.path];
    const pair = event.kind === 'certificate-refused' && words.startsWith('cannot load certificate') && event.path;
    return pair && !pairs.has(pair) ? [pair] : [];
  });
  return Object.fromEntries(gone.map((file) => [file, now]));
}

function newest(files: Files, names: string[]): { path: string; at: number } | undefined {
  return names
    .flatMap((name) => {
      const at = changedAt(files, name);
      return at === undefined ? [] : [{ path: name, at }];
    })
    .sort((a, b) => b.at - a.at)[0];
}

/** The later of the link and what it leads to. */
function changedAt(files: Files, name: string): number | undefined {
  const target = files.resolve(name);
  const times = [name, ...(target.ok && target.value !== name ? [target.value] : [])].map((one) =>
    files.linkChangedAt(one),
  );
  const known = times.flatMap((time) => (time.ok ? [time.value] : []));
  return known.length > 0 ? Math.max(...known) : undefined;
}

function textOf(files: Files, name: string): string | undefined {
  const content = files.read(name);
  return content.ok ? new TextDecoder().decode(content.value.bytes) : undefined;
}
