import type { ServerProgram } from '@certherd/protocol/snapshot';
import type { LogEntry } from '../formats/nginx-error-log.ts';
import type { Master, Worker } from '../observe/nginx-process.ts';
import type { RunningNginx } from '../observe/nginx-running.ts';
import { nginxReload, nginxStart, typed } from './command-line.ts';
import type { Facts } from './facts.ts';

/** What runs on the host, where that could be told. */
export function runningOf({ observations }: Facts): RunningNginx | undefined {
  return observations.running;
}

/** The master that runs the observed config. */
export function ownMaster(facts: Facts): Master | undefined {
  const running = runningOf(facts);
  return running?.masters.find(({ pid }) => pid === running.own);
}

/** When nginx last took a config into service, milliseconds since 1970: the start of the workers that it runs on. */
export function loadedAt(facts: Facts): number | undefined {
  return firstOfNewest(facts)?.startedAt;
}

/**
 * Between which instants (milliseconds since 1970) a server last read its files: what changed before `earliest` is loaded, what
 * changed after `latest` is not. Apache's children come and go without reading anything, so that there the two are apart.
 */
export function loadedBetween(server: ServerProgram, facts: Facts): { earliest: number; latest: number } | undefined {
  if (server === 'nginx') {
    const loaded = loadedAt(facts);
    return loaded === undefined ? undefined : { earliest: loaded, latest: loaded };
  }
  const processes = facts.observations.processes?.find((one) => one.server === server);
  if (!processes) return undefined;
  const { startedAt, youngestAt } = processes;
  return { earliest: server === 'haproxy' ? youngestAt : startedAt, latest: youngestAt };
}

/** The oldest of the workers that belong to the newest config. A worker that crashed is replaced by a younger one with the same config. */
function firstOfNewest(facts: Facts): Worker | undefined {
  const accepting = ownMaster(facts)?.workers.filter(({ shuttingDown }) => !shuttingDown) ?? [];
  return accepting.slice(-(runningOf(facts)?.workerProcesses ?? accepting.length))[0];
}

/** Makes nginx load its config: through its pid file, past it where that names another process, by a start where it does not run. */
export function bringIntoService(facts: Facts): string {
  const running = runningOf(facts);
  if (!running) return typed(nginxReload(facts.config));
  if (running.down) return typed(nginxStart(facts.config));
  const named = running.own === undefined || running.pidFile.pid === running.own;
  return named ? typed(nginxReload(facts.config)) : typed(['kill', '-HUP', String(running.own)]);
}

/** Ends nginx and starts it again. On TERM the master keeps its sockets and its pid file to the end, so that the two runs cannot mix. */
export function restart({ config }: Facts): string {
  if (!config.nginx.prefix) return typed(['systemctl', 'restart', 'nginx']);
  return `${typed([...nginxReload(config).slice(0, -1), 'stop'])} && ${typed(nginxStart(config))}`;
}

/**
 * The last refusal since nginx took its present config into service: of its master at a reload, or of a test or `-s reload` by
 * a process of its own, which counts only while what it named has not changed since.
 */
export function lastRefusal(facts: Facts): LogEntry | undefined {
  const running = runningOf(facts);
  const master = ownMaster(facts);
  const loaded = loadedAt(facts);
  if (!running || !master || loaded === undefined) return undefined;
  return sinceLoaded(facts, running).findLast(
    (entry, index, entries) =>
      entry.level === 'emerg' &&
      entry.event.kind !== 'bind-failed' &&
      (entry.pid === master.pid
        ? entry.event.kind !== 'open-failed' || isAtReload(entries, index)
        : isVerdictOnConfig(entry) &&
          !isMended(entry, running) &&
          !running.masters.some(({ pid }) => pid === entry.pid)),
  );
}

/** Did what a refusal named change after it, or is there what it missed? False where it named nothing. */
export function isMended({ at, event }: LogEntry, { changed, configChanged }: RunningNginx): boolean {
  if ('missing' in event && event.missing && changed[event.missing] !== undefined) return true;
  const named = 'path' in event && event.path ? changed[event.path] : configChanged?.at;
  return named !== undefined && named > at + 1000;
}

/** nginx's own words when it last could not bind this address, if that was after it took its present config into service. */
export function bindRefusal(facts: Facts, place: string): LogEntry | undefined {
  const running = runningOf(facts);
  const entries = running && loadedAt(facts) !== undefined ? sinceLoaded(facts, running) : running?.log;
  return entries?.findLast(({ event }) => event.kind === 'bind-failed' && event.address === place);
}

/** The log tells the start of those workers where its level lets it; else a second that has passed since decides. */
function sinceLoaded(facts: Facts, { log }: RunningNginx): LogEntry[] {
  const first = firstOfNewest(facts);
  const started = log.findLastIndex(({ event }) => event.kind === 'worker-started' && event.worker === first?.pid);
  return started >= 0 ? log.slice(started + 1) : log.filter(({ at }) => at > (first?.startedAt ?? 0));
}

/** A test by a user who may not read the keys, or the start of another nginx, says nothing about this config. */
function isVerdictOnConfig({ event, words }: LogEntry): boolean {
  return ['certificate-refused', 'config-refused'].includes(event.kind) && !/permission denied/i.test(words);
}

/** nginx uses the same words for a log that it cannot reopen, and only its notices tell the two apart. */
function isAtReload(entries: LogEntry[], index: number): boolean {
  const before = entries
    .slice(0, index)
    .findLast(({ event }) => event.kind === 'reconfiguring' || event.kind === 'reopening');
  return before?.event.kind === 'reconfiguring';
}
