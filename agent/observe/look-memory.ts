import type { Result } from '@certherd/protocol/failure';
import type { Clock, Files, FileStatus } from '../ports.ts';
import type { CertificateFile, KeptReadings, KnownFiles } from './certificate-file.ts';
import type { AskedBefore } from './endpoints/carried.ts';
import type { KnownRefusals } from './endpoints/refusals.ts';
import type { LogEntry } from '../formats/nginx-error-log.ts';
import type { KeyFileObservation } from './key-exposure.ts';
import type { KnownHolders } from './listening-sockets.ts';
import type { NginxPlaces } from './nginx-running.ts';
import type { OnDisk } from './on-disk.ts';
import type { RenewalMachinery, Renewers } from './renewal-machinery.ts';
import type { ServersObservation } from './servers.ts';
import { isSameStatus, mayPass, racyMs, type StandingWork, standingWork } from './standing-work.ts';
import type { TrustedRoots } from './trusted-roots.ts';
import type { HostAccounts, KnownUpkeep } from './upkeep.ts';

/** What one look leaves for the next, so that a quiet host is not read anew. Lives as long as the agent. */
export interface LookMemory {
  /** The machine's files, with what was made of them before. */
  files: KnownFiles;
  roots?: TrustedRoots;
  /** Of the last look. */
  upkeep?: KnownUpkeep;
  /** The last look that asked every endpoint, brought up to date by those that asked some. */
  asked?: AskedBefore;
  refusals?: KnownRefusals | undefined;
  holders: KnownHolders;
  /** A look has ended: what it did not ask for is forgotten. */
  looked(): void;
}

/** Work of a look that stands while the files do that it was made of. */
export interface KeptWorks {
  servers: StandingWork<ServersObservation>;
  /** Made of what `servers` gave. */
  onDisk: StandingWork<OnDisk>;
  accounts: StandingWork<HostAccounts>;
  keyFiles: StandingWork<KeyFileObservation[]>;
  renewers: StandingWork<Renewers>;
  lastRun: StandingWork<RenewalMachinery['lastRun']>;
  nginxPlaces: StandingWork<NginxPlaces>;
  /** By the log's path. */
  errorLogs: StandingWork<LogEntry[]>;
}

/** Far above any host that was seen; each is some 2 KB, most of it shared with the observations. */
const mostKept = 50_000;

/** Keeps what is made of a file while its device, inode, size, mtime and ctime stand. Nothing is kept of files without a status. */
export function lookMemory(files: Files, clock: Pick<Clock, 'now'>): LookMemory {
  const certificates = keeping<CertificateFile>(files, clock, ({ observation }) => !mayPass(observation.failure));
  const keys = keeping<Result<boolean>>(files, clock, (match) => match.ok || !mayPass(match.failure));
  const works: KeptWorks = {
    servers: standingWork(clock),
    onDisk: standingWork(clock),
    accounts: standingWork(clock),
    keyFiles: standingWork(clock),
    renewers: standingWork(clock),
    lastRun: standingWork(clock),
    nginxPlaces: standingWork(clock),
    errorLogs: standingWork(clock),
  };
  const kept: KeptReadings = {
    works,
    certificate: (path, read) => certificates.once(path, path, read),
    keyMatch: (path, leaf, compare) => keys.once(`${leaf} ${path}`, path, compare),
  };
  return {
    files: { ...files, kept },
    holders: {},
    looked: () => {
      // where it stands as a whole no file of it was asked for, and all of them are as they were
      if (!works.onDisk.stood()) {
        certificates.forgetUnasked();
        keys.forgetUnasked();
      }
      for (const work of Object.values(works)) work.forgetUnasked();
    },
  };
}

interface Entry<T> {
  status: FileStatus;
  made: T;
  /** Asked for since the last look ended. */
  asked: boolean;
}

function keeping<T>(files: Files, clock: Pick<Clock, 'now'>, mayStand: (made: T) => boolean) {
  const entries = new Map<string, Entry<T>>();
  return {
    once: (key: string, path: string, make: () => T): T => {
      // Before it is read: what changes while it is read has another status at the next look.
      const status = files.status?.(path);
      const known = entries.get(key);
      if (known && status?.ok && isSameStatus(known.status, status.value)) {
        known.asked = true;
        return known.made;
      }
      entries.delete(key);
      const made = make();
      const isRacy = status?.ok && Math.abs(clock.now() - status.value.changedAt) <= racyMs;
      if (status?.ok && !isRacy && entries.size < mostKept && mayStand(made))
        entries.set(key, { status: status.value, made, asked: true });
      return made;
    },
    forgetUnasked: () => {
      for (const [key, entry] of entries) {
        if (entry.asked) entry.asked = false;
        else entries.delete(key);
      }
    },
  };
}
