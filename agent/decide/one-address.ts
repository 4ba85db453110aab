import type { Listener } from '@certherd/protocol/snapshot';
import { addressAndPort, isAtAllAddresses } from '../observe/endpoints/place.ts';
import type { ObservedEndpoint, Observations } from '../observe/observations.ts';
import type { Cause } from './causes.ts';
import { type Facts, instant } from './facts.ts';
import { runningOf } from './running.ts';

/**
 * The listener at all addresses that an endpoint's row belongs to, where the row stands for a single address that keeps to an answer of
 * its own; undefined for every other row.
 */
export function atOneOfAll(
  { deployment: id, address, port }: ObservedEndpoint,
  { deployments }: Pick<Observations, 'deployments'>,
): Listener | undefined {
  const listeners = deployments
    .find((deployment) => deployment.id === id)
    ?.listeners.filter((one) => one.port === port);
  if (!listeners || listeners.some((listener) => listener.address === address)) return undefined;
  return listeners.find(
    (listener) => isAtAllAddresses(listener) && listener.address.includes(':') === address.includes(':'),
  );
}

/**
 * Why a single address answers otherwise than the rest, where the socket there is nginx's own: connections to it never arrive there.
 * Undefined where the other addresses are not as configured either, or it cannot be told whose socket it is.
 */
export function redirectedCause(endpoint: ObservedEndpoint, facts: Facts): Cause | undefined {
  const everywhere = atOneOfAll(endpoint, facts.observations);
  const running = runningOf(facts);
  if (!everywhere || running?.own === undefined) return undefined;
  const bound = running.listening?.find((one) => one.address === endpoint.address && one.port === endpoint.port);
  if (!bound?.holders?.some(({ pid }) => pid === running.own)) return undefined;
  const whole = facts.observations.endpoints.find(
    ({ serverName, algorithm, address, port }) =>
      serverName === endpoint.serverName &&
      algorithm === endpoint.algorithm &&
      address === everywhere.address &&
      port === endpoint.port,
  );
  if (!whole?.configured || whole.served !== whole.configured) return undefined;
  const place = addressAndPort(endpoint);
  const [elsewhere = 'its other addresses'] = whole.answeredAt ?? [];
  return {
    kind: 'redirected',
    code: 'not-served',
    partial: true,
    subject: { kind: 'endpoint', id: endpoint.id },
    since: instant(facts.observations.at),
    sentence: `connections to ${place} do not reach nginx, which has that socket and presents what is configured at ${elsewhere}: a NAT rule, or something behind one, takes them`,
    evidence: {
      listener: addressAndPort(everywhere),
      'as configured at': (whole.answeredAt ?? []).join(', ').slice(0, 4000),
      'answers otherwise': place,
    },
    remedy: `Find what takes ${place} ("nft list ruleset", "iptables-save -t nat"; of containers, what publishes port ${endpoint.port}), and take that rule away or give the certificate to what it leads to.`,
  };
}
