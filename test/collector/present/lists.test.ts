import test from 'ava';
import { csvOf } from '../../../collector/present/csv.ts';
import { sift, wordsOf } from '../../../collector/present/facets.ts';
import { listViewOf, nextSort } from '../../../collector/present/list-view.ts';
import { stepsOf } from '../../../collector/present/steps.ts';
import { sorted } from '../../../collector/present/columns.ts';
import { addressOf, placeAt } from '../../../collector/web/route/address.ts';

interface Fruit {
  name: string;
  colours: string[];
  land: string;
}
const fruits: Fruit[] = [
  { name: 'apple', colours: ['red', 'green'], land: 'de' },
  { name: 'cherry', colours: ['red'], land: 'it' },
  { name: 'lime', colours: ['green'], land: 'it' },
  { name: 'air', colours: [], land: 'it' },
];
const facets = [
  { name: 'colour', title: 'Colour', valuesOf: ({ colours }: Fruit) => colours },
  { name: 'land', title: 'Land', valuesOf: ({ land }: Fruit) => [land] },
];
const siftBy = (typed: string, choice: [string, string][]) =>
  sift(fruits, { words: wordsOf(typed), holds: ({ name }, word) => name.includes(word) }, facets, new Map(choice));
const namesOf = ({ rows }: { rows: readonly Fruit[] }) => rows.map(({ name }) => name).join(' ');

test('a facet leaves rows that have the value, and "" those without any', (t) => {
  t.is(namesOf(siftBy('', [])), 'apple cherry lime air');
  t.is(namesOf(siftBy('', [['colour', 'red']])), 'apple cherry');
  t.is(namesOf(siftBy('', [['colour', '']])), 'air');
  const both: [string, string][] = [
    ['colour', 'green'],
    ['land', 'it'],
  ];
  t.is(namesOf(siftBy('', both)), 'lime');
  t.is(namesOf(siftBy(' E  I', both)), 'lime');
});

test('a count says how many rows a value would leave if only this facet were chosen otherwise', (t) => {
  const { counts } = siftBy('', [
    ['colour', 'red'],
    ['land', 'it'],
  ]);
  t.deepEqual(Object.fromEntries(counts.get('colour') ?? []), { red: 1, green: 1, '': 1 });
  t.deepEqual(Object.fromEntries(counts.get('land') ?? []), { de: 1, it: 1 });
});

test('a column sorts both ways, what has no value stays last, and pressing it a third time is the own order again', (t) => {
  const columns = [
    {
      name: 'land',
      title: 'Land',
      cell: () => '',
      usual: true,
      csv: [],
      sort: ({ name, land }: Fruit) => (name === 'lime' ? '' : land),
    },
  ];
  const by = (descending: boolean) => namesOf({ rows: sorted(fruits, columns, { by: 'land', descending }) });
  t.is(by(false), 'apple cherry air lime');
  t.is(by(true), 'cherry air apple lime');
  t.is(sorted(fruits, columns, { by: 'nothing', descending: false }), fruits);
  t.deepEqual(
    ['land', '-land', undefined],
    [
      nextSort(undefined, 'land'),
      nextSort({ by: 'land', descending: false }, 'land'),
      nextSort({ by: 'land', descending: true }, 'land'),
    ],
  );
});

test('the address says how a list is looked at', (t) => {
  const view = listViewOf(new URLSearchParams('q=a+b&colour=red&land=&sort=-name&columns=name.land&other=x'), [
    'colour',
    'land',
  ]);
  t.is(view.search, 'a b');
  t.deepEqual(
    [...view.choice],
    [
      ['colour', 'red'],
      ['land', ''],
    ],
  );
  t.deepEqual(view.sort, { by: 'name', descending: true });
  t.deepEqual(view.columns, ['name', 'land']);
  t.deepEqual(listViewOf(new URLSearchParams(), ['colour']), { search: '', choice: new Map() });
});

test('a place and its address are each other’s, whatever an item is called', (t) => {
  for (const item of ['web-1', 'a/b?c#d', '100 %', '\u202e"<', 'ü', '%zz']) {
    const place = placeAt(new URL(addressOf('hosts', item, new URLSearchParams({ q: 'x y' })), 'http://localhost'));
    t.is(place.page, 'hosts');
    t.is(place.item, item);
    t.is(place.view.get('q'), 'x y');
  }
  t.is(placeAt(new URL('http://localhost/hosts/%zz')).item, '%zz', 'what cannot be decoded stays');
  t.deepEqual(placeAt(new URL('http://localhost/')).page, '');
});

test('CSV quotes every field, makes formulas text, and shows what is hidden', (t) => {
  t.is(
    csvOf(
      ['names', 'state'],
      [
        ['=HYPERLINK("x")', 'a,b'],
        ['\u202egnp.exe\u0000', '@SUM(A1)\r\nnext'],
      ],
    ),
    '"names","state"\r\n"\'=HYPERLINK(""x"")","a,b"\r\n"⟦U+202E⟧gnp.exe␀","\'@SUM(A1)␍␊next"\r\n',
  );
});

test('of the six states those up to the one that was reached are done; what was not traced is neither', (t) => {
  const at = '2026-11-23T03:00:00.000Z';
  const done = (of: Parameters<typeof stepsOf>[0]) => stepsOf(of).map((step) => step.done);
  t.deepEqual(done({ reached: 'configured' }), [true, true, true, false, false, false]);
  const untraced = done({ reached: 'unknown', reachedAt: { 'on-disk': at } });
  t.is(untraced.map(String).join(' '), 'undefined true undefined undefined undefined undefined');
  t.is(stepsOf({ reached: 'served', reachedAt: { served: at } })[4]?.at, at);
});
