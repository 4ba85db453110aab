import { setImmediate as othersTurn } from 'node:timers/promises';
import { hashSecret } from '../accounts/secret.ts';
import type { Clock } from '../ports.ts';
import { moreUrgent, type Need, needsOf } from '../present/needs.ts';
import { namesOf } from '../wording/names.ts';
import type { Estate } from './estate.ts';
import type { EstateNow } from './kept-estate.ts';
import type { WallView } from './wall-view.ts';

/** Made at most so often, however many look: whoever comes may ask for it. */
const freshMs = 2_000;
/** Others have their turn after so many hosts. */
const hostsInTurn = 50;
const mostNeeds = 4;
const mostText = 300;

/** What a wall shows, by the rules of the page itself. */
export function keepWall(estate: () => Promise<EstateNow>, clock: Clock): () => Promise<WallView> {
  let last: { madeAt: number | undefined; made: Promise<WallView> } | undefined;
  return () => {
    // While one is made, however long that takes, no other begins beside it.
    if (last && (last.madeAt === undefined || clock.monotonic() - last.madeAt < freshMs)) return last.made;
    const made = estate().then((now) => wallOf(now, clock.now()));
    const own: NonNullable<typeof last> = { madeAt: undefined, made };
    last = own;
    made.then(
      () => (own.madeAt = clock.monotonic()),
      // What failed is asked for again.
      () => (last = undefined),
    );
    return made;
  };
}

/** A host at a time, since what needs a person follows from each host alone. */
async function wallOf({ parts, hostless }: EstateNow, now: number): Promise<WallView> {
  const hosts = { all: 0, connected: 0 };
  const endpoints = { all: 0, proved: 0 };
  let lookedAt: string | undefined;
  let pressing = 0;
  let needs: Need[] = [];
  const take = (of: Pick<Estate, 'hosts' | 'endpoints' | 'lineages' | 'findings'>): void => {
    const found = needsOf(of).pressing;
    pressing += found.length;
    if (found.length > 0) needs = [...needs, ...found].sort(moreUrgent).slice(0, mostNeeds);
  };
  for (const { part } of parts.hosts) {
    hosts.all += 1;
    if (part.host.connected) hosts.connected += 1;
    const { observedAt } = part.host;
    const { proved = 0 } = part.statuses;
    for (const count of Object.values(part.statuses)) endpoints.all += count;
    endpoints.proved += proved;
    if (proved > 0 && observedAt !== undefined && (lookedAt === undefined || observedAt < lookedAt))
      lookedAt = observedAt;
    // Of most hosts nothing is asked for which their lists would have to be opened.
    if (part.findings.length > 0 || part.host.status !== 'healthy')
      take({ hosts: [part.host], endpoints: part.endpoints, lineages: part.lineages, findings: part.findings });
    if (hosts.all % hostsInTurn === 0) await othersTurn();
  }
  take({ hosts: [], endpoints: [], lineages: [], findings: [...hostless] });
  const next = nextToEnd(parts, now);
  return {
    version: 1,
    at: new Date(now).toISOString(),
    hosts,
    endpoints,
    ...(lookedAt !== undefined && { lookedAt }),
    ...(next && { next }),
    pressing,
    needs: needs.map(({ key, severity, name, hostName, labels, cause, deadline }) => ({
      key: hashSecret(key).toString('hex').slice(0, 16),
      severity,
      name: (name ?? hostName).slice(0, mostText),
      ...(labels['owner'] !== undefined && { owner: labels['owner'] }),
      cause: cause.slice(0, mostText),
      ...(deadline && { life: { notBefore: deadline.notBefore, notAfter: deadline.notAfter } }),
    })),
  };
}

/** Of those that are still valid, and served somewhere. They are in the order of their ends. */
function nextToEnd({ certificates }: EstateNow['parts'], now: number): WallView['next'] {
  for (const { facts, places } of certificates.after({ notAfter: now, fingerprint: '~' }))
    if ([...places].some((place) => place.read()[1].length > 0)) {
      const { certificate } = facts;
      const [name = ''] = namesOf(certificate);
      return { name: name.slice(0, mostText), notAfter: certificate.notAfter };
    }
  return undefined;
}
