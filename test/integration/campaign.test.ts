import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { Message } from '../../collector/notify/message.ts';
import type { CampaignAnswer, PlanAnswer } from '../../collector/serve/campaigns/views.ts';
import { environment, prepareCollector } from '../../scripts/stage/products.ts';
import { startReceiver } from '../collector/helpers/receivers.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

const main = path.resolve(import.meta.dirname, '../../collector/main.ts');

/** A host that its agent may renew, by this name. */
async function renewing(host: TestHost, name: string): Promise<TestHost> {
  host.setMode('renew');
  fs.writeFileSync(host.configFile, fs.readFileSync(host.configFile, 'utf8').replace('"web-1"', JSON.stringify(name)));
  return host;
}

/** What a person does before a kind of key is left: certbot itself keeps the one that is written there. */
function keyType(host: TestHost, type: string): void {
  const file = host.certbot.lineage('shop').renewalConfig;
  fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/^key_type = .*$/m, `key_type = ${type}`));
}

const versions = (host: TestHost) =>
  fs.readdirSync(host.certbot.lineage('shop').archive).filter((name) => name.startsWith('cert')).length;

test('a campaign replaces certificates of two real hosts: killed in a wave it asks nothing twice, pauses on a failure, and goes on', async (t) => {
  const [one, two] = await Promise.all([
    startHost(t).then((host) => renewing(host, 'web-1')),
    startHost(t).then((host) => renewing(host, 'web-2')),
  ]);
  const hook = await startReceiver(t);
  const rule = '[[notify.rule]]\nname = "campaigns"\ncode = ["campaign-paused"]\nwait = "0s"\nto = ["hook"]\n';
  const channel = `[[notify.channel]]\nname = "hook"\nkind = "webhook"\nurl = "${hook.url}/"\n`;
  const collector = await prepareCollector(one.sandbox, 2, `\n${channel}${rule}`);
  await collector.start();
  const config = path.join(one.sandbox.folder('collector'), 'collector.toml');
  for (const host of [one, two]) {
    t.is((await host.agent(['enroll', await collector.join()])).exit, 0);
    host.daemon();
  }
  const command = (...args: string[]) =>
    one.sandbox.run(process.execPath, [main, 'campaign', ...args, '--config', config], {
      env: environment(one.sandbox),
    });
  const campaigns = async (): Promise<CampaignAnswer['campaign'][]> =>
    (await (await fetch(`${collector.webAddress}api/v1/campaigns`)).json()).items;
  const members = async (id: string): Promise<CampaignAnswer['members']> =>
    (await (await fetch(`${collector.webAddress}api/v1/campaigns/${id}`)).json()).members;

  keyType(one, 'rsa');
  const plan = await until('both hosts are planned', async () => {
    const answer = await command('plan', '--key', 'EC', '--json');
    const planned: PlanAnswer | undefined = answer.exit === 0 ? JSON.parse(answer.stdout) : undefined;
    return planned?.members.length === 2 && planned;
  });
  t.deepEqual(
    plan.members.map(({ wave, hostName, lineage }) => `${wave} ${hostName} ${lineage}`),
    ['1 web-1 shop', '2 web-2 shop'],
  );
  t.regex(plan.cautions.join(), /keeps the lineage's kind of key/);
  t.is((await command('start', '--key', 'EC', '--reason', 'RSA alone')).exit, 64, 'nobody can be asked here');
  const started = await command('start', '--key', 'EC', '--reason', 'RSA alone', '--yes');
  t.is(started.exit, 0, started.stderr);
  t.regex(started.stdout, /^Would replace 2 certificates: 2 lineages on 2 hosts, 1 name, shown at 2 endpoints/m);

  const [campaign] = await campaigns();
  const id = campaign?.id ?? '';
  await until('the first host is asked', async () => (await members(id))[0]?.state === 'asked');
  await collector.kill();
  await collector.start();
  await until('it pauses', async () => (await campaigns())[0]?.state === 'paused');
  const [first, second] = await members(id);
  t.like(first, { hostName: 'web-1', state: 'served', attempt: 1, placesServed: 1 });
  t.is((await handshake(one.tlsPort, shopName, 'rsa')).fingerprint, one.certbot.lineage('shop').leaf());
  t.is(versions(one), 2, 'renewed once');
  t.like(second, { hostName: 'web-2', state: 'failed', attempt: 1 });
  t.regex(second?.cause ?? '', /^renewed, but the new certificate is one of those that are to go: EC /);
  t.is((await command('show', id.slice(0, 8), '--wait')).exit, 1);

  await until('people are told', () => hook.received.length > 0);
  const told = () => hook.received.map(({ body }): Message => JSON.parse(body));
  t.like(told()[0], { kind: 'opened', code: 'campaign-paused', places: [{ hostName: 'web-2' }] });
  t.true(told()[0]?.cause.includes(second?.cause ?? '?'));

  keyType(two, 'rsa');
  const resumed = await command('resume', id.slice(0, 8), '--reason', 'key_type is set on web-2 now');
  t.is(resumed.exit, 0, resumed.stderr);
  const done = await command('show', id.slice(0, 8), '--wait');
  t.is(done.exit, 0, done.stderr);
  t.regex(done.stdout, /: done: 2 of 2 served \(2 of 2 places\)$/m);
  t.is((await handshake(two.tlsPort, shopName, 'rsa')).fingerprint, two.certbot.lineage('shop').leaf());
  t.deepEqual([versions(one), versions(two)], [2, 3]);
  await until('and that it went on', () => hook.received.length > 1);
  t.deepEqual(
    told().map(({ kind }) => kind),
    ['opened', 'resolved'],
    'once each',
  );
  t.regex((await command('list')).stdout, /done +2 of 2 +0 /);
  const again = await command('abort', id.slice(0, 8), '--reason', 'too late');
  t.is(again.exit, 1);
  t.regex(again.stderr, /it is done: it is over already/);
});
