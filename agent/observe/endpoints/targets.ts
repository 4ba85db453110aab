import type { Deployment, Listener } from '@certherd/protocol/snapshot';
import { askedAddresses } from './asked-addresses.ts';
import { askedNames } from './asked-name.ts';
import { blockOf } from './block.ts';
import { countNotAsked, type NotAsked } from './not-asked.ts';
import { addressAndPort, isAtAllAddresses, placeOf } from './place.ts';

/** A server name at a listener, and the deployments of the one server block that is meant to answer there. */
export interface EndpointTarget {
  serverName: string;
  /** What is sent as the name: "" for none. Differs from `serverName` where that is a pattern or a catch-all. */
  askedName: string;
  listener: Listener;
  /** Where it is asked, the first one always; never empty. */
  addresses: string[];
  deployments: Deployment[];
}

/** Names times own addresses beyond the first that one look asks at most, so that hosts with many of both stay cheap. */
const mostBeyondFirst = 1000;

/**
 * Every server name at every listener, once; of several server blocks for the same pair, nginx lets the first answer.
 * `ownAddresses` are this host's; without them a listener at all addresses is asked at loopback alone.
 */
export function endpointTargets(
  deployments: readonly Deployment[],
  ownAddresses: readonly string[] = [],
): { targets: EndpointTarget[]; notAsked: NotAsked[] } {
  const notAsked = countNotAsked();
  const nameFor = askedNames(deployments);
  const addressesOf = addressesByListener(deployments, ownAddresses);
  const targets = new Map<string, EndpointTarget>();
  for (const deployment of deployments) {
    for (const listener of deployment.listeners) {
      for (const serverName of deployment.serverNames) {
        const key = placeOf({ serverName, listener });
        const known = targets.get(key);
        if (known) {
          if (known.deployments[0] && blockOf(known.deployments[0]) === blockOf(deployment))
            known.deployments.push(deployment);
          continue;
        }
        const asked = nameFor(deployment, serverName, listener);
        if (!asked.ok) {
          notAsked.note(asked.reason, key);
          continue;
        }
        const { addresses, beyond } = addressesOf(listener);
        if (beyond > 0) notAsked.note('too-many-addresses', key, beyond);
        targets.set(key, { serverName, askedName: asked.name, listener, addresses, deployments: [deployment] });
      }
    }
  }
  const withinBounds = bounded([...targets.values()], (target, count) =>
    notAsked.note('too-many-addresses', placeOf(target), count),
  );
  return { targets: withinBounds, notAsked: notAsked.counted() };
}

/** Each listener's addresses are worked out once, however many names it has. */
function addressesByListener(deployments: readonly Deployment[], ownAddresses: readonly string[]) {
  const taken = new Set(
    deployments.flatMap(({ listeners }) => listeners.filter((one) => !isAtAllAddresses(one)).map(addressAndPort)),
  );
  const known = new Map<string, ReturnType<typeof askedAddresses>>();
  return (listener: Listener) => {
    const key = addressAndPort(listener);
    const found =
      known.get(key) ??
      askedAddresses(listener, ownAddresses, (address, port) => taken.has(addressAndPort({ address, port })));
    known.set(key, found);
    return found;
  };
}

/** The first name of each listener is asked everywhere before the second one is: what holds one address is mostly seen by any name. */
function bounded(targets: EndpointTarget[], drop: (target: EndpointTarget, count: number) => void): EndpointTarget[] {
  const wanted = targets.reduce((sum, { addresses }) => sum + addresses.length - 1, 0);
  if (wanted <= mostBeyondFirst) return targets;
  const ranks = new Map<string, number>();
  const ranked = targets.map((target) => {
    const rank = ranks.get(addressAndPort(target.listener)) ?? 0;
    ranks.set(addressAndPort(target.listener), rank + 1);
    return { target, rank };
  });
  let left = mostBeyondFirst;
  const kept = new Map<EndpointTarget, EndpointTarget>();
  for (const { target } of ranked.toSorted((one, other) => one.rank - other.rank)) {
    const addresses = target.addresses.slice(0, 1 + left);
    left -= addresses.length - 1;
    if (addresses.length < target.addresses.length) drop(target, target.addresses.length - addresses.length);
    kept.set(target, { ...target, addresses });
  }
  return targets.map((target) => kept.get(target) ?? target);
}
