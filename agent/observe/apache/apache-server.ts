import type { Deployment, Server } from '@certherd/protocol/snapshot';
import { apacheDeployments } from '../../formats/apache-deployments.ts';
import { readEnvvars } from '../../formats/apache-envvars.ts';
import type { Files } from '../../ports.ts';
import type { ReadingBudget } from '../reading-budget.ts';
import { readApacheConfig } from './apache-config.ts';

export interface ApacheObservation {
  server: Server;
  /** One for each host and certificate that counts there; `configured`, `lineage` and `keyMatches` are not told here. */
  deployments: Deployment[];
  /** By deployment id: the file that httpd serves the chain from, in place of what stands behind the leaf. */
  chainFiles: Map<string, string>;
}

/**
 * Reads httpd's config from its main file (absolute path: Debian's apache2.conf, RHEL's httpd.conf) without asking
 * httpd, so that a broken config is readable too: `server.failure` then says what httpd would object to first, and the
 * rest is what could be read. The variables of the envvars file beside it are read as text.
 */
export function observeApache(files: Files, configFile: string, isSpent?: ReadingBudget): ApacheObservation {
  const envvars = files.read(`${configFile.slice(0, configFile.lastIndexOf('/'))}/envvars`);
  const variables = envvars.ok ? readEnvvars(new TextDecoder().decode(envvars.value.bytes)) : new Map<string, string>();
  const tree = readApacheConfig(files, configFile, variables, isSpent);
  const { deployments, chainFiles, failure } = apacheDeployments(tree.directives, { ...tree, configFile });
  const server: Server = { server: 'apache', configFile, configFiles: tree.configFiles };
  const first = tree.failure ?? failure;
  if (first) server.failure = first;
  return { server, deployments, chainFiles };
}
