import type { Staple } from '../../store/targets.ts';

/** What is stapled to a leaf, as far as it is known, and whether the leaf demands it. */
export interface Stapled {
  staple?: Staple;
  mustStaple?: boolean;
}

/** What is wrong with what is stapled: a closed list. That it says `revoked` is the certificate's fault. */
export type StapleFault =
  /** the certificate demands one, and there is none */
  | 'missing'
  /** its nextUpdate is over */
  | 'stale'
  /** its thisUpdate is to come */
  | 'early'
  | Exclude<Staple['state'], 'none' | 'good' | 'revoked' | 'issuer-absent' | 'unsupported'>;

/** Clocks differ: those of responders from that of the collector. */
const clockMs = 5 * 60_000;

/**
 * Whether clients that heed staples turn away. `now`: milliseconds since 1970. What cannot be judged here is no fault: the issuer was not sent, which is told of the chain, or
 * it is signed in a way that is not known here.
 */
export function stapleFault({ staple, mustStaple = false }: Stapled, now: number): StapleFault | undefined {
  if (!staple) return undefined;
  const { state, thisUpdate = '', nextUpdate = '' } = staple;
  switch (state) {
    case 'none':
      return mustStaple ? 'missing' : undefined;
    case 'good':
      if (Date.parse(nextUpdate) <= now) return 'stale';
      return Date.parse(thisUpdate) > now + clockMs ? 'early' : undefined;
    case 'revoked':
    case 'issuer-absent':
    case 'unsupported':
      return undefined;
    default:
      return state;
  }
}

/** When `stapleFault` may come to say something else of it (milliseconds since 1970). */
export function stapleTurns({ thisUpdate = '', nextUpdate = '' }: Staple): number[] {
  return [Date.parse(thisUpdate) - clockMs, Date.parse(nextUpdate)];
}

/** Each behind "the OCSP answer that is stapled to it". */
export const faultWords: Readonly<Record<StapleFault, string>> = {
  missing: 'is missing, and the certificate demands one',
  stale: 'is stale',
  early: 'is of a time to come',
  unknown: 'says that its responder does not know the certificate',
  'too-large': 'is larger than 16 KiB',
  malformed: 'is broken',
  'not-successful': 'says that its responder has none',
  'other-certificate': 'is about another certificate',
  'signer-absent': 'is signed by somebody who is not known',
  'signer-not-entitled': 'is signed by somebody whom the issuer did not entitle',
  'signature-wrong': 'has a wrong signature',
};
