import type { Instant } from '@certherd/protocol/certificate';

/** Milliseconds since 1970 as the protocol writes them; undefined for what is no time, or outside the years 0 to 9999. */
export function instantOf(ms: number): Instant | undefined {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return undefined;
  const text = date.toISOString();
  // beyond those years it begins with a sign
  return /^\d{4}-/.test(text) ? text : undefined;
}
