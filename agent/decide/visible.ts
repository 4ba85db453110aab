import { Finding } from '@certherd/protocol/finding';
import Type, { type Static } from 'typebox';
import type { Config } from '../config.ts';
import { delayOf } from './delays.ts';
import { byUrgency } from './policies.ts';

/** One finding on its way: waiting to be shown, shown, or gone for too short a time to have ended. Instants are milliseconds since 1970. */
export const Sighting = Type.Object({
  /** As it was judged last. */
  finding: Finding,
  /** When it was first judged, counted anew once it has ended. */
  firstAt: Type.Number(),
  /** When it was judged last; while it is shown and goes on, when it was first shown. */
  lastAt: Type.Number(),
  /** Absent while it waits. */
  shownAt: Type.Optional(Type.Number()),
  /** The first look that did not judge it any more. */
  goneAt: Type.Optional(Type.Number()),
  /** It was more than a notice while it was shown: its beginning was an event, and its end will be one. */
  told: Type.Optional(Type.Boolean()),
});
export type Sighting = Static<typeof Sighting>;

const soonMs = 2000;
/** While something shown may be mended by a reload or a start, of which no file tells, it is looked at this often. */
const watchedMs = 30_000;
/** What is mended must not look broken for longer than it takes to see that it stays so. */
const mendedMs = 5000;

export interface Visible {
  /** What is shown, most urgent first. */
  findings: Finding[];
  sightings: Sighting[];
  /** When to look again because of them, milliseconds since 1970; Infinity where none waits. */
  lookAgainAt: number;
}

/**
 * What is shown of what is judged. A finding is shown once its delay has passed since it was first judged, and ends
 * once it has been shown for as long and gone for some seconds. So within one delay it is shown or ends at most once, whatever
 * the facts do, and what a person mends is soon told as mended. Only what is told waits: the plan acts on what is judged.
 */
export function visible(
  judged: Finding[],
  earlier: Sighting[],
  config: Pick<Config, 'findingDelayMs'>,
  now: number,
): Visible {
  const before = new Map(earlier.map((one) => [keyOf(one.finding), notAhead(one, now)]));
  const seen = judged.map((finding) => seenAgain(finding, before.get(keyOf(finding)), config, now));
  const present = new Set(judged.map(keyOf));
  const away = [...before]
    .filter(([key]) => !present.has(key))
    .map(([, sighting]) => ({ ...sighting, goneAt: sighting.goneAt ?? now }))
    .filter((sighting) => endsAt(sighting, config) > now);
  const sightings = [...seen, ...away];
  return {
    findings: sightings
      .filter(({ shownAt }) => shownAt !== undefined)
      .map(({ finding }) => finding)
      .sort(byUrgency),
    sightings,
    lookAgainAt: Math.min(...sightings.map((sighting) => looksAgainAt(sighting, config, now))),
  };
}

/** What an agent that starts again goes on with: what waited and was not seen within its delay begins anew. */
export function afterRestart(sightings: Sighting[], config: Pick<Config, 'findingDelayMs'>, now: number): Sighting[] {
  return sightings.filter(
    ({ finding, shownAt, lastAt }) => shownAt !== undefined || now - lastAt < delayOf(finding.code, config),
  );
}

/** The findings that an earlier version remembered were all shown. */
export function shownBefore(findings: Finding[]): Sighting[] {
  return findings.map((finding) => {
    const at = Date.parse(finding.since);
    return { finding, firstAt: at, lastAt: at, shownAt: at, told: finding.severity !== 'notice' };
  });
}

/** One verdict on one subject is the same finding, whatever its words and severity. */
export function keyOf({ code, subject }: Pick<Finding, 'code' | 'subject'>): string {
  return JSON.stringify([code, subject.kind, subject.id]);
}

function seenAgain(
  finding: Finding,
  before: Sighting | undefined,
  config: Pick<Config, 'findingDelayMs'>,
  now: number,
): Sighting {
  const firstAt = before?.firstAt ?? now;
  const shownAt = before?.shownAt ?? (now - firstAt >= delayOf(finding.code, config) ? now : undefined);
  if (shownAt === undefined) return { finding, firstAt, lastAt: now };
  const told = before?.told === true || finding.severity !== 'notice';
  return { finding, firstAt, lastAt: shownAt, shownAt, ...(told && { told }) };
}

/** For one whose finding is away. */
function endsAt({ finding, lastAt, shownAt, goneAt = lastAt }: Sighting, config: Pick<Config, 'findingDelayMs'>) {
  const delay = delayOf(finding.code, config);
  return shownAt === undefined ? lastAt + delay : Math.max(shownAt + delay, goneAt + Math.min(delay, mendedMs));
}

/** When it is to be looked at again: at the latest when time alone shows or ends it. */
function looksAgainAt(sighting: Sighting, config: Pick<Config, 'findingDelayMs'>, now: number): number {
  const { finding, firstAt, lastAt, shownAt, goneAt } = sighting;
  if (shownAt !== undefined && goneAt !== undefined) return endsAt(sighting, config);
  if (shownAt !== undefined) {
    const isWatched = finding.severity === 'critical' && ['endpoint', 'server'].includes(finding.subject.kind);
    return isWatched ? now + Math.max(soonMs, Math.min(watchedMs, now - shownAt)) : Number.POSITIVE_INFINITY;
  }
  if (goneAt !== undefined) return Number.POSITIVE_INFINITY;
  // Nobody tells of a reload: what mostly ends soon is looked at soon, and then after twice the time each.
  return Math.min(firstAt + delayOf(finding.code, config), lastAt + Math.max(soonMs, lastAt - firstAt));
}

/** An instant later than now was written by a wrong clock, and would hold the finding for as long as that was wrong. */
function notAhead(sighting: Sighting, now: number): Sighting {
  const { firstAt, lastAt, shownAt, goneAt, ...rest } = sighting;
  return {
    ...rest,
    firstAt: Math.min(firstAt, now),
    lastAt: Math.min(lastAt, now),
    ...(shownAt !== undefined && { shownAt: Math.min(shownAt, now) }),
    ...(goneAt !== undefined && { goneAt: Math.min(goneAt, now) }),
  };
}
