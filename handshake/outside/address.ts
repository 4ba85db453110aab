import { isIP } from 'node:net';

/**
 * How far away an address is. `never`: link-local (RFC 3927, 4291), metadata services of clouds, multicast, "this network", tunnels
 * whose other end cannot be told; no scan connects there.
 */
export type Reach = 'public' | 'private' | 'loopback' | 'never';

/** The reach of an IP address; of an IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4) that one's. Anything else: never. */
export function reachOf(address: string): Reach {
  const bytes = addressBytes(address);
  if (!bytes) return 'never';
  const inner = bytes.length === 16 ? innerAddress(bytes) : bytes;
  return ranges.find(({ prefix, bits }) => isWithin(inner, prefix, bits))?.reach ?? 'public';
}

/** Four or sixteen bytes; undefined: no IP address, or one with a zone. */
export function addressBytes(address: string): Uint8Array | undefined {
  return isIP(address) === 0 || address.includes('%') ? undefined : bytesOf(address);
}

/** Of what is an address: Node tells IPv6 by a pattern that takes 5 ms to compile, and nothing here is to wait for it as it is loaded. */
function bytesOf(address: string): Uint8Array {
  if (!address.includes(':')) return new Uint8Array(address.split('.').map(Number));
  // dotted at the end, as "::ffff:127.0.0.1"
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...four: string[]) =>
    [0, 2].map((at) => (Number(four[at]) * 256 + Number(four[at + 1])).toString(16)).join(':'),
  );
  const [head = '', tail] = plain.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const groups = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return Uint8Array.from(
    groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]),
  );
}

/** As people write it: "127.0.0.1", "2001:db8::1" (RFC 5952). */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function isWithin(bytes: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  if (bytes.length !== prefix.length) return false;
  for (let at = 0; at * 8 < bits; at++) {
    const mask = bits - at * 8 >= 8 ? 0xff : 0xff00 >> (bits - at * 8);
    if (((bytes[at] ?? 0) & mask & 0xff) !== ((prefix[at] ?? 0) & mask & 0xff)) return false;
  }
  return true;
}

const written: readonly [Reach, ...string[]][] = [
  ['never', '0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  // metadata and platform services: Alibaba, Azure; over IPv6 AWS, Google, Oracle
  ['never', '100.100.100.200/32', '168.63.129.16/32'],
  ['never', 'fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128'],
  ['never', '::/128', 'fe80::/10', 'fec0::/10', 'ff00::/8', '2001::/32', '64:ff9b:1::/48', '100::/64'],
  ['loopback', '127.0.0.0/8', '::1/128'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'],
  // for documentation and benchmarks: nobody's, and what laboratories use
  ['private', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '198.18.0.0/15', '2001:db8::/32'],
];

const ranges = written.flatMap(([reach, ...list]) =>
  list.map((range) => {
    const [address = '', bits = ''] = range.split('/');
    return { reach, prefix: bytesOf(address), bits: Number(bits) };
  }),
);

/** IPv6 ranges with an IPv4 address in them, and where it is: RFC 4291 2.5.5, RFC 6052 2.1, RFC 3056. */
const embedding: readonly [prefix: string, bits: number, at: number][] = [
  ['::ffff:0:0', 96, 12],
  ['64:ff9b::', 96, 12],
  ['2002::', 16, 2],
  ['::', 96, 12],
];

function innerAddress(bytes: Uint8Array): Uint8Array {
  // "::" and "::1" lie within the last range, and are what they are
  if (isWithin(bytes, new Uint8Array(16), 127)) return bytes;
  const found = embedding.find(([prefix, bits]) => isWithin(bytes, bytesOf(prefix), bits));
  return found ? bytes.subarray(found[2], found[2] + 4) : bytes;
}

/** Is this IP address in the range "10.0.0.0/8", or that address itself? What is no address is in none. */
export function isInRange(address: string, range: string): boolean {
  const [prefixText = '', bits] = range.split('/');
  const [bytes, prefix] = [addressBytes(address), addressBytes(prefixText)];
  if (!bytes || !prefix) return false;
  return isWithin(bytes, prefix, bits === undefined ? prefix.length * 8 : Number(bits));
}
