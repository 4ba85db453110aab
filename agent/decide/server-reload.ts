import type { ServerProgram } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import { nginxReload } from './command-line.ts';

/** How a person makes this server program load its files anew (Debian's unit names). */
export function serverReload(server: ServerProgram, config: Config): string[] {
  if (server === 'nginx') return nginxReload(config);
  return ['systemctl', 'reload', server === 'apache' ? 'apache2' : server];
}
