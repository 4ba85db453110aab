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
  /** Private authorities keep to it, too. */
  bindsPrivate?: true;
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

/** The longest life of a public certificate that is still valid: those of before 2020-09-01, some of which had more, have ended. */
const longestPublicDays = 398;

/** What a certificate is told by: instants are milliseconds since 1970. */
interface Issued {
  authority: string;
  notBefore: number;
  notAfter: number;
}

/** May a public authority have issued it? What lives longer than any public certificate may is a private one's, which no announced lifetime binds. */
export function mayBePublic({ authority, notBefore, notAfter }: Issued): boolean {
  const most = Math.min(longestPublicDays * dayMs, longestLife(announced, authority, notBefore));
  return notAfter - notBefore <= most;
}

/** Those of the steps that bind whoever issued this. */
export function stepsFor(steps: readonly LifetimeStep[], issued: Issued): readonly LifetimeStep[] {
  return mayBePublic(issued) ? steps : steps.filter(({ bindsPrivate }) => bindsPrivate);
}

/** What a certificate that is issued at `at` lives at most, in milliseconds; Infinity: nothing bounds it. */
export function longestLife(steps: readonly LifetimeStep[], authority: string, at: number): number {
  const bounds = steps.filter((step) => step.from <= at && (step.authority ?? authority) === authority);
  return Math.min(Infinity, ...bounds.map(({ days }) => days * dayMs));
}
