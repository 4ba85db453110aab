/** What is wrong with what was presented, in the order of its weight. */
export type PresentedProblem = 'expired' | 'not-yet-valid' | 'name-mismatch' | 'untrusted';

/** A leaf as it was presented, and how it was judged by the name that was asked for. */
export interface Presented {
  notBefore: string;
  notAfter: string;
  nameMatches: boolean;
  trusted: boolean;
}

/** At an instant, in milliseconds since 1970. */
export function problemsOf({ notBefore, notAfter, nameMatches, trusted }: Presented, now: number): PresentedProblem[] {
  return [
    ...(Date.parse(notAfter) <= now ? (['expired'] as const) : []),
    ...(Date.parse(notBefore) > now ? (['not-yet-valid'] as const) : []),
    ...(nameMatches ? [] : (['name-mismatch'] as const)),
    ...(trusted ? [] : (['untrusted'] as const)),
  ];
}
