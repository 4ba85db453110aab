import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { labelBook, type Labels } from '../../../collector/evaluate/labels.ts';
import type { LabelRule } from '../../../collector/store/facts.ts';
import fc from '../../helpers/properties.ts';

let rules = 0;
function rule(scope: LabelRule['scope'], pattern: string, value: string, change: Partial<LabelRule> = {}): LabelRule {
  rules += 1;
  return { id: rules, scope, pattern, key: 'owner', value, source: 'command', setBy: 'root', setAt: 0, ...change };
}
const owner = (labels: Labels) => labels.get('owner')?.value;

test('of several patterns that fit the one that says most gives the label, an exact one before all', (t) => {
  const book = labelBook([
    rule('name', '*', 'everybody'),
    rule('name', '*.example.com', 'domain'),
    rule('name', 'pay*.shop.example.com', 'payments'),
    rule('name', 'pay.shop.example.com', 'one name'),
  ]);
  const of = (name: string) => owner(book.ofNames([name], 'web-1'));
  t.deepEqual(['pay.shop.example.com', 'pay2.shop.example.com', 'a.example.com', 'b.test'].map(of), [
    'one name',
    'payments',
    'domain',
    'everybody',
  ]);
});

test('a rule for a name counts before one for its host, which counts where no name rule has that label', (t) => {
  const book = labelBook([
    rule('host', 'web-*', 'web team'),
    rule('host', 'web-*', 'production', { key: 'environment' }),
    rule('name', '*.shop.example.com', 'shop team'),
  ]);
  const labels = book.ofNames(['pay.shop.example.com'], 'web-1');
  t.deepEqual(
    [...labels].map(([key, { value }]) => [key, value]),
    [
      ['environment', 'production'],
      ['owner', 'shop team'],
    ],
  );
  t.is(owner(book.ofNames(['other.test'], 'web-1')), 'web team');
  t.is(owner(book.ofHost('web-1')), 'web team');
  t.is(book.ofHost('db-1').size, 0);
});

test('of two patterns that say as much the newer one counts', (t) => {
  const older = rule('host', 'web-*', 'older', { setAt: 1 });
  const newer = rule('host', '*web-', 'newer', { setAt: 2 });
  for (const order of [
    [older, newer],
    [newer, older],
  ])
    t.is(owner(labelBook(order).ofHost('web-')), 'newer');
});

test('names count in any case', (t) => {
  t.is(owner(labelBook([rule('host', 'web-1', 'me')]).ofHost('WEB-1')), 'me');
});

test('a star stands for any characters and all else for itself, as in a regular expression', (t) => {
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '-'), minLength: 1, maxLength: 12 });
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '-'), maxLength: 12 });
  fc.assert(
    fc.property(pattern, text, (glob, subject) => {
      const parts = glob.split('*').map((part) => part.replaceAll('.', '\\.'));
      const expected = new RegExp(`^${parts.join('.*')}$`).test(subject);
      t.is(labelBook([rule('host', glob, 'x')]).ofHost(subject).size, expected ? 1 : 0, `${glob} ${subject}`);
    }),
    { numRuns: 500 },
  );
});

test('a host that tells of ever new names fills no memory with what they are called', (t) => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') return t.fail();
  const book = labelBook([rule('name', '*.test', 'x')]);
  const heldAfter = (from: number) => {
    for (let at = from; at < from + 70_000; at += 1) book.ofNames([`${at}.${'long-'.repeat(60)}.test`], 'web-1');
    collect();
    return process.memoryUsage().heapUsed;
  };
  const [first, last] = [heldAfter(0), heldAfter(70_000)];
  t.true(last - first < 15_000_000, `${(last - first) / 1e6} MB more`);
});
