import { attributeValues } from '../distinguished-name.ts';

/** Far more than any fleet has at a time; hosts may tell of ever new ones. */
const mostKept = 4_096;

/** Who issued, by issuer: its organisation, else its whole name. One text for all that it issued. */
export function authorityTexts(most = mostKept): { of: (issuer: string) => string; size: () => number } {
  const kept = new Map<string, string>();
  return {
    of(issuer) {
      const known = kept.get(issuer);
      if (known !== undefined) return known;
      // those in use are soon there again
      if (kept.size >= most) kept.clear();
      const authority = attributeValues(issuer, 'O')[0] ?? issuer;
      kept.set(issuer, authority);
      return authority;
    },
    size: () => kept.size,
  };
}
