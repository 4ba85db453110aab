import path from 'node:path';
import test from 'ava';
import { environment, prepareCollector } from '../../scripts/stage/products.ts';
import { startHost } from '../helpers/host.ts';
import { until } from '../helpers/testbed/until.ts';

const main = path.resolve(import.meta.dirname, '../../collector/main.ts');

test('a person at the collector asks a real host: it looks again, and refuses what its own policy does not allow', async (t) => {
  const host = await startHost(t);
  const collector = await prepareCollector(host.sandbox);
  await collector.start();
  t.is((await host.agent(['enroll', await collector.join()])).exit, 0);
  host.daemon();
  const config = path.join(host.sandbox.folder('collector'), 'collector.toml');
  const ask = (...args: string[]) =>
    host.sandbox.run(
      process.execPath,
      [main, 'request', ...args, '--host', 'web-1', '--reason', 'a trial', '--config', config, '--wait'],
      { env: environment(host.sandbox) },
    );
  const looked = await until('the host has told what it sees', async () => {
    const answer = await ask('verify', 'shop');
    return answer.exit === 0 && answer;
  });
  t.regex(looked.stdout, /^verify shop on web-1: done: 1 of 1 endpoint\(s\) present the newest certificate$/m);
  const before = host.certbot.lineage('shop').leaf();
  const refused = await ask('renew', 'shop');
  t.is(refused.exit, 1);
  t.regex(refused.stdout, /^renew shop on web-1: refused by the host \(not-allowed\): /m);
  t.is(host.certbot.lineage('shop').leaf(), before);
});
