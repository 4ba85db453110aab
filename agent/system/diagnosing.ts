import { accessSync, constants, statfsSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { failed, type FailureReason, type Result, success } from '@certherd/protocol/failure';
import type { Config } from '../config.ts';
import type { DoctorPorts, Space } from '../doctor/doctor-ports.ts';
import { collectorSocketOpener } from './collector-socket.ts';
import { attempt } from './files.ts';
import { httpsOpener } from './https.ts';
import { isLocked, lockHolder, sharedLocks } from './lock.ts';
import { systemLooking } from './looking.ts';
import { systemPrograms } from './programs.ts';
import { systemState } from './state.ts';

/** One question to the network may take this long; a resolver that does not answer is asked twice by the C library. */
const questionMs = 12_000;

/** The real machine for `doctor`: nothing is written to it. */
export function systemDiagnosing({
  stateDirectory,
  extraRoots,
}: Pick<Config, 'stateDirectory' | 'extraRoots'>): DoctorPorts {
  const glibc = glibcVersion();
  return {
    ...systemLooking(),
    environment: process.env,
    ownUid: process.geteuid?.() ?? -1,
    ownPid: process.pid,
    ...(glibc !== undefined && { glibc }),
    space: (path) => attempt(path, () => success(spaceOf(path))),
    may: (path, what) => mayUse(path, what === 'read' ? constants.R_OK : constants.W_OK),
    lookUp: (name) => inTime(addressesOf(name), `no resolver answers for ${name}`),
    reach,
    state: systemState(stateDirectory),
    daemonPid: () => lockHolder(stateDirectory, 'run'),
    isUpgrading: () => isLocked(sharedLocks, 'certherd-upgrade'),
    collectorThrough: (environment) => collectorSocketOpener(extraRoots, environment),
    httpsThrough: (environment) => httpsOpener({ ...environment }, questionMs),
    programs: systemPrograms(),
  };
}

function spaceOf(path: string): Space {
  const { bavail, bsize, ffree, files } = statfsSync(path);
  return { freeBytes: bavail * bsize, ...(files > 0 && { freeFiles: ffree }) };
}

function mayUse(path: string, mode: number): Result<void> {
  try {
    accessSync(path, mode);
    return success(undefined);
  } catch (error) {
    const code = codeOf(error);
    const reasons: Record<string, FailureReason> = {
      EACCES: 'permission-denied',
      EPERM: 'permission-denied',
      ENOENT: 'not-found',
    };
    return failed(reasons[code] ?? 'io-error', `${path}: ${code}`);
  }
}

async function addressesOf(name: string): Promise<Result<string[]>> {
  try {
    return success((await lookup(name, { all: true })).map(({ address }) => address));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOTFOUND' || code === 'ENODATA') return success([]);
    return failed(
      'unreachable',
      code === 'EAI_AGAIN' ? 'no resolver answers (EAI_AGAIN)' : `it is not answered (${code})`,
    );
  }
}

function reach({ host, port }: { host: string; port: number }): Promise<Result<void>> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (result: Result<void>) => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(result);
    };
    const deadline = setTimeout(() => end(failed('timed-out', `no answer within ${questionMs / 1000} s`)), questionMs);
    socket.once('connect', () => end(success(undefined)));
    socket.once('error', (error) => end(failed('unreachable', codeOf(error) || error.message)));
  });
}

async function inTime<T>(asked: Promise<Result<T>>, otherwise: string): Promise<Result<T>> {
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<Result<T>>((resolve) => {
    deadline = setTimeout(() => resolve(failed('timed-out', `${otherwise} within ${questionMs / 1000} s`)), questionMs);
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(deadline);
  }
}

/** Node tells it in its diagnostic report alone; without the network that takes some milliseconds. */
function glibcVersion(): string | undefined {
  Object.assign(process.report, { excludeNetwork: true });
  const report: { header?: { glibcVersionRuntime?: string } } = process.report.getReport();
  return report.header?.glibcVersionRuntime;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
