import { randomBytes } from 'node:crypto';
import test from 'ava';
import { readCheckpoint } from '../../../../collector/scan/transparency/checkpoint.ts';
import { appended, emptyRange, fullRoot, leafHash, rootOf } from '../../../../collector/scan/transparency/merkle.ts';
import { readDataTile } from '../../../../collector/scan/transparency/tile-leaf.ts';
import { tilePath } from '../../../../collector/scan/transparency/tile-path.ts';
import { registeredDomains, watching } from '../../../../collector/scan/transparency/watched-names.ts';
import { mint } from '../../../helpers/mint.ts';
import fc from '../../../helpers/properties.ts';
import { treeHash } from '../../../helpers/static-log.ts';

const other = await mint({ names: ['elsewhere.test'] });

test('tiles are named as the API has it', (t) => {
  t.is(tilePath(0, 1_234_067, 256), 'tile/0/x001/x234/067');
  t.is(tilePath('data', 0, 255), 'tile/data/000.p/255');
  t.is(tilePath(3, 1000, 1), 'tile/3/x001/000.p/1');
});

test('a tree that grows entry by entry has the hash that RFC 6962 gives it', (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 70 }), (entries) => {
      const leaves = entries.map(leafHash);
      const grown = leaves.reduce(appended, emptyRange);
      t.deepEqual(Buffer.from(rootOf(grown)), Buffer.from(treeHash(leaves)));
      t.is(grown.hashes.length, leaves.length.toString(2).replaceAll('0', '').length);
    }),
  );
  const leaves = Array.from({ length: 256 }, () => leafHash(randomBytes(3)));
  t.deepEqual(Buffer.from(fullRoot(leaves) ?? []), Buffer.from(treeHash(leaves)));
});

test('whatever bytes a tile has, it is entries to its last byte or none', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const read = readDataTile(bytes);
      if (read.ok) t.true(read.value.every(({ der }) => der.length > 0));
      else t.regex(read.failure, /^entry \d+ at byte \d+ is none$/);
    }),
  );
});

test('a tile is read up to its last entry, and no further', (t) => {
  const smallest = Buffer.from([...Array.from({ length: 10 }, () => 0), 0, 0, 1, 7, 0, 0, 0, 0]);
  const tile = (entries: number) => Buffer.concat(Array.from({ length: entries }, () => smallest));
  const whole = readDataTile(tile(256));
  t.is(whole.ok && whole.value.length, 256);
  // What lies behind is not even looked at: it is none, and would be told as such.
  const read = readDataTile(Buffer.concat([tile(256), Buffer.alloc(4 * 1024 * 1024, 0xff)]));
  t.deepEqual(read, { ok: false, failure: 'it has more than 256 entries' });
  t.deepEqual(readDataTile(tile(200_000)), read);
});

test('whatever a checkpoint says, it is one of the log or it is not', (t) => {
  const identity = { origin: 'log.example.test', key: other.x509.publicKey };
  const line = fc.oneof(
    fc.constantFrom('log.example.test', '7', '', '\u2014 log.example.test AAAA', `${'A'.repeat(43)}=`),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      t.false(readCheckpoint(lines.join('\n'), identity).ok);
    }),
  );
});

test('a name is watched where it is the domain, or below it', (t) => {
  const isWatched = watching(['example.test']);
  for (const name of ['example.test', 'a.b.example.test', '*.example.test', 'example.test.'])
    t.true(isWatched(name), name);
  for (const name of ['notexample.test', 'example.test.evil.test', 'test', '', '192.0.2.1'])
    t.false(isWatched(name), name);
});

test('of what a host serves the registered domain is watched; a public suffix is nobody\u2019s', (t) => {
  const names = ['www.shop.example.co.uk', '*.Example.COM', 'me.github.io', 'internal', '192.0.2.1', ''];
  t.deepEqual([...registeredDomains(names)], ['example.co.uk', 'example.com', 'me.github.io']);
  t.deepEqual([...registeredDomains(['co.uk', '*.co.uk', 'github.io', 'com', '*.com', 'uk.'])], []);
});
