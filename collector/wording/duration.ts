const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const year = 365 * day;

/** How long ago, in one unit: "now", "4 s ago", "3 min ago", "5 h ago", "12 d ago"; "in 4 s" when ahead. */
export function ago(ms: number): string {
  if (Math.abs(ms) < second) return 'now';
  return ms < 0 ? `in ${coarse(-ms)}` : `${coarse(ms)} ago`;
}

/** A time to come in two units, or how long it is past: "61 d 4 h left", "2 min 5 s left", "ended 3 h ago". */
export function timeLeft(ms: number): string {
  return ms > 0 ? `${fine(ms)} left` : `ended ${coarse(Math.max(-ms, second))} ago`;
}

/** What an action took: "83 ms", "2.4 s", "3 min 20 s". */
export function took(ms: number): string {
  if (ms < second) return `${Math.round(ms)} ms`;
  return ms < minute ? `${(ms / second).toFixed(1)} s` : fine(ms);
}

/** One unit, cut and not rounded: 119 s is "1 min". */
export function coarse(ms: number): string {
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return `${Math.floor(ms / minute)} min`;
  if (ms < 2 * day) return `${Math.floor(ms / hour)} h`;
  if (ms < 2 * year) return `${Math.floor(ms / day)} d`;
  return `${Math.floor(ms / year)} y`;
}

/** How a host's clock stands to the collector's: "right", "3 min ahead", "4 s behind"; from seconds, negative where it is behind. */
export function clockWords(seconds: number | undefined): string {
  if (seconds === undefined) return 'not measured';
  if (seconds === 0) return 'right';
  return `${coarse(Math.abs(seconds) * second)} ${seconds > 0 ? 'ahead' : 'behind'}`;
}

/** An instant as people write it, in UTC: "2026-11-23 21:43:35 UTC". */
export function absolute(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
}

function fine(ms: number): string {
  if (ms < minute) return `${Math.floor(ms / second)} s`;
  if (ms < hour) return two(ms, minute, 'min', second, 's');
  if (ms < 2 * day) return two(ms, hour, 'h', minute, 'min');
  if (ms < 100 * day) return two(ms, day, 'd', hour, 'h');
  if (ms < 2 * year) return `${Math.floor(ms / day)} d`;
  return two(ms, year, 'y', day, 'd');
}

function two(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`;
}
