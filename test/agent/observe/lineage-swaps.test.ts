import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { letsencrypt, print } from './lineage-tree.ts';

/** certbot's own code changes the four links, as often as the first argument says, between versions 1 and 2. */
const swapper = `
import sys, types
from certbot._internal import storage
count, root, name = int(sys.argv[1]), sys.argv[2], sys.argv[3]
config = types.SimpleNamespace(default_archive_dir=root + '/archive', live_dir=root + '/live', renewal_configs_dir=root + '/renewal')
lineage = storage.RenewableCert(root + '/renewal/' + name + '.conf', config)
for turn in range(count):
    lineage.update_all_links_to(2 - turn % 2)
`;

test('during 400 changes of links by certbot itself every observation is settling or right', async (t) => {
  const { root, add, link, observe } = letsencrypt(t);
  const leaves = [print((await add(1)).leaf), print((await add(2)).leaf)];
  link(1);
  const child = spawn('/usr/bin/python3', ['-c', swapper, '400', root, 'shop.example.test'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const ended = once(child, 'close');

  let settled = 0;
  let unsettled = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const { lineage, settling } = observe();
    if (settling.length > 0) {
      unsettled += 1;
    } else {
      settled += 1;
      const { live, liveVersion = 0, keyMatches, failure } = lineage;
      t.deepEqual(
        { live, keyMatches, failure },
        { live: leaves[liveVersion - 1], keyMatches: true, failure: undefined },
      );
    }
    t.is(lineage.issued, leaves[1]);
    await setImmediate();
  }
  await ended;
  t.is(child.exitCode, 0, errors.join(''));
  t.log(`${unsettled} of ${settled + unsettled} observations were settling`);
  t.true(unsettled > 0, 'the observer met certbot at work');
  t.true(settled > 0);
  t.deepEqual(observe().settling, []);
  t.is(observe().lineage.certificatePath, join(root, 'live', 'shop.example.test', 'fullchain.pem'));
});
