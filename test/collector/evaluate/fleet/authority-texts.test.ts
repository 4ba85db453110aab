import test from 'ava';
import { authorityTexts } from '../../../../collector/evaluate/fleet/authority-texts.ts';

test('an authority is its organisation, else its whole name, and of however many issuers few are kept', (t) => {
  const authorities = authorityTexts(10);
  for (let at = 0; at < 1_000; at++) {
    t.is(authorities.of(`O=One, CN=${at}`), 'One');
    t.is(authorities.of(`CN=${at}`), `CN=${at}`);
    t.true(authorities.size() <= 10);
  }
});
