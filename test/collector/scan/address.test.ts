import { BlockList, isIP } from 'node:net';
import test from 'ava';
import { addressBytes, addressText, reachOf } from '@certherd/handshake/outside/address';
import fc from '../../helpers/properties.ts';

const cases: readonly [reach: string, ...addresses: string[]][] = [
  ['public', '8.8.8.8', '172.15.255.255', '172.32.0.1', '100.63.255.255', '2606:4700::1111', '::ffff:8.8.8.8'],
  ['private', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fd12::1', 'fc00::1'],
  ['private', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1', '2002:a00:1::', '::10.0.0.1', '::ffff:c0a8:101'],
  ['loopback', '127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::1'],
  ['never', '169.254.169.254', '169.254.0.1', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', '2002:a9fe:a9fe::'],
  ['never', '0.0.0.0', '::', '0.1.2.3', '255.255.255.255', '224.0.0.1', '240.0.0.1', 'ff02::1', 'fe80::1'],
  ['never', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe'],
  ['private', 'fd20:ce::253', 'fd00:c1::a9fe:a9ff'],
  ['never', 'fd00:ec2::254', '100.100.100.200', '168.63.129.16', '192.0.0.192', '2001::1'],
  ['never', 'fe80::1%eth0', 'localhost', '', '0x7f.1', '127.1', '2130706433', '0177.0.0.1', 'unix:/run/x'],
];

for (const [reach, ...addresses] of cases)
  test(`${reach}: ${addresses.map((one) => one || '""').join(', ')}`, (t) => {
    for (const address of addresses) t.is(reachOf(address), reach as ReturnType<typeof reachOf>, address);
  });

test('an address of any look is the same range as node:net says', (t) => {
  const judge = new BlockList();
  for (const [net, bits] of [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
  ] as const)
    judge.addSubnet(net, bits, 'ipv4');
  judge.addSubnet('127.0.0.0', 8, 'ipv4');
  judge.addSubnet('169.254.0.0', 16, 'ipv4');
  const near = fc
    .constantFrom(10, 100, 127, 169, 172, 192)
    .chain((first) => fc.tuple(fc.constant(first), fc.nat(255), fc.nat(255), fc.nat(255)));
  fc.assert(
    fc.property(near, (bytes) => {
      const address = bytes.join('.');
      const mapped = `::ffff:${address}`;
      t.is(reachOf(mapped), reachOf(address));
      if (judge.check(address)) t.not(reachOf(address), 'public', address);
    }),
  );
});

test('an address is written as node:net reads it, and its bytes come back', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const bytes = addressBytes(address);
      if (!bytes) return t.fail(address);
      const text = addressText(bytes);
      t.is(isIP(text), isIP(address));
      t.deepEqual(addressBytes(text), bytes);
    }),
  );
});

test('what is no address has no bytes, whatever it is', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (text) => {
      if (isIP(text) === 0) t.is(addressBytes(text), undefined);
      if (isIP(text) === 0) t.is(reachOf(text), 'never');
    }),
  );
});
