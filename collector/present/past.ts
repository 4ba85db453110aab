import type { FindingSpanView, ServingView } from '../serve/history-view.ts';

/** Findings that stood at instants one step apart, by severity: one point for each. */
export interface StandingOverTime {
  /** Milliseconds since 1970. */
  readonly at: number[];
  readonly critical: number[];
  readonly warning: number[];
  readonly unknown: number[];
}

export function standingOverTime(
  spans: readonly FindingSpanView[],
  since: number,
  now: number,
  points: number,
): StandingOverTime {
  const step = (now - since) / points;
  const at = Array.from({ length: points + 1 }, (_, index) => Math.round(since + index * step));
  const counts = { critical: at.map(() => 0), warning: at.map(() => 0), unknown: at.map(() => 0) };
  for (const { severity, from, until } of spans) {
    if (severity === 'notice') continue;
    const first = Math.max(0, Math.ceil((Date.parse(from) - since) / step));
    const end = until === undefined ? points + 1 : Math.ceil((Date.parse(until) - since) / step);
    for (let index = first; index < Math.min(end, points + 1); index += 1) {
      const series = counts[severity];
      series[index] = (series[index] ?? 0) + 1;
    }
  }
  return { at, ...counts };
}

/** How long renewed certificates were on their way to the clients, by the day on which they were issued. */
export interface TimeToServed {
  /** The day's begin in UTC, milliseconds since 1970. */
  readonly at: number;
  readonly count: number;
  /** Milliseconds. */
  readonly half: number;
  readonly most: number;
}

const dayMs = 86_400_000;

export function timeToServed(servings: readonly ServingView[]): TimeToServed[] {
  const byDay = Map.groupBy(
    servings.filter(({ servedAt }) => servedAt !== undefined),
    ({ issuedAt }) => Math.floor(Date.parse(issuedAt) / dayMs),
  );
  return [...byDay]
    .map(([day, members]) => {
      const times = members.map(wayOf).sort((one, other) => one - other);
      return { at: day * dayMs, count: times.length, half: percentile(times, 0.5), most: percentile(times, 0.95) };
    })
    .sort((one, other) => one.at - other.at);
}

/** All of them together: half are no slower than `half`, and so on. undefined: none was served. */
export function timeToServedOverall(servings: readonly ServingView[]) {
  const times = servings
    .filter(({ servedAt }) => servedAt !== undefined)
    .map(wayOf)
    .sort((one, other) => one - other);
  if (times.length === 0) return undefined;
  return {
    count: times.length,
    half: percentile(times, 0.5),
    most: percentile(times, 0.95),
    slowest: percentile(times, 1),
    waiting: servings.length - times.length,
  };
}

/** The smallest value that this share of the (ascending) values does not exceed: nearest rank. */
export function percentile(values: readonly number[], share: number): number {
  return values[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0;
}

function wayOf({ issuedAt, servedAt }: ServingView): number {
  return servedAt === undefined ? 0 : Date.parse(servedAt) - Date.parse(issuedAt);
}
