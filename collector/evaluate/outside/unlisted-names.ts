import type { LoggedRow } from '../../store/transparency.ts';

/** A name that has a certificate somewhere, and that nobody here listed. */
export interface UnlistedName {
  name: string;
  /** Of the certificates that are valid: when the first was logged, and until when the last is valid. Milliseconds since 1970. */
  loggedAt: number;
  until: number;
  /** Who issued the last. Raw. */
  issuer: string;
}

/** Names of logged certificates that are valid at `now` and stand in nothing that is known here; a known wildcard stands for what is right below it. */
export function unlistedNames(rows: readonly LoggedRow[], known: ReadonlySet<string>, now: number): UnlistedName[] {
  const found = new Map<string, UnlistedName>();
  for (const { names, loggedAt, notAfter, issuer } of rows) {
    if (notAfter <= now) continue;
    for (const name of names) {
      if (known.has(name) || known.has(name.replace(/^[^.]+/, '*'))) continue;
      const before = found.get(name);
      const last = before && before.until >= notAfter ? before : { until: notAfter, issuer };
      const first = Math.min(before?.loggedAt ?? loggedAt, loggedAt);
      found.set(name, { name, loggedAt: first, until: last.until, issuer: last.issuer });
    }
  }
  return [...found.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}
