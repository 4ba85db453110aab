/** A validity period (RFC 5280 4.1.2.5) as two instants. */
export interface Validity {
  readonly notBefore: string;
  readonly notAfter: string;
}

export interface Life {
  /** Milliseconds until notAfter; negative afterwards. */
  readonly leftMs: number;
  /** Share of the lifetime that is left: 1 at notBefore and earlier, 0 at notAfter and later. */
  readonly shareLeft: number;
  /** `short`: past the instant at which a renewal should be over; `ending`: under a twentieth; both scale with the life. */
  readonly stage: 'ample' | 'short' | 'ending' | 'ended';
}

/** Where `now` (milliseconds since 1970) lies in a validity period. A period without length has ended. */
export function lifeAt({ notBefore, notAfter }: Validity, now: number): Life {
  const end = Date.parse(notAfter);
  const length = end - Date.parse(notBefore);
  const leftMs = end - now;
  const shareLeft = length > 0 ? Math.min(1, Math.max(0, leftMs / length)) : 0;
  return { leftMs, shareLeft, stage: stageOf(leftMs, shareLeft) };
}

/** "68 %", never 0 % while some is left and never 100 % when some is gone. */
export function sharePercent(share: number): string {
  if (share > 0 && share < 0.01) return 'under 1 %';
  return `${share < 1 ? Math.min(99, Math.round(share * 100)) : 100} %`;
}

function stageOf(leftMs: number, shareLeft: number): Life['stage'] {
  if (leftMs <= 0) return 'ended';
  if (shareLeft < 0.05) return 'ending';
  return shareLeft < 0.25 ? 'short' : 'ample';
}
