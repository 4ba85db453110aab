import type { Due } from './due.ts';

/** Let's Encrypt's limits on issuance (letsencrypt.org/docs/rate-limits); another CA's are not known here. */
export const limits = [
  { key: 'orders', words: 'orders of one account in 3 hours', most: 300, windowMs: 3 * 3_600_000 },
  { key: 'domain', words: 'certificates for one registered domain in 7 days', most: 50, windowMs: 7 * 86_400_000 },
  { key: 'names', words: 'certificates for the same names in 7 days', most: 5, windowMs: 7 * 86_400_000 },
] as const;
export type Limit = (typeof limits)[number];

/** The fullest window ahead of one limit. */
export interface LimitUse {
  readonly limit: Limit;
  readonly count: number;
  /** Begin of the window, milliseconds since 1970. */
  readonly from: number;
  /** The domain, or the names; raw. Empty for an account. */
  readonly subject: string;
}

/** How near the renewals ahead come to each limit of Let's Encrypt. One account is assumed, which is the worst case. */
export function limitUses(dues: readonly Due[]): LimitUse[] {
  const renewals = dues.filter(({ what, leaf }) => what === 'renewal' && isLetsEncrypt(leaf.lineage?.acmeDirectory));
  return limits.map((limit) => {
    const groups = Map.groupBy(
      renewals.flatMap((due) => subjectsOf(limit, due).map((subject) => ({ subject, at: due.at }))),
      ({ subject }) => subject,
    );
    const uses = [...groups].map(([subject, members]) => ({
      limit,
      subject,
      ...fullest(
        members.map(({ at }) => at),
        limit.windowMs,
      ),
    }));
    return uses.reduce((most, use) => (use.count > most.count ? use : most), { limit, subject: '', count: 0, from: 0 });
  });
}

/** The window of this length with the most instants in it; the first of equals. `instants` ascend. */
export function fullest(instants: readonly number[], windowMs: number): { count: number; from: number } {
  let best = { count: 0, from: 0 };
  let start = 0;
  for (const [index, at] of instants.entries()) {
    while ((instants[start] ?? at) <= at - windowMs) start += 1;
    const count = index - start + 1;
    if (count > best.count) best = { count, from: instants[start] ?? at };
  }
  return best;
}

function subjectsOf({ key }: Limit, { leaf: { certificate } }: Due): string[] {
  if (key === 'orders') return [''];
  if (key === 'domain') return certificate.domains;
  return [
    certificate.subjectAltNames
      .map((name) => name.toLowerCase())
      .sort()
      .join(' '),
  ];
}

function isLetsEncrypt(directory: string | undefined): boolean {
  return directory?.startsWith('https://acme-v02.api.letsencrypt.org/') === true;
}
