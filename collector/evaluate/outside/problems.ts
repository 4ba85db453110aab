import { type Stapled, stapleFault } from './staple.ts';

/** What is wrong with what was presented, in the order of its weight. */
export type PresentedProblem =
  | 'expired'
  | 'not-yet-valid'
  | 'revoked'
  | 'name-mismatch'
  | 'untrusted'
  | 'staple-invalid';

/** A leaf as it was presented, and how it was judged by the name that was asked for. */
export interface Presented extends Stapled {
  notBefore: string;
  notAfter: string;
  nameMatches: boolean;
  trusted: boolean;
}

/** At an instant, in milliseconds since 1970. */
export function problemsOf(presented: Presented, now: number): PresentedProblem[] {
  const { notBefore, notAfter, nameMatches, trusted, staple } = presented;
  return [
    ...(Date.parse(notAfter) <= now ? (['expired'] as const) : []),
    ...(Date.parse(notBefore) > now ? (['not-yet-valid'] as const) : []),
    ...(staple?.state === 'revoked' ? (['revoked'] as const) : []),
    ...(nameMatches ? [] : (['name-mismatch'] as const)),
    ...(trusted ? [] : (['untrusted'] as const)),
    ...(stapleFault(presented, now) ? (['staple-invalid'] as const) : []),
  ];
}
