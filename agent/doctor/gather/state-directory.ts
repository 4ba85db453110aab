import { dirname, join } from 'node:path';
import type { Failure } from '@certherd/protocol/failure';
import type { PathPermissions } from '../../ports.ts';
import type { DoctorPorts, Space } from '../doctor-ports.ts';
import type { Installation } from './installation.ts';

export interface StateFacts {
  directory: string;
  /** Absent where it is not there. A failure: it cannot be told. */
  found: PathPermissions | Failure | undefined;
  /** Of the agent's key in it, where it has one. */
  key?: PathPermissions;
  keyPath: string;
  /** May this process write in it, or make it? Undefined: yes. */
  unwritable?: Failure;
  space?: Space;
  /** Who it should belong to. */
  owner: { uid: number; name: string };
  ownUid: number;
  unit?: string;
}

export function observeState(ports: DoctorPorts, { config, own, account, service }: Installation): StateFacts {
  const directory = config.stateDirectory;
  const found = ports.permissions.of(directory);
  const keyPath = join(directory, 'agent-key.pem');
  const key = ports.permissions.of(keyPath);
  const absent = !found.ok && found.failure.reason === 'not-found';
  const place = absent ? nearest(ports, directory) : directory;
  const written = ports.may(place, 'write');
  const space = ports.space(place);
  return {
    directory,
    found: found.ok ? found.value : absent ? undefined : found.failure,
    keyPath,
    ...(key.ok && { key: key.value }),
    ...(!written.ok && { unwritable: written.failure }),
    ...(space.ok && { space: space.value }),
    owner: account ?? ownerSeen(own, found.ok ? found.value.uid : own.uid),
    ownUid: own.uid,
    ...(service && { unit: service.name }),
  };
}

/** Whose it should be where no unit says so: root's for root; to others it is as it is seen, since its agent may be somebody else's. */
function ownerSeen({ uid, userName }: Installation['own'], seen: number): StateFacts['owner'] {
  return uid === 0 || seen === uid ? { uid, name: userName } : { uid: seen, name: `uid ${seen}` };
}

/** The lowest directory above it that is there: that one would have to let it be made. */
function nearest({ permissions }: DoctorPorts, directory: string): string {
  let at = directory;
  while (at !== '/' && !permissions.of(at).ok) at = dirname(at);
  return at;
}
