import type { Snapshot } from '@certherd/protocol/snapshot';
import { certificate, day } from '../../test/collector/helpers/example-snapshot.ts';
import { exampleHost } from '../bench/example-host.ts';

/** What one simulated host has: certificates, each with a lineage, a server block and an endpoint of its own. */
export interface SimulatedHost {
  name: string;
  /** The certificate at this place is followed by another one. Returns the lineage's name. */
  renew: (place: number, at: number) => string;
  /** As the agent of such a host tells it. */
  snapshot: () => Snapshot;
}

/** `issuedAt`: milliseconds since 1970, one for each certificate; a renewal changes it. The same number and instants give the same host. */
export function simulatedHost(number: number, issuedAt: number[]): SimulatedHost {
  const name = `load-${number}.example.test`;
  const facts = () =>
    exampleHost(
      issuedAt.map((issued, place) =>
        certificate(`${name} ${place} ${issued}`, {
          subjectAltNames: [`shop-${place}.${name}`],
          notBefore: new Date(issued).toISOString(),
          notAfter: new Date(issued + 90 * day).toISOString(),
        }),
      ),
    );
  return {
    name,
    renew(place, renewedAt) {
      issuedAt[place] = renewedAt;
      return `shop-${place}.example.test`;
    },
    snapshot: () => ({ ...facts(), host: { name, agentVersion: '0.1.0', platform: 'simulated', mode: 'observe' } }),
  };
}
