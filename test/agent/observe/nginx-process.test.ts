import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Master, runningConfig } from '../../../agent/observe/nginx-process.ts';
import { systemLooking } from '../../../agent/system/looking.ts';
import { testDirectory } from '../../helpers/directory.ts';

test('an nginx runs the config that its arguments lead to, by links or a prefix, and may run it where that cannot be told', (t) => {
  const directory = testDirectory(t);
  const place = (name: string) => join(directory, name);
  for (const name of ['own.conf', 'other.conf']) writeFileSync(place(name), 'events {}');
  symlinkSync(place('own.conf'), place('link.conf'));
  symlinkSync(directory, place('prefix'));
  const { files } = systemLooking();
  const may = (change: Pick<Master, 'config' | 'prefix'>, configFile = place('own.conf')) => {
    const masters = [{ pid: 1, startedAt: 0, workers: [], ...change }];
    return runningConfig({ masters, orphans: [] }, configFile, files).masters.length === 1;
  };
  t.true(may({}), 'the one that is built in');
  t.true(may({ config: place('own.conf') }));
  t.false(may({ config: place('other.conf') }));
  t.true(may({ config: place('link.conf') }));
  t.true(may({ config: place('own.conf') }, place('link.conf')));
  t.false(may({ config: place('other.conf') }, place('link.conf')));
  t.true(may({ config: 'link.conf', prefix: place('prefix') }));
  t.false(may({ config: 'other.conf', prefix: place('prefix') }));
  t.true(may({ config: 'other.conf' }), 'below a prefix that is built in');
  t.true(may({ config: 'other.conf', prefix: 'here' }), 'below a directory that it was started in');
  t.true(may({ config: place('gone.conf') }), 'a file that is gone');
});
