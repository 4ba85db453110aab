import type { Server } from '@certherd/protocol/snapshot';
import { type Facts, type Policy, instant } from './facts.ts';
import { typed } from './command-line.ts';
import { serverTest } from './server-commands.ts';

/** Neither a server with TLS nor a lineage: there is nothing that a verdict could rest on. */
export const nothingFound: Policy = ({ observations, config, now }) => {
  const { servers, lineages, deployments, certbot } = observations;
  if (deployments.length > 0 || lineages.length > 0 || typeof certbot.directory === 'object') return [];
  const problem = servers.find((server) => server.failure && !isAbsent(server));
  if (problem) return [];
  const read = servers.filter((server) => !server.failure).map(({ server, configFile }) => `${server} (${configFile})`);
  return [
    {
      code: 'nothing-found',
      // a server that was read whole and serves no TLS is known; a host on which nothing was read is not
      severity: read.length > 0 ? 'notice' : 'unknown',
      subject: { kind: 'host', id: observations.host.name },
      since: instant(now),
      cause:
        read.length > 0
          ? `${read.join(', ')} ${read.length > 1 ? 'have' : 'has'} no server with TLS, and ${config.certbot.configDirectory} holds no certbot lineage`
          : `there is no nginx config at ${config.nginx.config}, none of Apache or HAProxy where they have it, and ${config.certbot.configDirectory} holds no certbot lineage`,
      evidence: { 'nginx config': config.nginx.config, 'certbot directory': config.certbot.configDirectory },
      remedy:
        'Name the places in agent.toml: config under [nginx], config_directory under [certbot]; any other server with TLS as [[listener]].',
    },
  ];
};

/** nginx still runs on what it loaded; its next restart would fail. */
export const brokenConfig: Policy = ({ observations, config, now }) =>
  observations.servers.flatMap((observed) => {
    const { failure, configFile, server } = observed;
    if (!failure || isAbsent(observed)) return [];
    const unreadable = failure.reason === 'permission-denied';
    const place = failure.file ? `${failure.file}${failure.line ? `:${failure.line}` : ''}` : configFile;
    return [
      {
        code: 'config-broken' as const,
        severity: unreadable ? ('unknown' as const) : ('critical' as const),
        subject: { kind: 'server' as const, id: server },
        since: instant(now),
        cause: unreadable
          ? `${place} cannot be read by this user, so what ${server} serves cannot be told`
          : `${place}: ${failure.detail.replace(` (${place})`, '')}; ${server} keeps what it loaded before, and its next restart would fail`,
        evidence: { file: place, reason: failure.reason, detail: failure.detail },
        remedy: unreadable ? 'Run this command as root.' : `Mend ${place}, then: ${typed(serverTest(server, config))}`,
      },
    ];
  });

/** Certificates are issued here, and no server that could serve them was found. */
export const absentServer: Policy = ({ observations, now }) => {
  const { servers, lineages, deployments } = observations;
  const absent = servers.find(isAbsent);
  if (!absent || lineages.length === 0 || deployments.length > 0) return [];
  return [
    {
      code: 'server-absent',
      severity: 'unknown',
      subject: { kind: 'server', id: absent.server },
      since: instant(now),
      cause: `certbot keeps ${lineages.length} lineage${lineages.length === 1 ? '' : 's'} here, but there is no nginx config at ${absent.configFile}: what is served cannot be told`,
      evidence: {
        'nginx config': absent.configFile,
        lineages: lineages
          .map((lineage) => lineage.name)
          .join(', ')
          .slice(0, 4000),
      },
      remedy: 'Name the config in agent.toml: config under [nginx].',
    },
  ];
};

export const unreadableCertbot: Policy = ({ observations, config, now }) => {
  const { directory } = observations.certbot;
  if (typeof directory === 'string') return [];
  return [
    {
      code: 'file-unreadable',
      severity: 'unknown',
      subject: { kind: 'file', id: config.certbot.configDirectory },
      since: instant(now),
      cause: `${config.certbot.configDirectory} cannot be read (${directory.reason}), so what was issued cannot be told`,
      evidence: { path: config.certbot.configDirectory, reason: directory.reason, detail: directory.detail },
      remedy:
        directory.reason === 'permission-denied'
          ? 'Run this command as root.'
          : `Look at ${config.certbot.configDirectory}.`,
    },
  ];
};

/** Lineages without a certbot: whoever counts on their renewal waits in vain. */
export const absentCertbot: Policy = ({ observations, config, now }: Facts) => {
  if (observations.certbot.binary === 'present' || observations.lineages.length === 0) return [];
  return [
    {
      code: 'certbot-absent',
      severity: 'warning',
      subject: { kind: 'host', id: observations.host.name },
      since: instant(now),
      cause: `${config.certbot.binary} does not exist: nothing on this host can renew its ${observations.lineages.length} lineage(s)`,
      evidence: { certbot: config.certbot.binary },
      remedy: 'apt-get install certbot',
    },
  ];
};

/** The main file itself is not there. One that it includes is named with the line that does so, and breaks the config. */
function isAbsent({ failure }: Server): boolean {
  return failure?.reason === 'not-found' && failure.line === undefined;
}
