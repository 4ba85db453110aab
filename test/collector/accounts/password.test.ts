import test from 'ava';
import { mistakeInName, spelled } from '../../../collector/accounts/name.ts';
import { hashPassword, isPassword, mistakeInPassword } from '../../../collector/accounts/password.ts';

test('a password is kept as argon2id with a salt of its own, and fits only itself', async (t) => {
  const hash = await hashPassword('correct horse battery');
  t.regex(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  t.not(await hashPassword('correct horse battery'), hash);
  t.true(await isPassword('correct horse battery', hash));
  t.false(await isPassword('correct horse batterz', hash));
  t.false(await isPassword('', hash));
});

test('a hash of other costs is read by what it says of itself', async (t) => {
  const other = await hashWith('correct horse battery', { memory: 4096, passes: 3 });
  t.true(await isPassword('correct horse battery', other));
  t.false(await isPassword('correct horse', other));
});

test('without a hash, or with one that is none, no password fits', async (t) => {
  t.false(await isPassword('correct horse battery', undefined));
  for (const hash of [
    '',
    'correct horse battery',
    '$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA',
    '$argon2id$v=19$',
  ])
    t.false(await isPassword('correct horse battery', hash), hash);
});

test('a letter is the same letter, however a keyboard composes it', async (t) => {
  const hash = await hashPassword('sch\u00f6nes Wetter heute');
  t.true(await isPassword('scho\u0308nes Wetter heute', hash));
});

test('a password is long, and more than a name or one letter', (t) => {
  t.is(mistakeInPassword('correct horse', 'anna'), undefined);
  t.is(mistakeInPassword('\u{1f600}\u{1f601}\u{1f602}\u{1f603}\u{1f604}\u{1f605}abcdef', 'anna'), undefined);
  for (const bad of ['', 'short', 'elevenchars', 'aaaaaaaaaaaaaaaaaaaa', 'annaannaanna', 'x'.repeat(1025)])
    t.truthy(mistakeInPassword(bad, 'anna'), bad);
});

test('a name has one spelling, and nothing that could be taken for another', (t) => {
  t.is(spelled(' Anna '), 'anna');
  for (const good of ['anna', 'anna.b', 'anna@example.org', 'ci-1']) t.is(mistakeInName(good), undefined, good);
  for (const bad of ['', 'an na', '-anna', 'Anna', 'anna\u202e', 'ann\u0430', 'a'.repeat(65), 'a/b'])
    t.truthy(mistakeInName(bad), bad);
});

async function hashWith(password: string, { memory, passes }: { memory: number; passes: number }): Promise<string> {
  const { argon2Sync } = await import('node:crypto');
  const nonce = Buffer.from('certherdcertherd');
  const tag = argon2Sync('argon2id', { message: password, nonce, memory, passes, parallelism: 1, tagLength: 32 });
  const text = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$argon2id$v=19$m=${memory},t=${passes},p=1$${text(nonce)}$${text(tag)}`;
}
