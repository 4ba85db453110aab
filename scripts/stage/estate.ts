import type { Estate, EndpointView, EventView, FindingView } from '../../collector/serve/estate.ts';

/** Reads the whole estate from the collector's API, as any script would. Rejects when there is no answer within 3 s. */
export async function readEstate(webAddress: string): Promise<Estate> {
  const answer = await fetch(new URL('/api/v1/estate', webAddress), { signal: AbortSignal.timeout(3000) });
  if (!answer.ok) throw new Error(`GET /api/v1/estate: ${answer.status}`);
  const estate: Estate = await answer.json();
  return estate;
}

/** The endpoint of a name, port and algorithm, if the collector says that exactly this certificate is proved there. */
export function provedAt(
  estate: Estate,
  place: { serverName: string; port: number; algorithm: 'rsa' | 'ecdsa' },
  fingerprint: string,
): EndpointView | undefined {
  return estate.endpoints.find(
    (endpoint) =>
      endpoint.serverName === place.serverName &&
      endpoint.port === place.port &&
      endpoint.algorithm === place.algorithm &&
      endpoint.status === 'proved' &&
      endpoint.served === fingerprint,
  );
}

export function eventsSince(estate: Estate, kind: EventView['kind'], since: number): EventView[] {
  return estate.events.filter((event) => event.kind === kind && Date.parse(event.at) >= since);
}

export function findingOf(estate: Estate, code: FindingView['code'], subject: string): FindingView | undefined {
  return estate.findings.find((finding) => finding.code === code && finding.subject.id === subject);
}
