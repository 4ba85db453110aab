import test from 'ava';
import { costOf, costsOf } from '../../../collector/present/cost.ts';
import { leavesOf, standingOf } from '../../../collector/present/leaves.ts';
import { ownerRows } from '../../../collector/present/owners.ts';
import { authorityName } from '../../../collector/wording/names.ts';
import { keptPrices } from '../../../collector/web/live/kept-prices.ts';
import { healthyEstate } from '../web/example-estate.ts';
import { leaf, now } from './example-leaf.ts';

const sold = (mark: string, change = {}) => ({ ...leaf(mark, change), authority: 'Northgate' });

test('a CA costs what the list says of its certificates, or what somebody wrote, and Let’s Encrypt saves that', (t) => {
  const leaves = [
    sold('a'),
    sold('b', { leftDays: 3 }),
    leaf('c', { renewsInDays: 3 }),
    { ...leaf('d'), authority: 'Other' },
  ];
  const listed = [
    { name: 'a.example.com', expiration: '', issuer: '', labels: { cost: '100' } },
    { name: 'b.example.com', expiration: '', issuer: '', labels: { cost: '$ 200.00' } },
  ];
  const [northgate, letsEncrypt, other] = costsOf(leaves, listed, {}, now);
  t.like(northgate, {
    authority: 'Northgate',
    price: 150,
    basis: 'list',
    yearly: 300,
    saved: 300,
    ending: 1,
    automatic: 0,
  });
  t.like(letsEncrypt, { basis: 'free', yearly: 0, saved: 0, automatic: 1 });
  t.like(other, { authority: 'Other', price: undefined, basis: 'none', yearly: 0 });
  t.like(costsOf(leaves, listed, { Northgate: 10 }, now)[0], { price: 10, basis: 'written', yearly: 20 });
});

test('what names an organisation is not saved: Let’s Encrypt issues none of it', (t) => {
  const leaves = [sold('a'), sold('b', { subject: 'C=US, O=Harbour Group, CN=b.example.com' })];
  t.like(costsOf(leaves, [], { Northgate: 10 }, now)[0], { yearly: 20, saved: 10, named: 1 });
});

test('costs are read as people write them, and nothing else is a cost', (t) => {
  const cases = [
    ['199', 199],
    ['$1,299.50', 1299.5],
    ['89,90 €', 89.9],
    ["1'200 CHF", 1200],
    ['free', undefined],
    ['', undefined],
    ['1-2', undefined],
    ['=1+1', undefined],
  ] as const;
  for (const [cost, expected] of cases) t.is(costOf({ cost }), expected, cost);
  t.is(costOf({ price: '5' }), 5);
});

test('whoever has most to do stands first, and what nobody owns is a row too', (t) => {
  const rows = ownerRows(
    [
      leaf('a', { labels: { owner: 'Ana', team: 'payments' } }),
      leaf('b', { labels: { owner: 'Bo' }, leftDays: -1 }),
      leaf('c', { labels: { owner: 'Ana', team: 'payments' }, leftDays: 3, renewsInDays: 1 }),
      leaf('d'),
    ],
    now,
  );
  t.deepEqual(
    rows.map(({ owner, certificates, ended, ending, automatic }) => [owner, certificates, ended, ending, automatic]),
    [
      ['Bo', 1, 1, 0, 0],
      ['Ana', 2, 0, 1, 1],
      ['', 1, 0, 0, 0],
    ],
  );
});

test('leaves are what no authority is, each with its CA, its keeper and its labels', (t) => {
  const estate = healthyEstate(new Date(now));
  const leaves = leavesOf(estate);
  t.is(leaves.length, estate.certificates.filter(({ isAuthority }) => !isAuthority).length);
  t.true(leaves.some(({ keeper }) => keeper === 'automatic'));
  t.true(leaves.some(({ authority }) => authority === "Let's Encrypt"));
  const [first] = estate.endpoints;
  const served = leaves.find(({ certificate }) => certificate.fingerprint === first?.served);
  const labelled = leavesOf({
    ...estate,
    endpoints: estate.endpoints.map((endpoint) => ({ ...endpoint, labels: { owner: 'Ana' } })),
  });
  t.deepEqual(labelled.find(({ name }) => name === served?.name)?.labels, { owner: 'Ana' });
  t.deepEqual(standingOf([{ endsAt: now }, { endsAt: now + 1 }, { endsAt: now + 31 * 86_400_000 }], now), {
    ended: 1,
    ending: 1,
  });
});

test('all keys of a CA have one name, and what signed itself says so', (t) => {
  t.is(authorityName({ issuer: "C=US, O=Let's Encrypt, CN=E7", subject: 'CN=a' }), "Let's Encrypt");
  t.is(authorityName({ issuer: 'O=Example\\, Inc., CN=R1', subject: 'CN=a' }), 'Example, Inc.');
  t.is(authorityName({ issuer: 'CN=Lone CA', subject: 'CN=a' }), 'Lone CA');
  t.is(authorityName({ issuer: '', subject: 'CN=a' }), 'no name');
  t.is(authorityName({ issuer: 'CN=a', subject: 'CN=a' }), 'itself (self-signed)');
});

test('prices outlive the page, and what else lies in their place is none', (t) => {
  const kept = new Map<string, string>();
  const storage = () =>
    ({
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    }) as Storage;
  const first = keptPrices(storage);
  t.deepEqual(first.prices.value, { byAuthority: {}, incident: 47_000 });
  first.keep({ byAuthority: { Northgate: 10 }, incident: 5 });
  t.deepEqual(keptPrices(storage).prices.value, { byAuthority: { Northgate: 10 }, incident: 5 });
  for (const text of ['', '{', 'null', '[]', '{"byAuthority":null,"incident":1}', '{"byAuthority":{},"incident":-1}']) {
    kept.set('certherd.prices', text);
    t.deepEqual(keptPrices(storage).prices.value, { byAuthority: {}, incident: 47_000 }, text);
  }
  kept.set('certherd.prices', '{"byAuthority":{"a":"1","b":2,"c":-3},"incident":0}');
  t.deepEqual(keptPrices(storage).prices.value.byAuthority, { b: 2 });
  const refusing = keptPrices(() => {
    throw new Error('denied');
  });
  refusing.keep({ byAuthority: {}, incident: 1 });
  t.is(refusing.prices.value.incident, 1);
});
