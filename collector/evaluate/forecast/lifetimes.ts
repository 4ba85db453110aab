const dayMs = 86_400_000;

/** From an instant on, nobody gets a longer life from these authorities. */
export interface LifetimeStep {
  /** Milliseconds since 1970. */
  from: number;
  days: number;
  /** The organisation that issues; undefined: every public one. */
  authority?: string;
  /** Who said so. */
  source: string;
}

const baseline = 'CA/Browser Forum, ballot SC-081v3';
const letsEncrypt = "Let's Encrypt";

/** The lifetimes that are announced, in the order of time. */
export const announced: readonly LifetimeStep[] = [
  { from: Date.parse('2026-03-15T00:00:00Z'), days: 200, source: baseline },
  { from: Date.parse('2027-02-10T00:00:00Z'), days: 64, authority: letsEncrypt, source: letsEncrypt },
  { from: Date.parse('2027-03-15T00:00:00Z'), days: 100, source: baseline },
  { from: Date.parse('2028-02-16T00:00:00Z'), days: 45, authority: letsEncrypt, source: letsEncrypt },
  { from: Date.parse('2029-03-15T00:00:00Z'), days: 47, source: baseline },
];

/** What a certificate that is issued at `at` lives at most, in milliseconds; Infinity: nothing bounds it. */
export function longestLife(steps: readonly LifetimeStep[], authority: string, at: number): number {
  const bounds = steps.filter((step) => step.from <= at && (step.authority ?? authority) === authority);
  return Math.min(Infinity, ...bounds.map(({ days }) => days * dayMs));
}
