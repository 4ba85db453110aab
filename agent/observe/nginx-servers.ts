import type { Deployment, Server } from '@certherd/protocol/snapshot';
import { nginxDeployments } from '../formats/nginx-deployments.ts';
import type { Files } from '../ports.ts';
import { readNginxConfig } from './nginx-includes.ts';

export interface NginxObservation {
  server: Server;
  /** One for each server block and certificate that it names; `configured`, `lineage` and `keyMatches` are not told here. */
  deployments: Deployment[];
}

/**
 * Reads nginx's config from its main file (absolute path) without asking nginx, so that a broken config is readable
 * too: `server.failure` then says what nginx would object to first, and the rest is what could be read.
 */
export function observeNginx(files: Files, configFile: string): NginxObservation {
  const tree = readNginxConfig(files, configFile);
  const { deployments, failure } = nginxDeployments(tree.directives, configFile);
  const server: Server = { server: 'nginx', configFile, configFiles: tree.configFiles };
  const first = tree.failure ?? failure;
  if (first) server.failure = first;
  return { server, deployments };
}
