import { isIPv6 } from 'node:net';

/** What is one customer's: an IPv4 address, of IPv6 the /64, since a host has 2^64 addresses of its own (RFC 4291 2.5.4). */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=[\d.]+$)/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const first = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - first.length - (tail === '' ? 0 : tail.split(':').length);
  const groups = [...first, ...Array.from({ length: missing }, () => '0'), ...(tail ? tail.split(':') : [])];
  return groups.slice(0, 4).join(':');
}
