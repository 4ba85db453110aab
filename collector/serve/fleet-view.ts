import { fleetFindings, fleetFindingsStand, type FleetPolicy } from '../evaluate/fleet/fleet-findings.ts';
import { createFleetIndex, type KnownCertificate } from '../evaluate/fleet/fleet-index.ts';
import { holdingsOf, type HostHoldings } from '../evaluate/fleet/holdings.ts';
import type { HostFacts } from '../store/facts.ts';
import type { FleetView } from './assemble-host.ts';

/** What the fleet says of each host, kept as hosts change. */
export interface KeptFleet extends FleetView {
  /** Takes in what a host last told; of a revoked one nothing counts. Returns the agents, this one among them, of which something else may be said now. */
  put: (host: HostFacts, certificates: ReadonlyMap<string, KnownCertificate>) => ReadonlySet<string>;
  /** What a host holds, by fingerprint; undefined: nothing that counts. */
  held: (agentId: string) => HostHoldings['held'] | undefined;
  /** As `put`, where it told nothing else: it has another name, or was revoked. */
  putName: (
    host: Pick<HostFacts, 'agentId' | 'name' | 'revokedAt'>,
    certificates: ReadonlyMap<string, KnownCertificate>,
  ) => ReadonlySet<string>;
}

export function keepFleet(policy: FleetPolicy): KeptFleet {
  const index = createFleetIndex();
  const held = new Map<string, HostHoldings>();
  return {
    put(host, certificates) {
      const { agentId, snapshot } = host;
      const told = host.revokedAt === undefined ? snapshot : undefined;
      return replace(
        agentId,
        told && holdingsOf(host, told, { get: (one) => certificates.get(one)?.certificate }),
        certificates,
      );
    },
    putName({ agentId, name, revokedAt }, certificates) {
      const before = revokedAt === undefined ? held.get(agentId) : undefined;
      return replace(agentId, before && { ...before, hostName: name }, certificates);
    },
    held: (agentId) => held.get(agentId)?.held,
    findingsOf: (agentId, now) => fleetFindings(index, agentId, policy, now),
    standUntil: (agentId, now) => fleetFindingsStand(index, agentId, now),
  };

  function replace(
    agentId: string,
    holdings: HostHoldings | undefined,
    certificates: ReadonlyMap<string, KnownCertificate>,
  ): ReadonlySet<string> {
    if (holdings) held.set(agentId, holdings);
    else held.delete(agentId);
    return index.replace(agentId, holdings, certificates);
  }
}
