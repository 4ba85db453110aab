import type { Config } from '../../config.ts';
import type { ReloadableServer } from '../../decide/action.ts';
import type { Observations } from '../../observe/observations.ts';
import type { ActPorts } from '../act.ts';
import { apacheControl } from './apache.ts';
import type { ServerControl } from './control.ts';
import { haproxyControl } from './haproxy.ts';
import { nginxControl } from './nginx.ts';

/** The control of a server program whose config was found; undefined where there is none on this host. */
export function controlOf(
  server: ReloadableServer,
  config: Config,
  { servers }: Pick<Observations, 'servers'>,
  ports: ActPorts,
): ServerControl | undefined {
  if (server === 'nginx') return nginxControl(config, ports);
  const found = servers.find((one) => one.server === server);
  if (!found) return undefined;
  return server === 'apache'
    ? apacheControl(found.configFile, config, ports)
    : haproxyControl(found.configFile, config, ports);
}
