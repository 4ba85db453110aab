import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { nameOfBytes, pathBytes } from '../../../agent/system/path-bytes.ts';

test('a name of any bytes leads back to them, and UTF-8 is left as it is', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      t.deepEqual(Buffer.from(pathBytes(nameOfBytes(Buffer.from(bytes)))), Buffer.from(bytes));
    }),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      (text) => {
        t.is(nameOfBytes(Buffer.from(text)), text);
        t.is(pathBytes(text), text);
      },
    ),
  );
});

test('a file whose name is no UTF-8 is found and read', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'certherd-bytes-'));
  t.teardown(() => rmSync(directory, { recursive: true }));
  writeFileSync(Buffer.concat([Buffer.from(`${directory}/stra`), Buffer.from([0xdf]), Buffer.from('e.conf')]), 'text');
  writeFileSync(join(directory, 'straße.conf'), 'utf-8');
  const files = systemFiles();
  const names = files.list(directory);
  t.deepEqual(names, { ok: true, value: ['straße.conf', 'stra\udcdfe.conf'] });
  const content = files.read(join(directory, 'stra\udcdfe.conf'));
  t.is(content.ok && Buffer.from(content.value.bytes).toString(), 'text');
  t.true(files.linkChangedAt(join(directory, 'stra\udcdfe.conf')).ok);
});
