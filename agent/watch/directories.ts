import path from 'node:path';
import type { Deployment, Server } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';

/** A directory to watch, and how many levels below it. */
export interface Watched {
  directory: string;
  depth: number;
}

/**
 * Where a change may mean something: certbot's live and renewal directories, and the directories of every config,
 * certificate and key file that was seen. Directories and not files, because a replaced link gives its own watch no event.
 */
export function directoriesToWatch(config: Config, seen: { servers: Server[]; deployments: Deployment[] }): Watched[] {
  const certbot = [
    { directory: path.join(config.certbot.configDirectory, 'live'), depth: 1 },
    { directory: path.join(config.certbot.configDirectory, 'renewal'), depth: 0 },
  ];
  const live = `${path.join(config.certbot.configDirectory, 'live')}${path.sep}`;
  const files = [
    config.nginx.config,
    ...seen.servers.flatMap((server) => server.configFiles),
    ...seen.deployments.flatMap(({ certificatePath, keyPath, failure }) =>
      failure?.reason === 'unsupported' ? [] : [certificatePath, keyPath],
    ),
  ];
  const others = new Set(
    files.filter((file) => file.startsWith('/') && !file.startsWith(live)).map((file) => path.dirname(file)),
  );
  return [...certbot, ...[...others].sort().map((directory) => ({ directory, depth: 0 }))];
}
