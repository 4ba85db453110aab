import test from 'ava';
import { signAnswer, verifyAnswer } from '../../../collector/notify/answer-link.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const right = { incident: 'i1', channel: 'mail', until: 1_000 };
const token = signAnswer('key', right);

test('a signed link gives its right until it is over, and to this key alone', (t) => {
  t.deepEqual(verifyAnswer('key', token, 999), right);
  t.is(verifyAnswer('key', token, 1_000), undefined);
  t.is(verifyAnswer('another', token, 999), undefined);
});

test('a link has one spelling: none with another letter at any place is taken, nor one that is cut', (t) => {
  for (let at = 0; at < token.length; at += 1) {
    t.is(verifyAnswer('key', token.slice(0, at), 0), undefined);
    for (const letter of letters)
      if (letter !== token[at])
        t.is(verifyAnswer('key', `${token.slice(0, at)}${letter}${token.slice(at + 1)}`, 0), undefined, `${at}`);
  }
});
