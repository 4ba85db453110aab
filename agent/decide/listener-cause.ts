import { addressAndPort } from '../observe/endpoints/place.ts';
import type { Bound, Holder } from '../observe/listening-sockets.ts';
import type { ObservedEndpoint } from '../observe/observations.ts';
import type { Cause } from './causes.ts';
import { nginxReload, nginxTest, typed } from './command-line.ts';
import { type Facts, instant } from './facts.ts';
import { atOneOfAll } from './one-address.ts';
import { bindRefusal, bringIntoService, loadedAt, ownMaster, restart, runningOf } from './running.ts';

/** Why the nginx that runs this config does not answer at an endpoint's address and port; undefined where it does, or it cannot be told. */
export function listenerCause(endpoint: ObservedEndpoint, facts: Facts): Cause | undefined {
  const running = runningOf(facts);
  const boundAt = (address: string) =>
    running?.listening?.find((one) => one.address === address && one.port === endpoint.port);
  const everywhere = boundAt(atOneOfAll(endpoint, facts.observations)?.address ?? '');
  // where nginx does not listen at all addresses, that explains each single one
  const bound = everywhere?.bound === false ? everywhere : boundAt(endpoint.address);
  if (!running || !bound) return undefined;
  const drifted = endpoint.served !== endpoint.configured;
  if (bound.holders) {
    const others = bound.holders.filter(({ pid }) => pid !== running.own);
    const ours = others.length < bound.holders.length;
    if (ours && others.length === 0 && !bound.bound) return heldByItself(bound, facts);
    if (ours && !(drifted && others.some(({ role }) => role !== 'other'))) return undefined;
    // which config such a master runs cannot be told, so it may well be this one
    const unknown = running.masters.filter(({ config }) => config === undefined).map(({ pid }) => pid);
    if (running.own === undefined && others.some(({ pid }) => unknown.includes(pid))) return undefined;
    return heldByOthers(endpoint, bound, others, ours, facts);
  }
  return bound.bound || !ownMaster(facts) ? undefined : heldByNobody(endpoint, bound, facts);
}

function heldByOthers(
  endpoint: ObservedEndpoint,
  bound: Bound,
  others: Holder[],
  shared: boolean,
  facts: Facts,
): Cause {
  const running = runningOf(facts);
  const place = addressAndPort(bound);
  const master = running?.masters.find(({ pid }) => others.some((holder) => holder.pid === pid));
  const orphaned = others.every(({ role }) => role === 'nginx-worker');
  const names = others.map((holder) => `${holder.name} (pid ${holder.pid}${holder.unit ? `, ${holder.unit}` : ''})`);
  const who = names.join(', ');
  const words = bindRefusal(facts, place);
  const since = words ?? { at: master?.startedAt ?? facts.observations.at };
  const everywhere = bound.address === endpoint.address ? atOneOfAll(endpoint, facts.observations) : undefined;
  const shown = endpoint.served ? 'the certificate that it holds' : 'none';
  const sentence = master
    ? `a second nginx, pid ${master.pid}${master.config ? ` with ${master.config}` : ''}, ${shared ? 'answers beside' : 'answers instead of'} the one that runs ${facts.config.nginx.config} at ${place}`
    : orphaned
      ? `workers of an nginx whose master is gone (pid ${others.map(({ pid }) => pid).join(', ')}) still hold ${place}, and answer with what it had loaded`
      : `${who} holds ${place}, which ${facts.config.nginx.config} names: nginx could not bind it${endpoint.served ? ', and clients are shown the copy that the other program holds' : ''}`;
  return {
    kind: master ? 'second-nginx' : orphaned ? 'orphaned-workers' : endpoint.served ? 'in-front' : 'port-held',
    code: 'listener-unbound',
    subject: subjectFor(bound, facts),
    since: instant(since.at),
    ...(everywhere && { partial: true }),
    sentence: everywhere
      ? `${who} listens at ${place} itself, where the kernel prefers it to nginx, which listens at all addresses (${addressAndPort(everywhere)}): clients of that address are shown ${shown}`
      : sentence,
    evidence: {
      listener: place,
      [everywhere ? 'answers there' : 'held by']: who,
      'nginx of this config': running?.own === undefined ? 'does not run' : `pid ${running.own}`,
      ...(words && { 'error log': words.words }),
    },
    remedy: freed(bound.port, others, everywhere ? undefined : bringIntoService(facts)),
  };
}

