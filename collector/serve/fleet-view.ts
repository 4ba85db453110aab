import { randomInt } from 'node:crypto';
import { fleetFindings, fleetFindingsStand, type FleetPolicy } from '../evaluate/fleet/fleet-findings.ts';
import { createFleetIndex, type KnownCertificate } from '../evaluate/fleet/fleet-index.ts';
import { holdingsOf } from '../evaluate/fleet/holdings.ts';
import { createSparseIndex } from '../evaluate/fleet/sparse-index.ts';
import type { HostFacts, KeptFacts } from '../store/facts.ts';
import type { FleetView } from './assemble-host.ts';

type Certificates = ReadonlyMap<string, KnownCertificate>;

/** What the fleet says of each host, kept as hosts change. */
export interface KeptFleet extends FleetView {
  /** Takes in what a host last told; of a revoked one nothing counts. Returns the agents, this one among them, of which something else may be said now. */
  put: (host: HostFacts, certificates: Certificates) => ReadonlySet<string>;
  /** As `put`, where it told nothing else: it has another name, or was revoked. */
  putName: (host: Pick<HostFacts, 'agentId' | 'name' | 'revokedAt'>, certificates: Certificates) => ReadonlySet<string>;
}

/** A host as it was put in, with the certificates that it was put in with. */
export interface ToldAgain {
  host: KeptFacts;
  certificates: Certificates;
}

/** `toldAgain`: of a host that was put in; with it only what the fleet has something to say of is kept here. */
export function keepFleet(policy: FleetPolicy, toldAgain?: (agentId: string) => ToldAgain | undefined): KeptFleet {
  const index = toldAgain ? createSparseIndex(policy, heldAgain, randomInt(2 ** 32)) : createFleetIndex();
  return {
    put: (host, certificates) =>
      index.replace(host.agentId, heldBy(host, host.snapshot?.deployments ?? [], certificates), certificates),
    putName: ({ agentId, name, revokedAt }, certificates) =>
      revokedAt === undefined
        ? index.rename(agentId, name, certificates)
        : index.replace(agentId, undefined, certificates),
    findingsOf: (agentId, now) => fleetFindings(index, agentId, policy, now),
    standUntil: (agentId, now) => fleetFindingsStand(index, agentId, now),
  };

  function heldAgain(agentId: string) {
    const told = toldAgain?.(agentId);
    const holdings = told && heldBy(told.host, [], told.certificates);
    return holdings && { holdings, certificates: told.certificates };
  }
}

function heldBy(host: KeptFacts, deployments: NonNullable<HostFacts['snapshot']>['deployments'], known: Certificates) {
  if (!host.snapshot || host.revokedAt !== undefined) return undefined;
  return holdingsOf(host, { ...host.snapshot, deployments }, { get: (one) => known.get(one)?.certificate });
}
