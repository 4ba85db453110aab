import { type Diagnosis, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { bytes } from '@certherd/command-line/words';
import { typed } from '../../decide/command-line.ts';
import type { Installation } from '../gather/installation.ts';
import type { StateFacts } from '../gather/state-directory.ts';
import { asRoot } from './words.ts';

/** The outbox at its fullest, twice over while it is written anew, and a snapshot. */
export const leastBytes = 32 * 1024 * 1024;
export const leastFiles = 100;

const why = {
  absent: 'Without it the agent cannot start.',
  owner: 'The agent keeps its key and its memory there, and cannot, or somebody else can replace them.',
  mode: 'The key by which the collector knows this host is in there: nobody else may look into it.',
  unwritable: 'The agent does not start there, or forgets with each restart what it saw and did.',
  full: 'On a full disk events are lost when the agent is restarted, and no renewal is written down.',
};

/** Is the state directory there, its owner's alone, writable, and on a file system with room? */
export function judgeState(facts: StateFacts, { named }: Pick<Installation, 'named'> = {}): Diagnosis[] {
  const { directory, found, unwritable, owner, ownUid } = facts;
  if (found === undefined) return absent(facts);
  if ('reason' in found)
    return [notTold('state-directory', `${directory} may not be looked at by this user`, { fix: asRoot(named) })];
  const faults = [...ownerOf(facts, found), ...keyOf(facts), ...unwritten(facts), ...room(facts)];
  if (faults.length > 0) return faults;
  const isOther = ownUid !== 0 && ownUid !== owner.uid && unwritable !== undefined;
  const space = facts.space ? `, ${bytes(facts.space.freeBytes)} free` : '';
  return isOther
    ? [
        notTold(
          'state-directory',
          `${directory} is ${owner.name}'s: whether it can be written there is not told to others`,
          { fix: asRoot(named) },
        ),
      ]
    : [ok('state-directory', `${directory} belongs to ${owner.name} alone and can be written${space}`)];
}

function absent({ directory, unwritable, unit, ownUid }: StateFacts): Diagnosis[] {
  if (unit !== undefined || unwritable === undefined)
    return [ok('state-directory', `${directory} is not there yet: it is made when the agent first starts`)];
  const fix =
    ownUid === 0
      ? 'Set state_directory in agent.toml to a place that can be written.'
      : 'Run the agent as root, or set state_directory in agent.toml to a place of this user.';
  return [
    wrong('state-directory', `${directory} is not there and cannot be made: ${unwritable.detail}`, why.absent, fix),
  ];
}

function ownerOf({ directory, owner }: StateFacts, { uid, mode }: { uid: number; mode: number }): Diagnosis[] {
  const foreign =
    uid === owner.uid
      ? []
      : [
          wrong(
            'state-owner',
            `${directory} belongs to uid ${uid}, and the agent runs as ${owner.name} (uid ${owner.uid})`,
            why.owner,
            typed(['chown', '-R', `${owner.name}:`, directory]),
          ),
        ];
  const open =
    (mode & 0o077) === 0
      ? []
      : [
          wrong(
            'state-mode',
            `${directory} is open to others: its mode is ${mode.toString(8)}`,
            why.mode,
            typed(['chmod', '700', directory]),
          ),
        ];
  return [...foreign, ...open];
}

function keyOf({ key, keyPath }: StateFacts): Diagnosis[] {
  if (!key || (key.mode & 0o077) === 0) return [];
  const says = `${keyPath} is open to others: its mode is ${key.mode.toString(8)}`;
  return [wrong('state-key', says, why.mode, typed(['chmod', '600', keyPath]))];
}

/** Only where this process should be able to: another user's directory is not for it to write. */
function unwritten({ directory, unwritable, owner, ownUid, unit }: StateFacts): Diagnosis[] {
  if (!unwritable || (ownUid !== 0 && ownUid !== owner.uid)) return [];
  const readOnly = unwritable.detail.includes('EROFS');
  const remount = `Mount it writable (${typed(['findmnt', '-T', directory])} shows where it is), or set state_directory in agent.toml.`;
  const fix = readOnly
    ? remount
    : `${typed(['chown', `${owner.name}:`, directory])} && ${typed(['chmod', '700', directory])}`;
  const whose = unit !== undefined && readOnly ? ', on a file system that is read-only' : '';
  return [
    wrong('state-writable', `${directory} cannot be written${whose} (${unwritable.detail})`, why.unwritable, fix),
  ];
}

function room({ directory, space }: StateFacts): Diagnosis[] {
  if (!space) return [];
  const fix = `Free some room (${typed(['df', '-h', directory])} shows how much, ${typed(['df', '-i', directory])} how many files), or set state_directory in agent.toml to another file system.`;
  if (space.freeBytes < leastBytes)
    return [
      wrong(
        'state-space',
        `${bytes(space.freeBytes)} are free for ${directory}, and the agent needs up to ${bytes(leastBytes)}`,
        why.full,
        fix,
      ),
    ];
  if (space.freeFiles !== undefined && space.freeFiles < leastFiles)
    return [
      wrong('state-files', `the file system of ${directory} has room for ${space.freeFiles} more files`, why.full, fix),
    ];
  return [];
}
