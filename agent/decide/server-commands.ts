import type { ServerProgram } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import { nginxReload, nginxStart, nginxTest } from './command-line.ts';

/** How a person makes this server program load its files anew. */
export function serverReload(server: ServerProgram, config: Config): string[] {
  return server === 'nginx' ? nginxReload(config) : ['systemctl', 'reload', unitOf(server, config)];
}

/** How a person has this server program judge its config before it loads it. */
export function serverTest(server: ServerProgram, config: Config): string[] {
  if (server === 'nginx') return nginxTest(config);
  if (server === 'apache') return ['apachectl', '-t'];
  return ['haproxy', '-c', '-f', config.haproxy.config ?? '/etc/haproxy/haproxy.cfg'];
}

export function serverStart(server: ServerProgram, config: Config): string[] {
  return server === 'nginx' ? nginxStart(config) : ['systemctl', 'start', unitOf(server, config)];
}

/** Debian's name of the unit, and Red Hat's where the config is Red Hat's. */
function unitOf(server: ServerProgram, config: Config): string {
  if (server !== 'apache') return server;
  return config.apache.config?.includes('httpd') ? 'httpd' : 'apache2';
}