/** Docker's proxy stands for one container, and its unit for all of them: which one to stop is for a person to choose. */
export function freed(port: number, others: Holder[], then: string | undefined): string {
  if (others.some(({ name }) => name === 'docker-proxy')) {
    const find = `Stop the container that publishes port ${port}, or publish another (${typed(['docker', 'ps', '--filter', `publish=${port}`])})`;
    return then ? `${find}, then: ${then}` : `${find}.`;
  }
  return then ? `${stop(others)} && ${then}` : stop(others);
}

function heldByNobody(endpoint: ObservedEndpoint, bound: Bound, facts: Facts): Cause | undefined {
  const place = addressAndPort(bound);
  const words = bindRefusal(facts, place);
  const loaded = loadedAt(facts);
  const changed = runningOf(facts)?.configChanged;
  const deployment = facts.observations.deployments.find(({ id }) => id === endpoint.deployment);
  const lines = `${deployment?.configFile ?? facts.config.nginx.config}:${deployment?.line ?? 1}`;
  const unread = changed && loaded !== undefined && loaded < changed.at ? changed : undefined;
  const errno = words?.event.kind === 'bind-failed' ? words.event.errno : 0;
  const reload = bringIntoService(facts);
  return {
    kind: 'not-bound',
    code: 'listener-unbound',
    subject: subjectFor(bound, facts),
    since: instant(words?.at ?? unread?.at ?? facts.observations.at),
    sentence: words
      ? `nginx could not bind ${place}, kept its earlier config, and said so only in its error log: ${words.words}`
      : unread
        ? `nginx does not listen at ${place}: ${unread.path} changed at ${instant(unread.at)}, and nginx has not loaded it since`
        : `nginx (pid ${ownMaster(facts)?.pid}) does not listen at ${place}, which its config names`,
    evidence: {
      listener: place,
      'held by': 'nobody',
      ...(loaded !== undefined && { 'newest worker started': instant(loaded) }),
      ...(words && { 'error log': words.words }),
    },
    remedy:
      errno === 99
        ? `Give this host the address ${bound.address}, or take it out of ${lines}, then: ${reload}`
        : errno === 13
          ? `Start nginx as root, or take ${place} out of ${lines}, then: ${typed(nginxTest(facts.config))} && ${typed(nginxReload(facts.config))}`
          : reload,
  };
}

/** A reload opens the new socket before it closes the old one, and the two cannot be open together. */
function heldByItself(bound: Bound, facts: Facts): Cause {
  const place = addressAndPort(bound);
  const words = bindRefusal(facts, place);
  return {
    kind: 'not-bound',
    code: 'listener-unbound',
    subject: subjectFor(bound, facts),
    since: instant(words?.at ?? runningOf(facts)?.configChanged?.at ?? facts.observations.at),
    sentence: `nginx cannot bind ${place} in a reload, since it listens at port ${bound.port} of a single address from its earlier config: only a restart can replace the one by the other`,
    evidence: { listener: place, 'held by': 'nobody', ...(words && { 'error log': words.words }) },
    remedy: restart(facts),
  };
}

/** One listener is one subject, however many names it serves: its first endpoint. */
function subjectFor(bound: Bound, { observations }: Facts): Cause['subject'] {
  const first = observations.endpoints.find(({ address, port }) => address === bound.address && port === bound.port);
  return first ? { kind: 'endpoint', id: first.id } : { kind: 'server', id: 'nginx' };
}

/** Ends who holds a socket. nginx ends gracefully on QUIT; a service would be started again by systemd unless it is stopped through it. */
function stop(others: Holder[]): string {
  return others
    .map(({ pid, role, unit }) =>
      unit && unit !== 'nginx.service'
        ? typed(['systemctl', 'stop', unit])
        : typed(role === 'other' ? ['kill', String(pid)] : ['kill', '-QUIT', String(pid)]),
    )
    .join(' && ');
}
