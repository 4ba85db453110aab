import type { WebSession } from '../store/accounts.ts';
import type { SessionView } from './account-bodies.ts';

/** A browser that is signed in as it is shown; `own`: it is the one that asks. */
export function sessionView(
  { hash, createdAt, seenAt, endsAt, address }: WebSession & { hash: Uint8Array },
  own: boolean,
): SessionView {
  return {
    id: sessionId(hash),
    createdAt: instant(createdAt),
    seenAt: instant(seenAt),
    endsAt: instant(endsAt),
    address,
    own,
  };
}

/** Of a hash of 256 random bits: nothing can be made of it. */
export function sessionId(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex').slice(0, 32);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
