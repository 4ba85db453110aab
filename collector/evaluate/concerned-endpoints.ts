import type { Subject } from '@certherd/protocol/finding';
import type { Endpoint, Lineage } from '@certherd/protocol/snapshot';

/** Tells which endpoints of a host serve what a finding about `subject` puts at risk; `lineages` are that host's. */
export function concernedBy(
  { kind, id }: Subject,
  lineages: readonly Pick<Lineage, 'name' | 'issued' | 'certificatePath'>[],
): (endpoint: Pick<Endpoint, 'id' | 'deployment' | 'issued'>) => boolean {
  switch (kind) {
    case 'endpoint':
      return (endpoint) => endpoint.id === id;
    case 'deployment':
      return ({ deployment }) => deployment === id;
    case 'file':
      return ({ deployment }) => deployment?.endsWith(`:${id}`) ?? false;
    case 'lineage': {
      const lineage = lineages.find(({ name }) => name === id);
      if (lineage === undefined) return () => false;
      return ({ issued, deployment }) =>
        (issued !== undefined && issued === lineage.issued) ||
        (deployment?.endsWith(`:${lineage.certificatePath}`) ?? false);
    }
    default:
      return () => true;
  }
}
