import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { runCollector, temporaryDirectory } from '../helpers/real-collector.ts';

test('a target is asked before its time by whoever may run the command, and the history says so', async (t) => {
  const data = ['--data', join(temporaryDirectory(t), 'data')];
  const run = async (...args: string[]) => {
    const child = runCollector([...args, ...data]);
    return { code: await child.ended, out: child.lines.join('\n'), err: child.complaints.join('\n') };
  };
  t.is((await run('token', 'create', '--url', '127.0.0.1:8443')).code, 0, 'the first command makes the store');
  t.deepEqual(await run('target', 'add', 'shop.example.com', 'mail.example.com:465'), {
    code: 0,
    out: '2 targets asked every 1h from now on.',
    err: '',
  });
  const list = join(temporaryDirectory(t), 'list.csv');
  writeFileSync(list, 'domain,owner\nshop.example.com:8443,payments\n*.example.com,web\n');
  t.deepEqual(await run('target', 'add', '--file', list), {
    code: 0,
    out: '1 target asked every 1h from now on.',
    err: `1 row of ${list} left out: a wildcard, or no name`,
  });
  t.regex((await run('target', 'list', '--csv')).out, /shop\.example\.com:8443/);
  const none = await run('target', 'add');
  t.deepEqual([none.code, none.err.includes('no target: name some, or give --file')], [1, true], none.err);
  const inside = await run('target', 'add', '10.0.0.7', '169.254.169.254', '--json');
  t.is(inside.code, 0);
  t.is(
    inside.err,
    '10.0.0.7:443: not asked before scan_allow has "private"\n169.254.169.254:443: such an address is never asked',
  );
  const looked = await run('target', 'look', 'shop.example.com:443', 'mail.example.com:465', '--json');
  t.deepEqual(
    [looked.code, JSON.parse(looked.out)],
    [0, { version: 1, asked: ['shop.example.com:443', 'mail.example.com:465'] }],
    looked.err,
  );
  const { items }: { items: { action: string; subject: string; via: string }[] } = JSON.parse(
    (await run('audit', '--json')).out,
  );
  t.deepEqual(
    items.slice(0, 2).map(({ action, subject, via }) => [action, subject, via]),
    [
      ['target-look-asked', 'mail.example.com:465', 'command'],
      ['target-look-asked', 'shop.example.com:443', 'command'],
    ],
  );
  const unknown = await run('target', 'look', 'other.example.com');
  t.not(unknown.code, 0);
  t.regex(unknown.err, /other\.example\.com:443: no such target; certherd-collector target list has them/);
  const nowhere = await run('target', 'look', 'shop.example.com', '--from', 'web-9');
  t.not(nowhere.code, 0);
  t.regex(nowhere.err, /--from: .*web-9/);
});
