import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment, Server } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import type { Steps } from '../formats/steps.ts';
import type { Files } from '../ports.ts';
import { observeApache } from './apache/apache-server.ts';
import type { KnownFiles } from './certificate-file.ts';
import { observeHaproxy } from './haproxy/haproxy-server.ts';
import { listedDeployments } from './listed/listed-listeners.ts';
import { nginxSteps } from './nginx-servers.ts';
import { type ReadingBudget, unlimited } from './reading-budget.ts';
import { keptSteps } from './standing-work.ts';

/** Every server program whose config is on the host, with all that their configs name, and what agent.toml lists. */
export interface ServersObservation {
  servers: Server[];
  deployments: Deployment[];
  /** Certificate files whose chain the server takes from a file of its own (Apache's SSLCertificateChainFile). */
  chainedElsewhere: Set<string>;
}

const apacheConfigs = ['/etc/apache2/apache2.conf', '/etc/httpd/conf/httpd.conf'];
const haproxyConfig = '/etc/haproxy/haproxy.cfg';

/**
 * nginx is always looked for, so that its absence is told; the others where their config is, or is named in the settings. What the
 * settings list besides belongs to no server whose config could be read.
 */
export function* serverSteps(
  files: KnownFiles,
  config: Config,
  budget: () => ReadingBudget = () => unlimited,
): Steps<ServersObservation> {
  let wasSpent = false;
  const noting = () => {
    const isSpent = budget();
    return () => {
      wasSpent ||= isSpent();
      return wasSpent;
    };
  };
  const read = (noted: Files) => readingSteps(noted, config, noting);
  return yield* keptSteps(files.kept?.works.servers, files, read, { mayStand: () => !wasSpent });
}

function* readingSteps(files: Files, config: Config, budget: () => ReadingBudget): Steps<ServersObservation> {
  const { nginx, apache, haproxy } = config;
  const apacheFile = apache.config ?? apacheConfigs.find((file) => files.resolve(file).ok);
  const haproxyFile = haproxy.config ?? (files.resolve(haproxyConfig).ok ? haproxyConfig : undefined);
  const ofNginx = yield* nginxSteps(files, nginx.config, budget());
  yield;
  const ofApache = apacheFile === undefined ? undefined : observeApache(files, apacheFile, budget());
  yield;
  const ofHaproxy = haproxyFile === undefined ? undefined : observeHaproxy(files, haproxyFile, budget());
  const all = [ofNginx, ofApache, ofHaproxy].flatMap((one) => one ?? []);
  const chained = ofApache?.deployments.filter(({ id }) => ofApache.chainFiles.has(id)) ?? [];
  return {
    servers: all.map(({ server }) => server),
    deployments: [...all.flatMap(({ deployments }) => deployments), ...listedDeployments(config)],
    chainedElsewhere: new Set(chained.map(({ certificatePath }) => certificatePath)),
  };
}

/** HAProxy's config names no servers: it takes the names of each certificate, and the first one for every other name. */
export function namedByCertificate(deployment: Deployment, leaf: Certificate | undefined): Deployment {
  if (deployment.server !== 'haproxy' || !leaf || deployment.serverNames.join('') !== '') return deployment;
  const names = leaf.subjectAltNames.filter((name) => !name.includes(':') && !/^[\d.]+$/.test(name));
  const others = deployment.listeners.some(({ defaultServer }) => defaultServer) ? [''] : [];
  return { ...deployment, serverNames: [...others, ...new Set(names)] };
}
