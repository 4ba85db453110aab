import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { prepareCollector } from '../../scripts/stage/products.ts';
import { readEstate } from '../collector/helpers/real-collector.ts';
import { startHost } from '../helpers/host.ts';
import { environmentOfSources } from '../helpers/testbed/children.ts';
import { until } from '../helpers/testbed/until.ts';

const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
const library = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/faketime/libfaketime.so.1`;

test('a clock that jumps 400 days ahead, then ten years back, then right costs one renewal, no session, and no look', async (t) => {
  const host = await startHost(t, { validitySeconds: 90 * 86_400 });
  host.setMode('renew');
  const settings = fs.readFileSync(host.configFile, 'utf8');
  fs.writeFileSync(host.configFile, settings.replace('rescan_seconds = 60', 'rescan_seconds = 1'));
  const { directory } = host.sandbox;
  const collector = await prepareCollector(host.sandbox, 1);
  await collector.start();
  t.is((await host.agent(['enroll', await collector.join()])).exit, 0);

  // The wall clock alone: the monotonic one does not jump on real machines either.
  const clock = path.join(directory, 'clock');
  const set = (jump: string) => {
    // In one step: an empty file would be a jump of its own.
    fs.writeFileSync(`${clock}.next`, `${jump}\n`);
    fs.renameSync(`${clock}.next`, clock);
  };
  const env = {
    ...environmentOfSources(),
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
  const started = (log: string) =>
    host.sandbox.start(process.execPath, [program, 'run', '--config', host.configFile], path.join(directory, log), {
      env,
    });
  set('+0');
  const agent = started('agent.log');
  const estate = () => readEstate(collector.webAddress);
  const host_ = async () => (await estate()).hosts[0];
  const isHealthy = async () => (await host_())?.status === 'healthy';
  await until('all is well', isHealthy, { deadlineMs: 60_000 });

  const renewals = () => {
    const ledger = path.join(directory, 'state/renewals.json');
    return fs.existsSync(ledger)
      ? (JSON.parse(fs.readFileSync(ledger, 'utf8')) as { tries: object[] }).tries.length
      : 0;
  };
  const lookedAt = () =>
    (JSON.parse(fs.readFileSync(path.join(directory, 'state/status.json'), 'utf8')) as { lookedAt?: string }).lookedAt;
  const looks = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const before = lookedAt();
      await until('it looks again', () => lookedAt() !== before, { deadlineMs: 60_000 });
    }
  };

  set('+400d');
  await until(
    'it did what the clock called for',
    async () => (await estate()).events.some(({ kind }) => kind === 'deployment'),
    {
      deadlineMs: 60_000,
    },
  );
  await looks(4);
  t.is(renewals(), 1, 'what is renewed looks ended too, and is left alone');

  set('-3650d');
  const finding = await until(
    'the clock is doubted',
    async () => (await estate()).findings.find(({ code }) => code === 'not-yet-valid'),
    { deadlineMs: 120_000, hopeless: () => (agent.running() ? undefined : agent.output()) },
  );
  t.regex(finding.cause, /this host's clock may be wrong/);
  await looks(4);
  t.is(renewals(), 1);

  set('+0');
  await until('all is well again', isHealthy, { deadlineMs: 60_000 });
  t.is(renewals(), 1);
  t.true((await host_())?.connected);
  t.false(agent.output().includes('not connected to the collector'), agent.output());

  agent.signal('SIGTERM');
  await agent.exited;
  await until('it is gone', async () => (await host_())?.connected === false);
  set('+400d');
  started('agent-again.log');
  const heard = async () => (await host_())?.connected;
  await until('the host that starts with a wrong clock proves who it is', heard, { deadlineMs: 60_000 });
  const doctor = await host.sandbox.run(process.execPath, [program, 'doctor', '--json', '--config', host.configFile], {
    env,
  });
  t.regex(doctor.stdout, /this host's clock is \d[^"]* ahead of that of/);
});
