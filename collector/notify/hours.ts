import type { Hours, WallClock } from './settings.ts';

const minuteMs = 60_000;
/** No hours last longer, and those that follow one another are one. */
const mostMinutes = 8 * 24 * 60;

/** Is it within these hours, by the clocks of their zone? */
export function isWithin(hours: Hours, now: number): boolean {
  const { from, until, days, clock } = hours;
  const { day, minute } = clock(now);
  const begins = (at: number) => days === undefined || days.includes(at);
  if (from <= until) return minute >= from && minute < until && begins(day);
  return (minute >= from && begins(day)) || (minute < until && begins((day + 6) % 7));
}

/** When they are over, to the minute: milliseconds since 1970. A clock that is put forward or back is gone along with. */
export function endOf(hours: Hours, now: number): number {
  const minute = Math.floor(now / minuteMs);
  // Quarters first: eight days are 768 of them.
  let at = minute;
  while (at < minute + mostMinutes && isWithin(hours, at * minuteMs)) at += 15;
  while (at > minute && !isWithin(hours, (at - 1) * minuteMs)) at -= 1;
  return at * minuteMs;
}

/** The clock of an IANA zone; undefined: there is none of this name. What it is made of is dear: keep it. */
export function clockOf(zone: string): WallClock | undefined {
  let format: Intl.DateTimeFormat;
  try {
    const time = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, ...time });
  } catch {
    return undefined;
  }
  return (now) => {
    const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
    const day = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(parts.get('weekday') ?? '');
    return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
  };
}
