import { type Signal, signal } from '@preact/signals';
import { usualIncidentCost } from '../../present/report.ts';

/** What somebody wrote into the report. */
export interface KeptPrices {
  /** A year of one certificate, by CA. */
  readonly byAuthority: Readonly<Record<string, number>>;
  /** What one incident would have cost. */
  readonly incident: number;
}

const key = 'certherd.prices';
const none: KeptPrices = { byAuthority: {}, incident: usualIncidentCost };

/** Kept in this browser; a browser that keeps nothing forgets them with the page. */
export function keptPrices(storage: () => Storage): { prices: Signal<KeptPrices>; keep: (next: KeptPrices) => void } {
  const prices = signal(read(storage));
  return {
    prices,
    keep(next) {
      prices.value = next;
      try {
        storage().setItem(key, JSON.stringify(next));
      } catch {
        // Private windows and full storage: they hold until the page is closed.
      }
    },
  };
}

function read(storage: () => Storage): KeptPrices {
  try {
    const kept: unknown = JSON.parse(storage().getItem(key) ?? 'null');
    if (typeof kept !== 'object' || kept === null || !('byAuthority' in kept) || !('incident' in kept)) return none;
    const { byAuthority, incident } = kept;
    if (typeof byAuthority !== 'object' || byAuthority === null || !isPrice(incident)) return none;
    return {
      byAuthority: Object.fromEntries(
        Object.entries(byAuthority).filter((entry): entry is [string, number] => isPrice(entry[1])),
      ),
      incident,
    };
  } catch {
    return none;
  }
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
