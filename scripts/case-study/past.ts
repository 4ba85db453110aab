import type { EventDraft } from '../../agent/report/outbox.ts';
import { day } from '../../test/collector/helpers/example-snapshot.ts';
import type { Furnished } from './certificates.ts';
import { randomBy, type Random } from './random.ts';

/** For how long the estate was watched before it is looked at. */
export const pastDays = 28;

/** Something that happened on a host, in the order of `at` (milliseconds since 1970). */
export interface Happening {
  at: number;
  place: Furnished;
  /** Which version is there from now on; absent: the same. */
  standing?: { issued: number; served: number };
  /** The agent tells of a drift only once it lasts. */
  isYoung: boolean;
  events: EventDraft[];
}

const second = 1000;
const hour = 3600 * second;

/** All renewals since the estate was watched, and how each one came to be served. */
export function pastOf(seed: number, places: readonly Furnished[], now: number): Happening[] {
  const random = randomBy(seed + 1);
  const happenings = places
    .filter(({ keeper }) => keeper === 'certbot')
    .flatMap((place, number) =>
      place.versions.flatMap((version, index) => {
        const at = Date.parse(version.notBefore) + 2 * second;
        if (index === 0 || at < now - pastDays * day) return [];
        return renewalOf(random, place, index, at, number);
      }),
    );
  return [...happenings, ...rehearsals(places, now)].sort((one, other) => one.at - other.at);
}

/** Each host rehearses a renewal twice a week, hosts one after the other: so it is looked at even where nothing is renewed. */
function rehearsals(places: readonly Furnished[], now: number): Happening[] {
  const byHost = Map.groupBy(places, ({ machine }) => machine.name);
  return [...byHost.values()].flatMap((own, index) => {
    const place = own.find(({ keeper }) => keeper === 'certbot');
    const first = now - pastDays * day + hour + index * 3 * hour;
    return Array.from({ length: pastDays / 3.5 }, (_, turn): Happening[] => {
      const at = first + turn * 3.5 * day;
      const [name = ''] = place?.names ?? [];
      const event = eventOf(at, 'rehearsal', name, `the renewal of ${name} would succeed`);
      return place && at < now ? [{ at, place, isYoung: false, events: [event] }] : [];
    }).flat();
  });
}

function renewalOf(random: Random, place: Furnished, version: number, at: number, number: number): Happening[] {
  const [name = ''] = place.names;
  const { mode } = place.machine;
  const renewSeconds = random.between(3, 14);
  const isOwn = mode === 'renew';
  const issued = isOwn
    ? actionOf(at, 'renewal', name, `${name} was renewed`, [
        ['lock', 0.01],
        ['certbot', renewSeconds],
        ['compare', 0.02],
      ])
    : eventOf(at, 'certificate-issued', name, `${name} has a new certificate`);
  const renewed = { at, place, standing: { issued: version, served: version - 1 }, events: [issued] };
  if (place.servedUntil !== undefined) return [{ ...renewed, isYoung: false }];
  const lastsMs = (isOwn ? random.between(1, 6) : lastingOf(random, number)) * second;
  const servedAt = at + Math.round(lastsMs);
  const loaded = actionOf(servedAt, 'deployment', name, `${name} is served everywhere`, [
    ['preflight', 0.2],
    ['reload', random.between(0.06, 0.2)],
    ['prove', random.between(0.2, 1.1)],
  ]);
  const served = {
    at: servedAt,
    place,
    standing: { issued: version, served: version },
    isYoung: false,
    events: [loaded],
  };
  return [{ ...renewed, isYoung: isOwn }, served];
}

/** Seconds from the renewal by certbot's timer to its reload: at the agent's next look, unless nginx did not take it. */
function lastingOf(random: Random, number: number): number {
  return number % 11 === 5 ? random.between(2 * hour, 20 * hour) / second : random.between(20, 260);
}

function eventOf(at: number, kind: EventDraft['kind'], lineage: string, summary: string): EventDraft {
  const subject = { kind: 'lineage' as const, id: lineage };
  return { at: new Date(at).toISOString(), kind, subject, ok: true, summary, detail: {}, steps: [] };
}

function actionOf(
  at: number,
  kind: EventDraft['kind'],
  lineage: string,
  summary: string,
  steps: readonly (readonly [string, number])[],
): EventDraft {
  const timed = steps.map(([step, seconds]) => ({ step, ok: true, durationMs: Math.round(seconds * second) }));
  return { ...eventOf(at, kind, lineage, summary), steps: timed };
}
