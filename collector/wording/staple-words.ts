import { faultWords, type Stapled, stapleFault } from '../evaluate/outside/staple.ts';
import { absolute } from './duration.ts';

/** The OCSP answer that a server staples, in words. `now`: milliseconds since 1970. */
export function stapleWords(stapled: Stapled, now: number): string {
  const { staple } = stapled;
  if (!staple) return 'not known';
  const { state, nextUpdate, revokedAt } = staple;
  const fault = stapleFault(stapled, now);
  if (fault === 'stale' && nextUpdate !== undefined)
    return `${faultWords.stale}: it was good until ${absolute(nextUpdate)}`;
  if (fault) return faultWords[fault];
  if (state === 'revoked')
    return `says that the certificate is revoked${revokedAt === undefined ? '' : `, since ${absolute(revokedAt)}`}`;
  return state === 'good' && nextUpdate !== undefined ? `good, until ${absolute(nextUpdate)}` : (words[state] ?? state);
}

const words: Readonly<Partial<Record<string, string>>> = {
  none: 'none',
  'issuer-absent': 'cannot be checked: the issuer was not sent, and is none of the trusted roots',
  unsupported: 'cannot be checked: it is signed in a way that is not known here',
};
