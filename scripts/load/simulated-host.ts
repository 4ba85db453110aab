import type { Snapshot } from '@certherd/protocol/snapshot';
import { exampleHost } from '../bench/example-host.ts';
import { certificateMaker, type CertificateMaker } from './simulated-certificate.ts';

/** What one simulated host has: certificates, each with a lineage, a server block and an endpoint of its own. */
export interface SimulatedHost {
  name: string;
  /** The certificate at this place is followed by another one. Returns the lineage's name. */
  renew: (place: number, at: number) => string;
  /** As the agent of such a host tells it. */
  snapshot: () => Snapshot;
  /** By fingerprint, what it has of these. */
  ders: (fingerprints: readonly string[]) => Map<string, Uint8Array>;
}

/** `issuedAt`: milliseconds since 1970, one for each certificate; a renewal changes it. The same number and instants give the same host. */
export function simulatedHost(
  number: number,
  issuedAt: number[],
  make: CertificateMaker = certificateMaker(),
): SimulatedHost {
  const name = `load-${number}.example.test`;
  const made = issuedAt.map((at, place) => madeAt(place, at));
  return {
    name,
    renew(place, renewedAt) {
      issuedAt[place] = renewedAt;
      made[place] = madeAt(place, renewedAt);
      return `shop-${place}.example.test`;
    },
    snapshot: () => ({
      ...exampleHost(made.map(({ certificate }) => certificate)),
      host: { name, agentVersion: '0.1.0', platform: 'simulated', mode: 'observe' },
    }),
    ders(fingerprints) {
      const asked = new Set(fingerprints);
      const found = made.filter(({ certificate }) => asked.has(certificate.fingerprint));
      return new Map(found.map(({ certificate, der }) => [certificate.fingerprint, der]));
    },
  };

  function madeAt(place: number, at: number) {
    return make(`shop-${place}.${name}`, at);
  }
}
