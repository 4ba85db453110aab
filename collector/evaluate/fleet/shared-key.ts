import type { FleetFinding } from './fleet-findings.ts';
import { type FleetIndex, holdingOf, type Leaf } from './fleet-index.ts';
import { clipped, subjectsOf } from './finding-words.ts';
import type { SameKey } from './same-key.ts';

/**
 * Of each key that several hosts have, which the first of them is told at one of its leaves: who breaks into one of them has them all. A key that one
 * host has in several certificates, as one that it renews with the same, is no finding. `leaves`: what the host holds.
 */
export function sharedKeys(
  index: FleetIndex,
  agentId: string,
  leaves: readonly Leaf[],
): ReadonlyMap<Leaf, FleetFinding> {
  const told = new Map<Leaf, FleetFinding>();
  for (const [key, held] of Map.groupBy(leaves, (leaf) => index.sameKey(leaf))) {
    if (key?.first !== agentId) continue;
    const hosts = hostsOf(key.leaves);
    if (hosts.size < 2) continue;
    const leaf = placeOf(held, agentId, hosts.size);
    const subject = leaf && subjectOf(leaf, agentId);
    if (subject) told.set(leaf, sharedKey(key, hosts, leaf, subject));
  }
  return told;
}

function sharedKey(
  { leaves }: SameKey,
  hosts: ReadonlyMap<string, string>,
  leaf: Leaf,
  subject: FleetFinding['subject'],
): FleetFinding {
  // Where all of them hold one certificate, no other one of its key says more.
  const ofKey = [...leaves].sort(youngestFirst);
  const all = leaf.holders.size === hosts.size ? [leaf] : ofKey;
  const names = [...new Set([...leaves].flatMap((one) => one.names))].sort();
  const wildcards = names.filter((name) => name.startsWith('*.'));
  const common = { severity: 'notice', subject, since: sinceOf(ofKey) } as const;
  const evidence = {
    held: leaf.certificate.fingerprint,
    hosts: clipped(namesOf(hosts.values())),
    'number of hosts': String(hosts.size),
    ...(all.length > 1 && { certificates: clipped(whereTheyAre(all)), 'number of certificates': String(all.length) }),
  };
  if (wildcards.length > 0)
    return {
      code: 'wildcard-blast-radius',
      ...common,
      cause: clipped(
        `${hosts.size} hosts hold the key of ${wildcards.join(' ')}${all.length > 1 ? `, in ${all.length} certificates` : ''}: whoever takes it from one of them can be every name below.`,
      ),
      evidence: { ...evidence, names: clipped(names.join(' ')) },
      remedy: 'Give each host a certificate for its own names, and keep the wildcard where it cannot be avoided.',
    };
  if (all.length === 1)
    return {
      code: 'shared-key',
      ...common,
      cause: `${hosts.size} hosts hold this certificate and its key: whoever takes the key from one of them can be all of them.`,
      evidence,
      remedy: 'Give each host a certificate of its own: a lineage for each, with a key that never leaves it.',
    };
  return {
    code: 'shared-key',
    ...common,
    cause: `${hosts.size} hosts hold one key, in ${all.length} certificates: whoever takes it from one of them can be all of them.`,
    evidence,
    remedy:
      'Renew on each host with a key of its own (certbot renew --cert-name NAME --force-renewal --new-key), and see that no image that hosts are cloned from has a key, and that --reuse-key is not set where one was copied.',
  };
}

/** Which of the leaves that a host holds it is told at: one that all hosts of the key hold, one that it presents, the youngest. */
function placeOf(held: readonly Leaf[], agentId: string, hosts: number): Leaf | undefined {
  const isPresented = (leaf: Leaf) => subjectOf(leaf, agentId)?.kind === 'endpoint';
  const [best] = held
    .filter((leaf) => subjectOf(leaf, agentId))
    .toSorted(
      (a, b) =>
        Number(b.holders.size === hosts) - Number(a.holders.size === hosts) ||
        Number(isPresented(b)) - Number(isPresented(a)) ||
        youngestFirst(a, b),
    );
  return best;
}

function subjectOf(leaf: Leaf, agentId: string): FleetFinding['subject'] | undefined {
  const holding = holdingOf(leaf, leaf.holders.get(agentId));
  return holding && subjectsOf(holding)[0];
}

/** Their names, by agent id. */
function hostsOf(leaves: Iterable<Leaf>): Map<string, string> {
  const hosts = new Map<string, string>();
  for (const { holders } of leaves) for (const { agentId, hostName } of holders.values()) hosts.set(agentId, hostName);
  return hosts;
}

/** From when on two hosts have it: the first of its certificates may be of one host alone. */
function sinceOf(leaves: readonly Leaf[]): string {
  const hosts = new Set<string>();
  const oldestFirst = leaves.toReversed();
  const second = oldestFirst.find(({ holders }) => {
    for (const agentId of holders.keys()) hosts.add(agentId);
    return hosts.size > 1;
  });
  return (second ?? oldestFirst[0])?.certificate.notBefore ?? '';
}

/** Those of which there is room in an evidence's text. */
function whereTheyAre(leaves: readonly Leaf[]): string {
  return leaves
    .slice(0, 50)
    .map(({ certificate, holders }) => {
      const hosts = namesOf([...holders.values()].map(({ hostName }) => hostName));
      return `${certificate.fingerprint} on ${hosts}`;
    })
    .join(', ');
}

function namesOf(hostNames: Iterable<string>): string {
  return [...hostNames].sort().join(' ');
}

/** Instants as text are in the order of time. */
function youngestFirst({ certificate: a }: Leaf, { certificate: b }: Leaf): number {
  if (a.notBefore !== b.notBefore) return a.notBefore > b.notBefore ? -1 : 1;
  return a.fingerprint < b.fingerprint ? -1 : 1;
}
