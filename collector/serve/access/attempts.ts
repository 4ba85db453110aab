import type { Clock } from '../../ports.ts';
import { networkOf } from './network-of.ts';

/** Counts sign-ins that failed. What is counted before a password is looked at cannot be run around by many at once. */
export interface Attempts {
  /** Seconds to wait, where there were too many; else this one counts until `forget`. `isNew`: it is the first that has to wait. */
  begin: (name: string, address: string) => { waitSeconds: number; isNew: boolean } | undefined;
  /** It did not fail. */
  forget: (name: string, address: string) => void;
  /** It was not looked at: as if it had not been begun. */
  untry: (name: string, address: string) => void;
}

const windowMs = 15 * 60_000;
/** For one name from one network; for one network whatever the names; for one name from everywhere, which keeps its owner out, too. */
const most = { pair: 5, address: 20, name: 100 };
const mostKept = 30_000;

export function createAttempts(clock: Clock): Attempts {
  const counted = new Map<string, { since: number; count: number; told: boolean }>();

  return {
    begin(name, address) {
      const now = clock.monotonic();
      const keys = keysOf(name, address);
      for (const [key, limit] of keys) {
        const found = counted.get(key);
        if (!found || now - found.since >= windowMs || found.count < limit) continue;
        const isNew = !found.told;
        found.told = true;
        return { waitSeconds: Math.ceil((found.since + windowMs - now) / 1000), isNew };
      }
      for (const [key] of keys) add(key, now);
      return undefined;
    },
    forget(name, address) {
      takeBack(keysOf(name, address));
      for (const [pair] of keysOf(name, address).slice(0, 1)) counted.delete(pair);
    },
    untry: (name, address) => takeBack(keysOf(name, address)),
  };

  function takeBack(keys: ReturnType<typeof keysOf>): void {
    for (const [key] of keys) {
      const found = counted.get(key);
      if (found) found.count -= 1;
    }
  }

  function add(key: string, now: number): void {
    const found = counted.get(key);
    if (found && now - found.since < windowMs) {
      found.count += 1;
      return;
    }
    counted.delete(key);
    counted.set(key, { since: now, count: 1, told: false });
    if (counted.size <= mostKept) return;
    const oldest = counted.keys().next().value;
    if (oldest !== undefined) counted.delete(oldest);
  }
}

function keysOf(name: string, address: string): [key: string, limit: number][] {
  const network = networkOf(address);
  return [
    [`pair ${network} ${name}`, most.pair],
    [`address ${network}`, most.address],
    [`name ${name}`, most.name],
  ];
}
