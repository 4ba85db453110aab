import type { Finding } from '@certherd/protocol/finding';
import type { Deployment } from '@certherd/protocol/snapshot';
import { addressAndPort } from '../observe/endpoints/place.ts';
import type { ObservedEndpoint } from '../observe/observations.ts';
import { nginxTest, typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { freed, listenerCause } from './listener-cause.ts';
import { redirectedCause } from './one-address.ts';
import { otherCause } from './other-cause.ts';
import { bringIntoService, isMended, lastRefusal, loadedAt, ownMaster, restart, runningOf } from './running.ts';

/** Why an endpoint does not present what is configured: found in what runs, never guessed. */
export interface Cause extends Pick<Finding, 'code' | 'subject' | 'since' | 'evidence' | 'remedy'> {
  kind:
    | 'not-reloaded'
    | 'reload-failed'
    | 'reloading'
    | 'draining'
    | 'wrong-server'
    | 'second-nginx'
    | 'orphaned-workers'
    | 'in-front'
    | 'port-held'
    | 'redirected'
    | 'not-bound';
  sentence: string;
  /** nginx would refuse the config again now. */
  stands?: true;
  /** Only clients that connect to one of the listener's addresses are concerned. */
  partial?: true;
}

/** A reload takes 60 to 1,500 ms, and old workers answer until its end. */
const reloadMs = 2000;

/** The cause, or undefined where the endpoint is as configured or what runs does not tell. */
export function causeOf(endpoint: ObservedEndpoint, facts: Facts): Cause | undefined {
  if (endpoint.server !== 'nginx') return otherCause(endpoint, changeOf(endpoint, facts), facts);
  const ofPlace = listenerCause(endpoint, facts) ?? redirectedCause(endpoint, facts);
  if (ofPlace) return ofPlace;
  const { configured, served, failure } = endpoint;
  const noneForAlgorithm = failure?.reason === 'no-shared-algorithm';
  const master = ownMaster(facts);
  const loaded = loadedAt(facts);
  if (!configured || served === configured || !master || loaded === undefined) return undefined;
  if (!served && !noneForAlgorithm) return undefined;

  const changed = changeOf(endpoint, facts);
  const refusal = lastRefusal(facts);
  if (refusal && !(changed && refusal.at + 1000 <= changed.at)) return refusedReload(facts);
  const answering = otherServer(endpoint, facts);
  const configChanged = runningOf(facts)?.configChanged;
  if (answering && !(configChanged && loaded < configChanged.at)) return wrongServer(endpoint, answering, facts);
  if (loaded > facts.observations.at - reloadMs) return reloading(endpoint, loaded);
  const unread = [changed, configChanged].find((change) => change && loaded < change.at);
  if (unread) return notReloaded(endpoint, unread, loaded, facts);
  return changed ? draining(endpoint, changed, facts) : undefined;
}

/** Is this cause told already by a finding of its own, so that a second one would only repeat it? */
export function isTold(cause: Cause | undefined, earlier: Finding[]): boolean {
  return (
    cause !== undefined &&
    cause.code !== 'not-served' &&
    earlier.some(
      ({ code, subject }) =>
        code === cause.code && subject.kind === cause.subject.kind && subject.id === cause.subject.id,
    )
  );
}

/** The last refused reload as a cause; undefined where none was refused since nginx last took a config into service. */
export function refusedReload(facts: Facts): Cause | undefined {
  const running = runningOf(facts);
  const refusal = lastRefusal(facts);
  const loaded = loadedAt(facts);
  if (!running || !refusal || loaded === undefined) return undefined;
  const { event, at, pid } = refusal;
  const bind = event.kind === 'still-unbound' ? lastBindRefusal(facts, pid) : undefined;
  const words = bind?.words ?? refusal.words;
  const stands = bind ? bind.others.length > 0 : event.kind !== 'open-failed' && !isMended(refusal, running);
  const byMaster = pid === running.own;
  const place = 'path' in event && event.path ? `${event.path}${'line' in event ? `:${event.line}` : ''}` : undefined;
  const again = bringIntoService(facts);
  const mend = stands && event.kind === 'config-refused' && place;
  return {
    kind: 'reload-failed',
    code: 'reload-failed',
    subject: { kind: 'server', id: 'nginx' },
    since: instant(at),
    sentence: `nginx refused ${byMaster ? 'its last reload' : 'the config when it was last tested'} and keeps what it loaded at ${instant(loaded)}: ${words}${bind && stands ? `; ${bind.who} holds it` : ''}`,
    evidence: {
      'error log': words,
      'written at': instant(at),
      'newest worker started': instant(loaded),
      ...(place && { place }),
      ...(bind && stands && { 'held by': bind.who }),
    },
    ...(stands && { stands }),
    remedy: bind?.byItself
      ? restart(facts)
      : bind && stands
        ? freed(bind.port, bind.others, again)
        : mend
          ? `Mend ${place}, then: ${typed(nginxTest(facts.config))} && ${again}`
          : again,
  };
}

/** The last address that this process could not bind, and who holds it now. */
function lastBindRefusal(facts: Facts, pid: number) {
  const running = runningOf(facts);
  const entry = running?.log.findLast((one) => one.pid === pid && one.event.kind === 'bind-failed');
  if (!running || entry?.event.kind !== 'bind-failed') return undefined;
  const { address } = entry.event;
  const bound = running.listening?.find((one) => addressAndPort(one) === address);
  const holders = bound?.holders ?? [];
  const others = holders.filter((holder) => holder.pid !== running.own);
  const byItself = holders.length > 0 && others.length === 0;
  const who = others.map((one) => `${one.name} (pid ${one.pid})`).join(', ');
  return { words: entry.words, port: bound?.port ?? 0, others, byItself, who };
}

/** When the file that a deployment names last changed, in the sense of what it leads to. */
export function changeOf(
  endpoint: ObservedEndpoint,
  { observations }: Facts,
): { path: string; at: number } | undefined {
  const deployment = observations.deployments.find(({ id }) => id === endpoint.deployment);
  const file = observations.files.find(({ path }) => path === deployment?.certificatePath);
  const lineage = observations.lineages.find(({ name }) => name === deployment?.lineage);
  const times = [lineage?.changedAt, file?.modifiedAt].flatMap((time) => (time ? [Date.parse(time)] : []));
  return deployment && times.length > 0
    ? { path: deployment.certificatePath, at: lineage?.changedAt ? Date.parse(lineage.changedAt) : Math.max(...times) }
    : undefined;
}

function notReloaded(
  endpoint: ObservedEndpoint,
  unread: { path: string; at: number },
  loaded: number,
  facts: Facts,
): Cause {
  return {
    kind: 'not-reloaded',
    code: 'not-served',
    subject: { kind: 'endpoint', id: endpoint.id },
    since: instant(unread.at),
    sentence: `nginx has not been reloaded since ${unread.path} changed at ${instant(unread.at)}: its newest worker started at ${instant(loaded)}`,
    evidence: { 'file changed': instant(unread.at), 'newest worker started': instant(loaded) },
    remedy: bringIntoService(facts),
  };
}

function reloading(endpoint: ObservedEndpoint, loaded: number): Cause {
  return {
    kind: 'reloading',
    code: 'not-served',
    subject: { kind: 'endpoint', id: endpoint.id },
    since: instant(loaded),
    sentence: `a reload is under way: the newest worker started at ${instant(loaded)}, and old ones may still answer`,
    evidence: { 'newest worker started': instant(loaded) },
    remedy: 'Wait for a few seconds: old workers take no new connections once the reload is complete.',
  };
}

/** Workers of before and after the change run side by side. Those that are shutting down take nothing new, so the others come first. */
function draining(endpoint: ObservedEndpoint, changed: { at: number }, facts: Facts): Cause | undefined {
  const workers = ownMaster(facts)?.workers ?? [];
  const before = workers.filter(({ startedAt }) => startedAt < changed.at);
  const accepting = before.filter(({ shuttingDown }) => !shuttingDown);
  const old = accepting.length > 0 ? accepting : before;
  if (old.length === 0 || before.length === workers.length) return undefined;
  const pids = old.map(({ pid }) => String(pid));
  return {
    kind: 'draining',
    code: 'not-served',
    subject: { kind: 'endpoint', id: endpoint.id },
    since: instant(changed.at),
    sentence: `workers that started before the certificate changed still run beside the new ones, and one of them answered: pid ${pids.join(', ')}`,
    evidence: {
      'old workers': old
        .map(({ pid, startedAt }) => `${pid} since ${instant(startedAt)}`)
        .join(', ')
        .slice(0, 4000),
      'file changed': instant(changed.at),
    },
    remedy: typed(['kill', accepting.length > 0 ? '-QUIT' : '-TERM', ...pids]),
  };
}

/** Another server block of the same listener whose certificate is the one that was presented. */
function otherServer(endpoint: ObservedEndpoint, { observations }: Facts): Deployment | undefined {
  if (!endpoint.served) return undefined;
  const own = observations.deployments.find(({ id }) => id === endpoint.deployment);
  return observations.deployments.find(
    (deployment) =>
      deployment.configured === endpoint.served &&
      !(deployment.configFile === own?.configFile && deployment.line === own.line) &&
      deployment.listeners.some(
        (listener) =>
          listener.port === endpoint.port && (listener.address === endpoint.address || isCloser(listener, endpoint)),
      ),
  );
}

/** A listener at one address of the same family and port, which nginx prefers there over one at all addresses. */
function isCloser(listener: { address: string; port: number }, endpoint: ObservedEndpoint): boolean {
  const family = endpoint.address.includes(':') ? '::' : '0.0.0.0';
  return (
    listener.port === endpoint.port &&
    endpoint.address === family &&
    listener.address !== family &&
    listener.address.includes(':') === endpoint.address.includes(':')
  );
}

function wrongServer(endpoint: ObservedEndpoint, answering: Deployment, facts: Facts): Cause {
  const own = facts.observations.deployments.find(({ id }) => id === endpoint.deployment);
  const [mine, other] = [own, answering].map((one) => `${one?.configFile ?? '?'}:${one?.line ?? '?'}`);
  const shared = answering.listeners.some(
    ({ address, port }) => address === endpoint.address && port === endpoint.port,
  );
  const closer = shared ? undefined : answering.listeners.find((listener) => isCloser(listener, endpoint));
  const place = closer && addressAndPort(closer);
  return {
    kind: 'wrong-server',
    ...(closer && { partial: true }),
    code: 'wrong-server',
    subject: { kind: 'endpoint', id: endpoint.id },
    since: instant(loadedAt(facts) ?? facts.observations.at),
    sentence: closer
      ? `${other} answers for ${endpoint.serverName}: it listens at ${place} itself, where nginx does not look at ${mine}, which listens at all addresses`
      : `${other} answers for ${endpoint.serverName || 'no name'} with ${answering.certificatePath}, and not ${mine}`,
    evidence: {
      'meant to answer': mine ?? '',
      answers: other ?? '',
      'its names': answering.serverNames.join(', ').slice(0, 4000),
      configured: endpoint.configured ?? '',
      served: endpoint.served ?? '',
    },
    remedy: closer
      ? `Add "listen ${place} ssl;" to the server at ${mine}, then: ${bringIntoService(facts)}`
      : `Take ${endpoint.serverName || 'its names'} out of the server at ${isHostName(endpoint.serverName) ? other : mine}, then: ${bringIntoService(facts)}`,
  };
}

/** nginx takes no other name from a client: to a word that slipped into server_name (a forgotten semicolon) the default server answers. */
function isHostName(name: string): boolean {
  return name === '' || name.startsWith('~') || /^[\p{L}\p{N}._*-]+$/u.test(name);
}
