import { join } from 'node:path';
import { type CertbotRun, lastRenewalIn } from '../formats/certbot-log.ts';
import { atOnce, type Steps } from '../formats/steps.ts';
import type { Files, LogEnd } from '../ports.ts';
import { type AcmeClient, observeAcmeClients } from './acme-clients.ts';
import type { KnownFiles } from './certificate-file.ts';
import { observeCronJobs } from './renewal-cron.ts';
import type { RenewalRunner } from './renewal-runner.ts';
import { observeTimers } from './renewal-timer.ts';
import { keptSteps } from './standing-work.ts';

/** Who renews on this host. */
export interface Renewers {
  systemd: boolean;
  runners: RenewalRunner[];
  /** Places that could not be read, in which a runner may be. */
  unreadable: string[];
  clients: AcmeClient[];
}

/** And what the last attempt came to. */
export interface RenewalMachinery extends Renewers {
  /** certbot's newest run of `renew`, from its log. */
  lastRun?: CertbotRun & { log: string };
}

/** Fields of Observations that the policies about renewal judge. */
export interface MachineryObserved {
  machinery: RenewalMachinery;
}

/**
 * Looks for who renews certificates here, by reading alone: systemd's timers and stamps, crontabs, certbot's log, and the
 * files of other ACME clients. `root` is "/" or the tree to be judged in its place; `clientDirectories` are further
 * places to look for other clients in (absolute, without `root`). With `known`, of a look before, only certbot's log is read.
 */
export function observeRenewalMachinery(ports: Reading, places: Places, known?: Renewers): RenewalMachinery {
  return atOnce(machinerySteps(ports, places, known));
}

interface Reading {
  files: KnownFiles;
  logEnd: LogEnd;
}

interface Places {
  root: string;
  configDirectory: string;
  logsDirectory: string;
  clientDirectories?: readonly string[];
}

/** As observeRenewalMachinery, which keeps what it made of files that stand. */
export function* machinerySteps({ files, logEnd }: Reading, places: Places, known?: Renewers): Steps<RenewalMachinery> {
  const { systemd, runners, unreadable, clients } =
    known ?? (yield* keptSteps(files.kept?.works.renewers, files, (noted) => renewerSteps(noted, places)));
  const lastRun = yield* keptSteps(files.kept?.works.lastRun, files, (noted) =>
    lastRenewalSteps(noted, logEnd, places.logsDirectory),
  );
  return { systemd, runners, unreadable, ...(lastRun ? { lastRun } : {}), clients };
}

function* renewerSteps(files: Files, places: Omit<Places, 'logsDirectory'>): Steps<Renewers> {
  const { root, configDirectory } = places;
  const systemd = files.list(join(root, 'run/systemd/system')).ok;
  const timers = observeTimers(files, root, configDirectory, systemd);
  yield;
  const cron = observeCronJobs(files, root, configDirectory, systemd);
  yield;
  return {
    systemd,
    runners: [...timers, ...cron.runners],
    unreadable: cron.unreadable,
    clients: observeAcmeClients(files, root, places.clientDirectories ?? []),
  };
}

/** A run over 200 lineages that are all renewed writes about 2 MiB; one that finds nothing due some 100 bytes each. */
const logBytes = 512 * 1024;

/** Debian appends to one log, which logrotate moves away each week; elsewhere each run begins a log of its own. */
const logsLookedAt = 10;

function* lastRenewalSteps(
  files: KnownFiles,
  logEnd: LogEnd,
  directory: string,
): Steps<RenewalMachinery['lastRun'] | undefined> {
  for (let index = 0; index < logsLookedAt; index += 1) {
    const log = join(directory, `letsencrypt.log${index === 0 ? '' : `.${index}`}`);
    files.status?.(log);
    const end = logEnd(log, logBytes);
    if (!end.ok && end.failure.reason !== 'not-found') files.doubt?.();
    if (!end.ok) return undefined;
    const run = lastRenewalIn(end.value.text, end.value.modifiedAt);
    if (run) return { ...run, log };
    yield;
  }
  return undefined;
}
