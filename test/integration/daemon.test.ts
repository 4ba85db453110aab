import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import test from 'ava';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

const served = async (host: TestHost) => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;
const watches = (host: TestHost) => async () => (await host.agent(['status'])).stdout.includes('1 of 1 present');

test('without a collector the agent heals the incident, and keeps what happened', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  t.is((await host.agent(['status'])).exit, 1, 'no agent has run yet');
  const agent = host.daemon();
  await until('the agent looked', watches(host));
  await host.certbot.renew('shop');
  const renewed = host.certbot.lineage('shop').leaf();
  await until('it is served', async () => (await served(host)) === renewed);
  const outbox = () => fs.readFileSync(`${host.sandbox.directory}/state/outbox.jsonl`, 'utf8');
  await until('the end of the finding is kept', () => outbox().includes('finding-closed'));
  for (const kind of ['agent-started', 'certificate-issued', 'finding-opened', 'deployment'])
    t.true(outbox().includes(`"kind":"${kind}"`), kind);
  const key = fs.readFileSync(host.certbot.lineage('shop').keyTarget(), 'utf8').split('\n')[1] ?? 'none';
  for (const name of fs.readdirSync(`${host.sandbox.directory}/state`)) {
    const file = `${host.sandbox.directory}/state/${name}`;
    t.false(fs.readFileSync(file, 'utf8').includes(key), `${name} holds no private key`);
    t.is(fs.statSync(file).mode & 0o077, 0, `${name} is readable by its owner only`);
  }
  t.false(agent.output().includes(key));

  const second = host.daemon();
  t.is((await second.exited).exit, 1);
  t.regex(second.output(), /another certherd-agent runs/);
  agent.signal('SIGTERM');
  t.is((await agent.exited).exit, 0);
  t.is((await host.agent(['status'])).exit, 1);
});

test('an agent that only observes tells and touches nothing', async (t) => {
  const host = await startHost(t);
  const before = await served(host);
  host.daemon();
  await until('the agent looked', watches(host));
  const workers = host.nginx.workers();
  await host.certbot.renew('shop');
  await until('the drift is seen', async () => /[1-9] critical/.test((await host.agent(['status'])).stdout));
  t.is(await served(host), before);
  t.deepEqual(host.nginx.workers(), workers);
});

test('what comes due is renewed, reloaded and proved by the agent itself', async (t) => {
  const host = await startHost(t, { validitySeconds: 60 });
  host.setMode('renew');
  const first = await served(host);
  host.daemon();
  const renewed = await until(
    'another certificate is served',
    async () => {
      const now = await served(host);
      return now !== first && now;
    },
    { deadlineMs: 60_000 },
  );
  t.is(renewed, host.certbot.lineage('shop').leaf());
});

test('a killed agent goes on where it was: a mismatch holds the reload back, its mending is deployed', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const first = host.daemon();
  await until('the agent looked', watches(host));
  first.signal('SIGKILL');
  await first.exited;
  const before = await served(host);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await host.certbot.renew('shop');
  const good = fs.readFileSync(host.certbot.lineage('shop').keyTarget());
  fs.writeFileSync(host.certbot.lineage('shop').keyTarget(), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const workers = host.nginx.workers();
  host.daemon();
  await until('the mismatch is seen', async () => /[1-9] critical/.test((await host.agent(['status'])).stdout));
  t.deepEqual([await served(host), host.nginx.workers()], [before, workers]);
  fs.writeFileSync(host.certbot.lineage('shop').keyTarget(), good);
  await until('the mended pair is served', async () => (await served(host)) === host.certbot.lineage('shop').leaf());
  t.pass();
});
