import { lifeAt } from './life.ts';
import type { Leaf } from './leaves.ts';

/** Certificates by the share of their life that is left, so that one of six days and one of a year stand side by side. */
export interface LifeBin {
  /** 0.95 is "95 to 100 %"; undefined: ended. */
  readonly from: number | undefined;
  readonly automatic: number;
  /** By hand, or told not to renew. */
  readonly manual: number;
}

export const binCount = 20;

/** What ended first, then each twentieth of a life, the shortest rest first. */
export function lifeBins(leaves: readonly Leaf[], now: number): LifeBin[] {
  const bins = Array.from({ length: binCount + 1 }, () => ({ automatic: 0, manual: 0 }));
  for (const { certificate, keeper } of leaves) {
    const { leftMs, shareLeft } = lifeAt(certificate, now);
    const place = leftMs <= 0 ? 0 : 1 + Math.min(binCount - 1, Math.floor(shareLeft * binCount));
    const bin = bins[place];
    if (bin) bin[keeper === 'automatic' ? 'automatic' : 'manual'] += 1;
  }
  return bins.map((bin, index) => ({ from: index === 0 ? undefined : (index - 1) / binCount, ...bin }));
}
