import type { Finding } from '@certherd/protocol/finding';
import { addressAndPort } from '../observe/endpoints/place.ts';
import type { ObservedEndpoint } from '../observe/observations.ts';
import { type Cause, causeOf, isTold } from './causes.ts';
import { ownCommand, tlsClient, typed } from './command-line.ts';
import { type Facts, type Policy, instant } from './facts.ts';
import { blocksReload, deploymentDigest, reloadableServers } from './reload.ts';
import { nextTryAt } from './retry.ts';
import { callOf, reloadText, serverReload, startText } from './server-commands.ts';

/** The founding incident: what clients are shown is not what the config names, or not the newest that was issued. */
export const notServed: Policy = (facts, earlier) =>
  facts.observations.endpoints.flatMap((endpoint) => {
    const { configured, served, issued, failure } = endpoint;
    if (isTold(causeOf(endpoint, facts), earlier)) return [];
    const noneForAlgorithm = failure?.reason === 'no-shared-algorithm' && configured !== undefined;
    if (noneForAlgorithm || (served && configured && served !== configured))
      return [loadedBefore(endpoint, facts, earlier)];
    if (served && issued && configured && issued !== configured && !isRestored(endpoint, facts, earlier))
      return [olderConfigured(endpoint, facts)];
    return [];
  });

/** Its links lead to the version that is served, and a finding of its own says why that is not the newest. */
function isRestored(
  { deployment, configured }: ObservedEndpoint,
  { observations }: Facts,
  earlier: Finding[],
): boolean {
  const { lineage } = observations.deployments.find(({ id }) => id === deployment) ?? {};
  const live = observations.lineages.find(({ name }) => name === lineage)?.live;
  return live === configured && earlier.some(({ code, subject }) => code === 'restored' && subject.id === lineage);
}

function loadedBefore(endpoint: ObservedEndpoint, facts: Facts, earlier: Finding[]): Finding {
  const deployment = facts.observations.deployments.find(({ id }) => id === endpoint.deployment);
  const file = facts.observations.files.find(({ path }) => path === deployment?.certificatePath);
  const lineage = facts.observations.lineages.find(({ name }) => name === deployment?.lineage);
  const changedAt = lineage?.changedAt ?? file?.modifiedAt ?? instant(facts.now);
  const server = reloadableServers.find((one) => one === endpoint.server);
  const held = server && earlier.find(blocksReload(facts.observations, server));
  const cause = held ? undefined : causeOf(endpoint, facts);
  const subject = server && deploymentDigest(facts.observations, server);
  const last = facts.attempts.findLast((attempt) => attempt.verb === 'reload' && attempt.subject === subject);
  const again =
    last?.reason === 'restored' && lineage ? ownCommand(['restore', lineage.name], facts.config) : undefined;
  const why = held
    ? `the reload is held back by a finding of its own: ${held.cause}`
    : last && last.reason !== 'done'
      ? `the reload did not bring it into service (${last.reason}): ${last.detail}`
      : (cause?.sentence ??
        `${callOf(deployment, endpoint.server)} has not loaded it since the file changed at ${changedAt}`);
  return {
    code: 'not-served',
    severity: severityOf(cause),
    subject: { kind: 'endpoint', id: endpoint.id },
    since: cause?.since ?? changedAt,
    cause:
      `${deployment?.certificatePath ?? 'the configured file'} holds ${isNewer(endpoint, facts) ? 'a newer' : 'another'} certificate than clients are shown: ${why}`.slice(
        0,
        4000,
      ),
    evidence: { ...compared(endpoint, facts), ...cause?.evidence },
    remedy: held?.remedy ?? again ?? cause?.remedy ?? reloadText(deployment, endpoint.server, facts.config),
  };
}

/** A reload that is under way ends by itself, and old workers that drain concern few clients. */
function severityOf(cause: Cause | undefined): Finding['severity'] {
  if (cause?.kind === 'reloading') return 'notice';
  return cause?.kind === 'draining' ? 'warning' : 'critical';
}

function olderConfigured(endpoint: ObservedEndpoint, facts: Facts): Finding {
  const deployment = facts.observations.deployments.find(({ id }) => id === endpoint.deployment);
  const lineage = facts.observations.lineages.find(({ name }) => name === deployment?.lineage);
  return {
    code: 'not-served',
    severity: 'critical',
    subject: { kind: 'endpoint', id: endpoint.id },
    since: lineage?.changedAt ?? instant(facts.now),
    cause: `${deployment?.configFile ?? 'the config'}:${deployment?.line ?? '?'} names ${deployment?.certificatePath ?? '?'}, an older version of lineage ${lineage?.name ?? '?'}`,
    evidence: compared(endpoint, facts),
    remedy: `In ${deployment?.configFile ?? 'the config'} name ${lineage?.certificatePath ?? 'live/NAME/fullchain.pem'} and ${lineage?.keyPath ?? 'its key'}, then: ${reloadText(deployment, endpoint.server, facts.config)}`,
  };
}

