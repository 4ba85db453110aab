import type { Result } from '@certherd/protocol/failure';
import type { Subject } from '@certherd/protocol/finding';
import type { RequestedVerb } from '@certherd/protocol/frame';
import type { Endpoint, Lineage, Server, Snapshot } from '@certherd/protocol/snapshot';

/** What of a host's snapshot may be asked about. */
export interface Askable {
  host: Pick<Snapshot['host'], 'name'>;
  servers: readonly Pick<Server, 'server'>[];
  lineages: readonly Pick<Lineage, 'name'>[];
  endpoints: readonly Pick<Endpoint, 'id'>[];
}

/**
 * What a word means as the subject of a request: something that the host itself reported, of a kind that the verb is for. Without a word it is what there
 * is only one of. The failure says what would have been understood.
 */
export function requestSubject(
  verb: RequestedVerb,
  word: string | undefined,
  reported: Askable,
): Result<Subject, string> {
  const candidates = kindsOf[verb].flatMap((kind) => namesOf(kind, reported).map((id) => ({ kind, id })));
  const found = word === undefined ? candidates : candidates.filter(({ id }) => id === word);
  const [only] = found;
  if (only && (word !== undefined || found.length === 1)) return { ok: true, value: only };
  const known = candidates.map(({ id }) => id);
  const some = known.length > 10 ? `${known.slice(0, 10).join(', ')} and ${known.length - 10} more` : known.join(', ');
  const kinds = kindsOf[verb].join(' or ');
  if (known.length === 0) return { ok: false, failure: `this host reports no ${kinds}` };
  const wrong = word === undefined ? `say which ${kinds}` : `this host reports no such ${kinds}`;
  return { ok: false, failure: `${wrong}: it reports ${some}` };
}

// A lineage before a server of the same name: the first that fits is meant.
const kindsOf: Readonly<Record<RequestedVerb, readonly Subject['kind'][]>> = {
  rescan: ['host'],
  verify: ['endpoint', 'lineage', 'server'],
  reload: ['server'],
  renew: ['lineage'],
  restore: ['lineage'],
  rehearse: ['lineage'],
};

function namesOf(kind: Subject['kind'], { host, servers, lineages, endpoints }: Askable): string[] {
  if (kind === 'host') return [host.name];
  if (kind === 'server') return [...new Set(servers.map(({ server }) => server))];
  if (kind === 'lineage') return lineages.map(({ name }) => name);
  return endpoints.map(({ id }) => id);
}
