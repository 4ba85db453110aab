import { isIP } from 'node:net';
import { StartTls } from '@certherd/protocol/snapshot';
import test from 'ava';
import { parseTarget, targetText } from '../../../collector/scan/target.ts';
import fc from '../../helpers/properties.ts';

const defaults = { ports: [443] };

const good: readonly [text: string, ...targets: string[]][] = [
  ['shop.example.com', 'shop.example.com:443'],
  ['Shop.Example.COM.:8443', 'shop.example.com:8443'],
  ['https://shop.example.com/cart?x=1#y', 'shop.example.com:443'],
  ['https://shop.example.com:8443/', 'shop.example.com:8443'],
  ['bücher.example', 'xn--bcher-kva.example:443'],
  ['_dmarc.example.com', '_dmarc.example.com:443'],
  ['192.0.2.7', '192.0.2.7:443'],
  ['192.0.2.7:99', '192.0.2.7:99'],
  ['2001:DB8:0::1', '[2001:db8::1]:443'],
  ['[2001:db8::1]:8443', '[2001:db8::1]:8443'],
  ['::ffff:192.0.2.7', '[::ffff:c000:207]:443'],
  ['192.0.2.6/31', '192.0.2.6:443', '192.0.2.7:443'],
  ['192.0.2.7/31:8443', '192.0.2.6:8443', '192.0.2.7:8443'],
  ['255.255.255.254/31', '255.255.255.254:443', '255.255.255.255:443'],
  ['[2001:db8::ff]/127:1', '[2001:db8::fe]:1', '[2001:db8::ff]:1'],
  ['smtp://mail.example.com', 'smtp://mail.example.com:25'],
  ['SMTP://mail.example.com:587', 'smtp://mail.example.com:587'],
  ['ldap://[2001:db8::1]', 'ldap://[2001:db8::1]:389'],
  ['ldaps://dir.example.com', 'dir.example.com:636'],
];

for (const [text, ...targets] of good)
  test(`${text}: ${targets.join(', ')}`, (t) => {
    const parsed = parseTarget(text, defaults);
    t.deepEqual(parsed.ok ? parsed.value.map(targetText) : parsed.failure, targets);
  });

const bad: readonly [text: string, failure: RegExp][] = [
  ['', /no target/],
  ['*.example.com', /a wildcard has no address/],
  ['2130706433', /is no DNS name/],
  ['0x7f.1', /is no DNS name/],
  ['0x7f000001', /is no DNS name/],
  ['127.1', /is no DNS name/],
  ['256.1.1.1', /is no DNS name/],
  ['shop.example.com:0', /0 is no port/],
  ['shop.example.com:65536', /65536 is no port/],
  ['shop.example.com:port', /no name, address or range|is no DNS name/],
  ['10.0.0.0/15', /more than 65536 addresses/],
  ['2001:db8::/64', /more than 65536 addresses/],
  ['10.0.0.0/33', /is no range/],
  ['shop.example.com/24', /is no range/],
  ['gopher://example.com', /"gopher" is no protocol/],
  ['constructor://example.com', /"constructor" is no protocol/],
  ['user@example.com', /is no DNS name/],
  [`${'a'.repeat(64)}.example`, /is no DNS name/],
  ['x'.repeat(5000), /too long/],
  ['fe80::1%eth0', /no name, address or range|is no DNS name/],
  ['a b.example', /is no DNS name/],
  ['\u202eexample.com', /is no DNS name/],
];

for (const [text, failure] of bad)
  test(`${JSON.stringify(text.slice(0, 40))} is no target`, (t) => {
    const parsed = parseTarget(text, defaults);
    t.regex(parsed.ok ? `taken as ${parsed.value.map(targetText).join()}` : parsed.failure, failure);
  });

test('any text is a target or is not, at once, and a target is written as it is read', (t) => {
  const pieces = fc.constantFrom(
    'a',
    '1',
    '.',
    ':',
    '/',
    '[',
    ']',
    '//',
    '%',
    '*',
    '-',
    '_',
    '0x',
    '::',
    '24',
    'smtp://',
    ' ',
    '\u0000',
    'é',
  );
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
  );
  fc.assert(
    fc.property(text, (written) => {
      const parsed = parseTarget(written, defaults);
      if (!parsed.ok) t.true(parsed.failure.length < 400);
      for (const target of parsed.ok ? parsed.value.slice(0, 3) : []) {
        const again = parseTarget(targetText(target), { ports: [1] });
        t.deepEqual(again.ok && again.value, [target]);
      }
    }),
    { numRuns: 2000 },
  );
});

test('every name with every port and protocol comes back', (t) => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
  const host = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.array(label, { minLength: 1, maxLength: 4 }).map((list) => list.join('.')),
  );
  fc.assert(
    fc.property(
      host,
      fc.integer({ min: 1, max: 65_535 }),
      fc.option(fc.constantFrom(...StartTls.enum), { nil: undefined }),
      (host, port, startTls) => {
        const parsed = parseTarget(isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`, {
          ports: [1],
          startTls,
        });
        const [target] = parsed.ok ? parsed.value : [];
        t.is(target?.port, port);
        t.is(target?.startTls, startTls);
        const again = target && parseTarget(targetText(target), defaults);
        t.deepEqual(again?.ok && again.value, [target]);
      },
    ),
  );
});
