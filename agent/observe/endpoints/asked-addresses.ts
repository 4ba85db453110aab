import { isIP } from 'node:net';
import type { Listener } from '@certherd/protocol/snapshot';
import { isAtAllAddresses } from './place.ts';

/** Own addresses of one family that are asked besides loopback. */
export const mostOwnAddresses = 16;

export interface AskedAddresses {
  /** In the order of asking, at least one: loopback first, and the listener's own address where it has one. */
  addresses: string[];
  /** Own addresses that there was no room for. */
  beyond: number;
}

/**
 * Where a listener is asked: at its address, or, where it listens at all addresses of a family, at loopback and at each own
 * address of that family. Left out is an address that another listener has at that port: the kernel and nginx prefer that one there.
 * Where nothing would be left loopback is asked all the same, which shows who answers in its place.
 */
export function askedAddresses(
  listener: Pick<Listener, 'address' | 'port'>,
  ownAddresses: readonly string[],
  isTaken: (address: string, port: number) => boolean,
): AskedAddresses {
  if (!isAtAllAddresses(listener)) return { addresses: [listener.address], beyond: 0 };
  const family = listener.address === '::' ? 6 : 4;
  const loopback = family === 6 ? '::1' : '127.0.0.1';
  const own = [...new Set(ownAddresses)].filter((address) => isIP(address) === family && address !== loopback);
  const free = [loopback, ...own].filter((address) => !isTaken(address, listener.port));
  const most = mostOwnAddresses + (free[0] === loopback ? 1 : 0);
  const addresses = free.slice(0, most);
  return { addresses: addresses.length > 0 ? addresses : [loopback], beyond: free.length - addresses.length };
}
