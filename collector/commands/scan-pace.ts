import { printable } from '@certherd/command-line/printable';
import type { Pace } from '@certherd/handshake/outside/pace';
import { startFailure } from '../failure.ts';

/** As they were typed. */
export interface PaceOptions {
  rate?: string | undefined;
  addressRate?: string | undefined;
  atOnce?: string | undefined;
}

/** How fast a scan asks. Rejects with a line that says what is expected. */
export function paceOf(options: PaceOptions): Pace {
  const atOnce = wholeFrom('--at-once', options.atOnce ?? '64', 1, 4096);
  return {
    perSecond: wholeFrom('--rate', options.rate ?? '100', 1, 1_000_000),
    perSecondOfAddress: wholeFrom('--address-rate', options.addressRate ?? '10', 1, 1_000_000),
    atOnce,
    // a server is not to notice: the rest of what may run at the same time is for others
    atOnceOfAddress: options.addressRate === undefined ? 4 : atOnce,
  };
}

export function wholeFrom(flag: string, text: string, low: number, high: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= low && number <= high) return number;
  throw startFailure(`${flag}: expected a number from ${low} to ${high}, found ${printable(text)}`);
}
