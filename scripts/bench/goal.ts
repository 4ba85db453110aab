/** One measured goal. Figures hold for one machine on one day; the ratio is what travels. */
export interface Goal {
  what: string;
  unit: string;
  ours: number;
  /** What the ratio is against. */
  baseline: { what: string; value: number };
  /** Met when `ours`, or the ratio ours / baseline, is below this; a line without goal only informs. */
  goal?: { of: 'ours' | 'ratio'; below: number };
  /** Spread and the like. */
  note?: string;
}

/** Runs one bench; `progress` tells people what it does meanwhile. `whole`: at full size, if that takes minutes. One that takes long gives each goal as it is measured. */
export type Bench = (progress: (text: string) => void, whole: boolean) => Promise<Goal[]> | AsyncIterable<Goal>;

export function goalLine(bench: string, { what, unit, ours, baseline, goal, note }: Goal): string {
  const ratio = ours / baseline.value;
  const parts = [
    `${bench}: ${what}: ${figure(ours)} ${unit}`,
    `${baseline.what}: ${figure(baseline.value)} ${unit}`,
    `ratio ${ratio.toFixed(2)}`,
  ];
  if (goal) {
    const met = (goal.of === 'ours' ? ours : ratio) < goal.below;
    parts.push(`goal < ${goal.of === 'ours' ? `${figure(goal.below)} ${unit}` : goal.below.toFixed(2)}`);
    parts.push(met ? 'met' : 'short of goal');
  }
  if (note !== undefined) parts.push(note);
  return parts.join(' | ');
}

export function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