/** No handshake: whether and what clients are shown cannot be told from here. */
export const unreachableEndpoint: Policy = (facts, earlier) => {
  const { observations, config, now } = facts;
  const failing = observations.endpoints
    .filter(({ failure, configured }) => failure && !(failure.reason === 'no-shared-algorithm' && configured))
    .filter((endpoint) => !isTold(causeOf(endpoint, facts), earlier));
  return failing.map((endpoint) => {
    const { reason = 'unreachable', detail = '' } = endpoint.failure ?? {};
    const refused = reason === 'connection-refused' || reason === 'unreachable';
    const place = addressAndPort(endpoint);
    const deployment = observations.deployments.find(({ id }) => id === endpoint.deployment);
    const server = callOf(deployment, endpoint.server);
    const cause = causeOf(endpoint, facts);
    const redirected = cause?.kind === 'redirected' ? cause : undefined;
    return {
      code: 'endpoint-unreachable',
      severity: 'critical',
      subject: { kind: 'endpoint', id: endpoint.id },
      since: instant(now),
      cause: redirected
        ? `${redirected.sentence} (${reason})`
        : refused
          ? `nothing accepts connections at ${place}, which ${endpoint.server === 'other' ? 'agent.toml lists' : `${server}'s config names`}: ${server} is not running, or could not bind`
          : `the TLS handshake with ${place} for ${endpoint.serverName || 'no name'} failed (${reason}): ${withoutPlaces(detail)}`.slice(
              0,
              4000,
            ),
      evidence: { address: place, 'server name': endpoint.serverName, reason, detail },
      remedy: redirected
        ? redirected.remedy
        : refused
          ? startText(deployment, endpoint.server, config)
          : typed(tlsClient(endpoint)),
    };
  });
};

/** OpenSSL's error line is "ID:error:CODE:LIBRARY:FUNCTION:REASON:FILE:LINE:MORE"; only its reason says something to an operator. */
function withoutPlaces(detail: string): string {
  const [, reason, more] = /^[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:\n]+):[^:]*:\d+:([^\n]*)/i.exec(detail) ?? [];
  if (!reason) return detail.trim();
  return more ? `${reason} (${more})` : reason;
}

/** A reload was tried for the present state of a server and did not bring it into service. */
export const failingDeployment: Policy = (facts) =>
  reloadableServers.flatMap((program) => {
    const subject = deploymentDigest(facts.observations, program);
    const last = facts.attempts.findLast((attempt) => attempt.verb === 'reload' && attempt.subject === subject);
    if (!last || ['done', 'busy', 'sandbox-blocked', 'restored'].includes(last.reason)) return [];
    const { endpoints } = facts.observations;
    if (endpoints.every(({ server, served, configured }) => server !== program || served === configured)) return [];
    return [
      {
        code: 'deployment-failing' as const,
        severity: 'critical' as const,
        subject: { kind: 'server' as const, id: program },
        since: instant(last.at),
        cause: `the last reload of ${program} failed (${last.reason}): ${last.detail}`.slice(0, 4000),
        evidence: {
          reason: last.reason,
          'tried at': instant(last.at),
          'next try': instant(nextTryAt(facts.attempts, 'reload', subject)),
        },
        remedy: typed(serverReload(program, facts.config)),
      },
    ];
  });

/** A site that is new to the config, or whose name another server answers for, shows what has no such order. */
function isNewer({ configured, served }: ObservedEndpoint, { certificates }: Facts): boolean {
  const [own, shown] = [configured, served].map((fingerprint) => certificates.get(fingerprint ?? ''));
  return own !== undefined && shown !== undefined && own.notBefore >= shown.notBefore && own.subject === shown.subject;
}

function compared({ issued, configured, served, failure }: ObservedEndpoint, facts: Facts): Record<string, string> {
  const notAfter = facts.certificates.get(served ?? '')?.notAfter;
  return {
    issued: issued ?? '',
    configured: configured ?? '',
    served: served ?? failure?.reason ?? '',
    ...(notAfter && { 'served until': notAfter }),
  };
}
