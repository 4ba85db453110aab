import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { bytes, typed } from '@certherd/command-line/words';
import type { DataFacts } from '../gather/disk.ts';
import type { SyncTime } from '../gather/sync-time.ts';
import { asOwner } from './words.ts';

/** A write-ahead log of its usual size, and room to grow for some days. */
const leastBytes = 256 * 1024 * 1024;
const leastFiles = 100;

const why = {
  mode: 'The TLS key that every agent trusts is in there: nobody else may look into it.',
  owner: 'The collector cannot keep what agents tell there, and does not start.',
  full: 'On a full disk nothing is acknowledged any more: agents keep their events, and the page shows old facts.',
  slow: 'Each acknowledgement waits for the disk: with many agents the collector falls behind.',
};

/** Is the data directory there, its owner's alone, writable, and on a disk with room? */
export function judgeData(facts: DataFacts): Diagnosis[] {
  const { directory, found, unwritable, ownUid, servingUid, freeBytes } = facts;
  if (found === undefined)
    return unwritable === undefined
      ? [ok('data-directory', `${directory} is not there yet: it is made at the first start`)]
      : [
          wrong(
            'data-directory',
            `${directory} is not there and cannot be made (${unwritable})`,
            why.owner,
            'Run the collector as root, or set data_directory in collector.toml to a place that can be written.',
          ),
        ];
  if (typeof found === 'string')
    return [notTold('data-directory', `${directory} may not be looked at by this user (${found})`, { fix: asOwner })];
  const isOther = ownUid !== 0 && ownUid !== found.uid && servingUid === undefined;
  if (isOther)
    return [
      notTold(
        'data-directory',
        `${directory} belongs to uid ${found.uid}: whether that can use it is not told to others`,
        {
          fix: asOwner,
        },
      ),
    ];
  const faults: Diagnosis[] = [];
  if ((found.mode & 0o077) !== 0)
    faults.push(
      wrong(
        'data-mode',
        `${directory} is open to others: its mode is ${found.mode.toString(8)}`,
        why.mode,
        typed(['chmod', '700', directory]),
      ),
    );
  const owner = servingUid ?? (ownUid === 0 ? found.uid : ownUid);
  if (servingUid !== undefined && found.uid !== servingUid && servingUid !== 0)
    faults.push(
      wrong(
        'data-owner',
        `${directory} belongs to uid ${found.uid}, and the collector runs as uid ${servingUid}`,
        why.owner,
        typed(['chown', '-R', String(servingUid), directory]),
      ),
    );
  if (unwritable !== undefined && (ownUid === 0 || ownUid === owner))
    faults.push(
      unwritable === 'EROFS'
        ? wrong(
            'data-writable',
            `${directory} is on a file system that is read-only`,
            why.owner,
            `Mount it writable (${typed(['findmnt', '-T', directory])} shows where it is), or set data_directory in collector.toml.`,
          )
        : wrong(
            'data-writable',
            `${directory} cannot be written (${unwritable}): it belongs to uid ${found.uid}`,
            why.owner,
            typed(['chown', '-R', String(ownUid), directory]),
          ),
    );
  faults.push(...room(facts));
  const free = freeBytes === undefined ? '' : `, ${bytes(freeBytes)} free`;
  return faults.length > 0 ? faults : [ok('data-directory', `${directory} belongs to uid ${found.uid} alone${free}`)];
}

function room({ directory, freeBytes, freeFiles }: DataFacts): Diagnosis[] {
  const fix = `Free some room (${typed(['df', '-h', directory])} shows how much), or set data_directory in collector.toml to another file system and move the directory there while nothing serves it.`;
  if (freeBytes !== undefined && freeBytes < leastBytes)
    return [
      wrong(
        'data-space',
        `${bytes(freeBytes)} are free for ${directory}, less than ${bytes(leastBytes)}`,
        why.full,
        fix,
      ),
    ];
  if (freeFiles !== undefined && freeFiles < leastFiles)
    return [wrong('data-files', `the file system of ${directory} has room for ${freeFiles} more files`, why.full, fix)];
  return [];
}

/** Above this a tick of the group commit is mostly waiting. */
const slowMs = 100;

export function judgeSync(directory: string, time: SyncTime | undefined): Diagnosis[] {
  if (time === undefined) return [];
  if (typeof time === 'string')
    return [
      notTold(
        'data-sync',
        `how fast the disk keeps what is written was not measured: nothing could be written there (${time})`,
        { fix: asOwner },
      ),
    ];
  const says = `the disk keeps 4 KiB for sure in ${rounded(time.medianMs)} (worst of nine: ${rounded(time.worstMs)})`;
  return time.medianMs <= slowMs
    ? [ok('data-sync', says)]
    : [
        wrong(
          'data-sync',
          says,
          why.slow,
          `Move ${directory} to a faster disk, and name it: data_directory in collector.toml.`,
        ),
      ];
}

function rounded(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
