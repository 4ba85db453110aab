import { dirname } from 'node:path';
import type { Config } from '../../config.ts';
import type { PathPermissions } from '../../ports.ts';
import type { DoctorPorts } from '../doctor-ports.ts';

const defaultSettings = '/etc/certherd/agent.toml';

export interface SettingsFacts {
  path: string;
  /** --config named it. */
  named: boolean;
  found: 'read' | 'absent' | 'unreadable';
  /** A line each, as the program says them. */
  mistakes: readonly string[];
  file?: PathPermissions;
  directory?: PathPermissions;
  directoryPath: string;
  ownUid: number;
  /** Root obeys it: this process, the daemon or act is root's. */
  rootObeys: boolean;
  mode: Config['mode'];
}

export function observeSettings(
  ports: DoctorPorts,
  loaded: { path: string | undefined; mistakes: readonly string[]; config: Config },
  rootObeys: boolean,
): SettingsFacts {
  const path = loaded.path ?? defaultSettings;
  const content = ports.files.read(path);
  const absent = !content.ok && content.failure.reason === 'not-found';
  const [file, directory] = [ports.permissions.of(path), ports.permissions.of(dirname(path))];
  return {
    path,
    named: loaded.path !== undefined,
    found: content.ok ? 'read' : absent ? 'absent' : 'unreadable',
    mistakes: content.ok ? loaded.mistakes : [],
    ...(file.ok && { file: file.value }),
    ...(directory.ok && { directory: directory.value }),
    directoryPath: dirname(path),
    ownUid: ports.ownUid,
    rootObeys,
    mode: loaded.config.mode,
  };
}
