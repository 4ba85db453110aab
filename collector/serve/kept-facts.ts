import type { HostFacts, KeptFacts } from '../store/facts.ts';

const lists = ['files', 'lineages', 'endpoints', 'findings'] as const;

/** Of what was read of a host what its part is assembled from; lists that say what they said before are those before, whose texts its part has too. */
export function keptFacts({ snapshot, ...row }: HostFacts, before: KeptFacts | undefined): KeptFacts {
  if (!snapshot) return { ...row, snapshot };
  const { servers: _servers, deployments: _deployments, ...kept } = snapshot;
  const known = before?.snapshot;
  const same = lists.filter((list) => known && JSON.stringify(known[list]) === JSON.stringify(kept[list]));
  return { ...row, snapshot: { ...kept, ...Object.fromEntries(same.map((list) => [list, known?.[list]])) } };
}
