import test from 'ava';
import { allowedPlace, whyNotLook } from '../../../agent/decide/probe-policy.ts';

const allowed = [
  'shop.example.test',
  '*.internal.example.test:8443',
  '10.20.0.0/16:8443',
  '192.0.2.7',
  '[2001:db8::/32]:443',
].map(allowedPlace);

const cases: readonly [host: string, port: number, may: boolean][] = [
  ['shop.example.test', 443, true],
  ['shop.example.test', 8443, false],
  ['www.shop.example.test', 443, false],
  ['a.internal.example.test', 8443, true],
  ['a.b.internal.example.test', 8443, true],
  ['internal.example.test', 8443, false],
  ['evilinternal.example.test', 8443, false],
  ['.internal.example.test', 8443, false],
  ['a.internal.example.test', 443, false],
  ['10.20.255.1', 8443, true],
  ['10.21.0.1', 8443, false],
  ['10.20.0.1', 443, false],
  ['192.0.2.7', 443, true],
  ['192.0.2.8', 443, false],
  ['2001:db8:1::7', 443, true],
  ['2001:db9::7', 443, false],
  ['::ffff:10.20.0.1', 8443, false],
];

for (const [host, port, may] of cases) {
  test(`${host} at ${port} ${may ? 'may' : 'may not'} be looked at`, (t) => {
    t.is(whyNotLook({ host, port }, allowed) === undefined, may);
  });
}

test('a host whose settings name nothing looks nowhere, and says so', (t) => {
  t.regex(whyNotLook({ host: 'shop.example.test', port: 443 }, []) ?? '', /no \[probe\] allow/);
});
