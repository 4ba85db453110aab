import type { Estate } from '../serve/estate.ts';

/** Where agents see a name served. */
export interface Seen {
  hostNames: string[];
  /** Of what is served for it the end that comes first (RFC 5280 notAfter); undefined: nothing was presented. */
  servedUntil: string | undefined;
}

/**
 * Finds what hosts serve for a listed name: endpoints of that server name, and endpoints that present a certificate with exactly this
 * name. "*.example.com" is found where a certificate has it, and not by what lies below it.
 */
export function seenNames(estate: Pick<Estate, 'endpoints' | 'certificates'>): (name: string) => Seen | undefined {
  const found = new Map<string, Map<string, { hostName: string; until: string | undefined }>>();
  const add = (name: string, place: string, hostName: string, until: string | undefined) => {
    const places = found.get(name.toLowerCase()) ?? new Map<string, { hostName: string; until: string | undefined }>();
    found.set(name.toLowerCase(), places.set(place, { hostName, until }));
  };
  const placeOf = (agentId: string, id: string) => JSON.stringify([agentId, id]);
  for (const { agentId, id, hostName, serverName, servedNotAfter } of estate.endpoints)
    add(serverName, placeOf(agentId, id), hostName, servedNotAfter);
  for (const { subjectAltNames, notAfter, endpoints } of estate.certificates)
    for (const { agentId, id, hostName } of endpoints)
      for (const name of subjectAltNames) add(name, placeOf(agentId, id), hostName, notAfter);
  return (name) => {
    const places = [...(found.get(name)?.values() ?? [])];
    if (places.length === 0) return undefined;
    const ends = places.flatMap(({ until }) => until ?? []).sort();
    return { hostNames: [...new Set(places.map(({ hostName }) => hostName))].sort(), servedUntil: ends[0] };
  };
}
