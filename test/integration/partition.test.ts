import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { Estate, EventView } from '../../collector/serve/estate.ts';
import { machinesCanBeMade } from '../helpers/testbed/machine.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

const top = path.resolve(import.meta.dirname, '../..');
/** Kept for documentation (RFC 5737). */
const [agentSide, collectorSide] = ['192.0.2.1', '192.0.2.2'];

/**
 * Agent and collector in a network namespace of their own. Each end has an address, and what goes to either can be made to vanish
 * without a word to anybody: no FIN, no RST, no ICMP.
 */
async function parted() {
  const sandbox = openSandbox();
  const holder = sandbox.start('/usr/bin/unshare', ['--net', 'sleep', 'infinity'], `${sandbox.directory}/net.log`);
  await until('the namespace is there', () => fs.readFileSync(`/proc/${holder.pid}/comm`, 'utf8').trim() === 'sleep');
  const within = [`--net=/proc/${holder.pid}/ns/net`, '--'];
  const run = async (...argv: string[]) => {
    const ran = await sandbox.run('/usr/bin/nsenter', [...within, ...argv]);
    if (ran.exit !== 0) throw new Error(`${argv.join(' ')}: ${ran.stderr}`);
    return ran.stdout;
  };
  await run('ip', 'link', 'set', 'lo', 'up');
  for (const address of [agentSide, collectorSide]) await run('ip', 'address', 'add', `${address}/32`, 'dev', 'lo');
  return {
    sandbox,
    run,
    start: (log: string, ...argv: string[]) =>
      sandbox.start('/usr/bin/nsenter', [...within, ...argv], `${sandbox.directory}/${log}`),
    cut: async () => {
      for (const address of [agentSide, collectorSide])
        await run('ip', 'route', 'replace', 'blackhole', `${address}/32`, 'table', 'local');
    },
    mend: async () => {
      for (const address of [agentSide, collectorSide]) {
        await run('ip', 'route', 'del', 'blackhole', `${address}/32`, 'table', 'local');
        await run('ip', 'route', 'add', 'local', `${address}/32`, 'dev', 'lo', 'table', 'local');
      }
    },
  };
}

(machinesCanBeMade ? test : test.skip)(
  'a connection that both ends hold and nothing passes is noticed by both; afterwards what happened meanwhile comes in order, once',
  async (t) => {
    const net = await parted();
    const { sandbox } = net;
    t.teardown(() => sandbox.close());
    const { directory } = sandbox;
    const file = (name: string, text: string) => {
      fs.writeFileSync(path.join(directory, name), text);
      return path.join(directory, name);
    };
    const config = file(
      'collector.toml',
      `data_directory = "${directory}/data"
agent_listen = "${collectorSide}:8443"
web_listen = "127.0.0.1:8080"
public_address = "${collectorSide}:8443"
heartbeat_seconds = 1
`,
    );
    const nginx = file('nginx.conf', 'events { }\nhttp { }\n');
    const agentConfig = file(
      'agent.toml',
      `host_name = "web-1"
state_directory = "${directory}/state"
finding_delay_seconds = 0
rescan_seconds = 5
[nginx]
config = "${nginx}"
`,
    );
    const collector = [process.execPath, path.join(top, 'collector/main.ts')];
    const agent = [process.execPath, path.join(top, 'agent/main.ts')];
    net.start('collector.log', ...collector, 'serve', '--config', config);
    const get = async (address: string) => net.run('curl', '-sf', `http://127.0.0.1:8080${address}`);
    await until('the collector serves', () => get('/healthz').then(Boolean, () => false));
    const join = /certherd:\/\/\S+/.exec(await net.run(...collector, 'token', 'create', '--config', config))?.[0] ?? '';
    await net.run(...agent, 'enroll', join, '--config', agentConfig);
    net.start('agent.log', ...agent, 'run', '--config', agentConfig);
    const connected = async () => {
      const { hosts }: Estate = JSON.parse(await get('/api/v1/estate'));
      return hosts[0]?.connected;
    };
    const status = (): { collector: { state: string }; eventsWaiting: number } =>
      JSON.parse(fs.readFileSync(`${directory}/state/status.json`, 'utf8'));
    const told = async (): Promise<EventView[]> => JSON.parse(await get('/api/v1/events?after=0&limit=1000')).items;
    const bothConnected = async () => (await connected()) === true && status().collector.state === 'connected';
    await until('both ends are connected', bothConnected);
    await until('the start is told', async () => (await told()).length > 0);

    await net.cut();
    await until('the collector noticed', async () => (await connected()) === false, { deadlineMs: 60_000 });
    await until('the agent noticed', () => status().collector.state !== 'connected', { deadlineMs: 60_000 });
    const before = (await told()).length;
    const outbox = () => fs.readFileSync(`${directory}/state/outbox.jsonl`, 'utf8').split('\n').length;
    for (const text of ['events { }\nhttp { server {\n', 'events { }\nhttp { }\n', 'http { server { listen 1 ssl\n']) {
      const known = outbox();
      fs.writeFileSync(nginx, text);
      await until('something is kept for later', () => outbox() > known, { deadlineMs: 60_000 });
    }
    t.is((await told()).length, before, 'nothing came through');

    await net.mend();
    await until('both ends are connected again', bothConnected, { deadlineMs: 120_000 });
    const events = await until('what happened last is told', async () => {
      const all = await told();
      return all.length >= before + 3 && all.at(-1)?.kind === 'finding-opened' && all;
    });
    await until('the agent says that nothing waits', () => status().eventsWaiting === 0);
    t.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_, index) => index + 1),
      'each once, in order',
    );
    const kinds = events.slice(before).map(({ kind, detail }) => `${kind} ${detail['code']}`);
    t.true(kinds.filter((kind) => kind === 'finding-opened config-broken').length >= 2, kinds.join());
    t.true(kinds.includes('finding-closed config-broken'), kinds.join());
  },
);
