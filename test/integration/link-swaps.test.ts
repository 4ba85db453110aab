import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import type { Finding } from '@certherd/protocol/finding';
import test, { type ExecutionContext } from 'ava';
import { loadConfig } from '../../agent/config.ts';
import { decide } from '../../agent/decide/decide.ts';
import { observeHost } from '../../agent/observe/observe.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { readMachine } from '../../agent/system/machine.ts';
import { startHost, type TestHost } from '../helpers/host.ts';
import type { Child } from '../helpers/testbed/children.ts';

/** certbot's own code changes the four links 400 times between versions 1 and 2, with pauses of up to 100 ms. */
const swapper = `
import random, sys, time, types
from certbot._internal import storage
root = sys.argv[1]
config = types.SimpleNamespace(default_archive_dir=root + '/archive', live_dir=root + '/live', renewal_configs_dir=root + '/renewal')
lineage = storage.RenewableCert(root + '/renewal/shop.conf', config)
for turn in range(400):
    lineage.update_all_links_to(1 + turn % 2)
    time.sleep(random.random() * 0.1)
`;

/** A host whose lineage has two versions, between which its links go to and fro until `swaps` has ended. */
async function swapping(t: ExecutionContext): Promise<{ host: TestHost; swaps: Child }> {
  const host = await startHost(t);
  t.is((await host.certbot.renew('shop')).exit, 0);
  const log = join(host.sandbox.directory, 'swaps.log');
  const swaps = host.sandbox.start('/usr/bin/python3', ['-c', swapper, host.certbot.configDirectory], log);
  return { host, swaps };
}

/** Nothing but what is so: certbot is at work, or the certificate is in its renewal window. */
const untrue = (findings: Finding[]) => findings.filter(({ code }) => code !== 'settling' && code !== 'due');

test('during 400 changes of links no check of the files tells anything that is not so', async (t) => {
  const { host, swaps } = await swapping(t);
  let checks = 0;
  while (swaps.running()) {
    const ran = await host.agent(['check', '--json', '--no-probe']);
    t.deepEqual(untrue(JSON.parse(ran.stdout).findings), []);
    checks += 1;
  }
  t.is((await swaps.exited).exit, 0, swaps.output());
  t.log(`${checks} checks`);
  t.true(checks > 0);
});

test('during 400 changes of links no verdict on the files is wrong, and some meet certbot at work', async (t) => {
  const { host, swaps } = await swapping(t);
  const config = loadConfig(systemFiles(), host.configFile, readMachine());
  if (!config.ok) throw new Error(config.failure.join('\n'));
  const ports = systemLooking();
  const self = { name: 'web-1', agentVersion: '0', platform: 'test' };
  let verdicts = 0;
  let settling = 0;
  while (swaps.running()) {
    // No patience: what a look of `check` would wait out is judged at once.
    const seen = await observeHost(ports, config.value, self, { probe: false, patienceMs: 0 });
    const { findings } = decide(seen, [], [], config.value, ports.clock.now()).snapshot;
    t.deepEqual(untrue(findings), []);
    verdicts += 1;
    if (findings.some(({ code }) => code === 'settling')) settling += 1;
    await setImmediate();
  }
  t.is((await swaps.exited).exit, 0, swaps.output());
  t.log(`${settling} of ${verdicts} verdicts were settling`);
  t.true(settling > 0);
});
