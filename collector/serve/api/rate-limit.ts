import type { Clock } from '../../ports.ts';
import { networkOf } from '../access/network-of.ts';

/** How much one address may ask. */
export interface RateLimit {
  /** 0: go on. Else the seconds after which the next request is answered. */
  take: (address: string) => number;
}

interface Bucket {
  left: number;
  at: number;
}

const mostAddresses = 10_000;

/** `burst` requests at once, and `perSecond` in the long run, for each address; of IPv6 for each /64, which is one customer's. */
export function createRateLimit(clock: Clock, { perSecond, burst }: { perSecond: number; burst: number }): RateLimit {
  const buckets = new Map<string, Bucket>();
  return {
    take(address) {
      const key = networkOf(address);
      const at = clock.monotonic();
      const before = buckets.get(key) ?? { left: burst, at };
      const left = Math.min(burst, before.left + ((at - before.at) / 1000) * perSecond);
      // What was asked last goes last: whoever was quiet for long has a full bucket anyway.
      buckets.delete(key);
      buckets.set(key, { left: left < 1 ? left : left - 1, at });
      for (const old of buckets.keys()) {
        if (buckets.size <= mostAddresses) break;
        buckets.delete(old);
      }
      return left < 1 ? Math.max(1, Math.ceil((1 - left) / perSecond)) : 0;
    },
  };
}
