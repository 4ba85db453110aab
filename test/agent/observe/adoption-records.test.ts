import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type AdoptionRecord, digestOf, observeUnfinished } from '../../../agent/observe/adoption-records.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { testDirectory } from '../../helpers/directory.ts';

/** An adoption over two files, kept as one that began. */
function begun(t: ExecutionContext, change: Partial<AdoptionRecord> = {}) {
  const directory = testDirectory(t);
  const adoptions = path.join(directory, 'adoptions');
  const place = path.join(adoptions, '2026-11-23T12-00-00.000Z-shop');
  fs.mkdirSync(place, { recursive: true });
  const files = ['a', 'b'].map((name, index) => {
    const [before, after] = [`${name} old`, `${name} new`];
    fs.writeFileSync(path.join(place, `original-${index + 1}`), before);
    fs.writeFileSync(path.join(place, `edited-${index + 1}`), after);
    const file = path.join(directory, name);
    return { path: file, target: file, before: digestOf(Buffer.from(before)), after: digestOf(Buffer.from(after)) };
  });
  const record: AdoptionRecord = {
    version: 1,
    state: 'begun',
    certificatePath: '/etc/nginx/tls/shop.pem',
    lineage: { name: 'shop', certificatePath: '/live/shop/fullchain.pem', keyPath: '/live/shop/privkey.pem' },
    names: ['shop.example.test'],
    acmeDirectory: 'https://ca.example.test/dir',
    files,
    ...change,
  };
  fs.writeFileSync(path.join(place, 'record.json'), JSON.stringify(record));
  const look = (a: string, b: string, name = 'shop.example.test') => {
    fs.writeFileSync(path.join(directory, 'a'), a);
    fs.writeFileSync(path.join(directory, 'b'), b);
    return observeUnfinished(systemFiles(), adoptions, name);
  };
  return { look, place };
}

test('an adoption that was cut off after one of its files, or after all, is found by every name that it goes by', (t) => {
  const { look, place } = begun(t);
  t.is(look('a new', 'b old')?.place, path.basename(place));
  const found = look('a new', 'b new');
  t.deepEqual(
    found?.files.map(({ before, after }) => [Buffer.from(before).toString(), Buffer.from(after).toString()]),
    [
      ['a old', 'a new'],
      ['b old', 'b new'],
    ],
  );
  for (const name of ['/etc/nginx/tls/shop.pem', 'shop', '/live/shop/fullchain.pem'])
    t.truthy(look('a new', 'b old', name), name);
  t.is(look('a new', 'b old', 'other.example.test'), undefined);
});

test('where nothing was changed, or somebody changed a file since, nothing is brought to an end', (t) => {
  const { look } = begun(t);
  t.is(look('a old', 'b old'), undefined);
  t.is(look('a new', 'b by hand'), undefined);
});

test('one that ended, a record that makes no sense, and a copy that is gone are passed over', (t) => {
  for (const state of ['done', 'restored', 'restore-failed'] as const)
    t.is(begun(t, { state }).look('a new', 'b new'), undefined);
  const torn = begun(t);
  fs.writeFileSync(path.join(torn.place, 'record.json'), '{"version":1');
  t.is(torn.look('a new', 'b new'), undefined);
  const gone = begun(t);
  fs.rmSync(path.join(gone.place, 'original-2'));
  t.is(gone.look('a new', 'b new'), undefined);
});
