import { join } from 'node:path';
import type { Confinement } from '../../formats/security-module.ts';
import { observeOwnRights, type OwnRights } from '../../observe/own-rights.ts';
import type { DoctorPorts } from '../doctor-ports.ts';
import { observeConfinement } from './confinement.ts';
import type { Installation } from './installation.ts';

/** What only root and the daemon may read, and whether this process may. */
export interface RightsFacts {
  own: OwnRights | undefined;
  /** Of this process. */
  confinement?: Confinement;
  /** What certbot keeps, and this process may not read. */
  unread: string[];
  /** It keeps nothing here. */
  nothing: boolean;
}

/** Looks into certbot's directories as a look at its lineages has to; keys are not opened. */
export function observeRights(ports: DoctorPorts, { config }: Installation): RightsFacts {
  const { files, proc } = ports;
  const directory = config.certbot.configDirectory;
  const places = ['renewal', 'live', 'archive'].map((name) => join(directory, name));
  const closed = places.filter((place) => {
    const names = files.list(place);
    return !names.ok && names.failure.reason === 'permission-denied';
  });
  const live = files.list(join(directory, 'live'));
  const keys = (live.ok ? live.value : []).map((name) => join(directory, 'live', name, 'privkey.pem'));
  const unread = keys.filter((key) => {
    const read = ports.may(key, 'read');
    return !read.ok && read.failure.reason === 'permission-denied';
  });
  const own = observeOwnRights(proc);
  const confinement = observeConfinement(proc, 'self');
  return {
    own,
    ...(confinement && { confinement }),
    unread: [...closed, ...unread],
    nothing: !files.list(join(directory, 'renewal')).ok && closed.length === 0,
  };
}
