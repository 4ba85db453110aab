import type { Deployment, Server } from '@certherd/protocol/snapshot';
import { nginxDeploymentSteps } from '../formats/nginx-deployments.ts';
import { atOnce, type Steps } from '../formats/steps.ts';
import type { Files } from '../ports.ts';
import { readNginxSteps } from './nginx-includes.ts';
import { type ReadingBudget, unlimited } from './reading-budget.ts';

export interface NginxObservation {
  server: Server;
  /** One for each server block and certificate that it names; `configured`, `lineage` and `keyMatches` are not told here. */
  deployments: Deployment[];
}

/**
 * Reads nginx's config from its main file (absolute path) without asking nginx, so that a broken config is readable
 * too: `server.failure` then says what nginx would object to first, and the rest is what could be read.
 */
export function observeNginx(files: Files, configFile: string, isSpent?: ReadingBudget): NginxObservation {
  return atOnce(nginxSteps(files, configFile, isSpent));
}

/** As observeNginx, in steps of less than a millisecond: a thousand files, or one of a megabyte, hold nothing up. */
export function* nginxSteps(
  files: Files,
  configFile: string,
  isSpent: ReadingBudget = unlimited,
): Steps<NginxObservation> {
  const tree = yield* readNginxSteps(files, configFile, isSpent);
  const { deployments, failure } = yield* nginxDeploymentSteps(tree.directives, configFile);
  const server: Server = { server: 'nginx', configFile, configFiles: tree.configFiles };
  const first = tree.failure ?? failure;
  if (first) server.failure = first;
  return { server, deployments };
}
