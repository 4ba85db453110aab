import test from 'ava';
import { matches } from '../../../collector/present/estate-view.ts';

test('a filter wants every word, in any case and order', (t) => {
  t.true(matches('', ['anything']));
  t.true(matches('  WEB-1 shop ', ['shop.example.com', 'web-1']));
  t.false(matches('web-1 mail', ['shop.example.com', 'web-1']));
  t.false(matches('x', [undefined]));
});
