import test from 'ava';
import { narrating } from '../../scripts/stage/narrator.ts';

function listening(isTTY: boolean) {
  const written: string[] = [];
  let now = 0;
  const narrator = narrating({ isTTY, columns: 80, write: (text) => written.push(text) }, () => now);
  return { narrator, text: () => written.join(''), pass: (ms: number) => (now += ms) };
}

test('without a terminal each fact is one plain line with its seconds', async (t) => {
  const { narrator, text, pass } = listening(false);
  narrator.title('1 of 1  a step');
  const value = await narrator.during(
    'waiting',
    async () => pass(1500),
    () => 'it came',
  );
  narrator.verdict(true, 'proved');
  t.is(value, 1500);
  t.is(text(), '\n1 of 1  a step\n       1.5 s  it came\n  ✔    1.5 s  proved\n');
});

test('on a terminal the running line is erased before the next line', async (t) => {
  const { narrator, text } = listening(true);
  narrator.title('a step');
  await narrator.during(
    'waiting',
    () => Promise.resolve(),
    () => 'it came',
  );
  t.true(text().includes('waiting\r\u001b[K'));
  t.true(text().endsWith('it came\n'));
});

test('a task that fails leaves no running line, and its error', async (t) => {
  const { narrator, text } = listening(true);
  await t.throwsAsync(
    narrator.during(
      'waiting',
      () => Promise.reject(new Error('no')),
      () => 'it came',
    ),
    { message: 'no' },
  );
  t.true(text().endsWith('\r\u001b[K'));
  t.false(text().includes('it came'));
});

test('once mute, it says nothing more', (t) => {
  const { narrator, text } = listening(false);
  narrator.mute();
  narrator.title('a step');
  narrator.fact('something');
  t.is(text(), '');
});
