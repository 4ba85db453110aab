import type { Endpoint } from '@certherd/protocol/snapshot';

type Reach = Pick<Endpoint, 'reached' | 'reachedAt'>;

/** How far a certificate got by its host alone, which cannot know what is presented elsewhere. */
export function reachedAtHost({ reached, reachedAt }: Reach): Reach {
  if (reached !== 'served-everywhere' && reachedAt?.['served-everywhere'] === undefined)
    return { reached, ...(reachedAt && { reachedAt }) };
  const { 'served-everywhere': _, ...own } = reachedAt ?? {};
  return { reached: reached === 'served-everywhere' ? 'served' : reached, reachedAt: own };
}

/** The same with what is seen from outside: since when it is presented everywhere, in milliseconds since 1970; undefined: it is not, or nobody knows. */
export function reachedWith(endpoint: Reach, everywhereSince: number | undefined): Reach {
  const own = reachedAtHost(endpoint);
  if (everywhereSince === undefined || own.reached !== 'served' || !own.reachedAt) return own;
  const at = new Date(everywhereSince).toISOString();
  return { reached: 'served-everywhere', reachedAt: { ...own.reachedAt, 'served-everywhere': at } };
}
