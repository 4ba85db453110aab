import fs from 'node:fs';
import path from 'node:path';
import { framesSince, oldestProtocolVersion, protocolVersion } from '@certherd/protocol/version';
import test from 'ava';
import { prepareCollector } from '../../scripts/stage/products.ts';
import { readEstate } from '../collector/helpers/real-collector.ts';
import { runAgent } from '../helpers/host.ts';
import { mint } from '../helpers/mint.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';
import { startWireTap } from '../helpers/wire-tap.ts';

const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
const typeOf = (text: string) => (JSON.parse(text) as { type: string }).type;

for (let version = oldestProtocolVersion; version <= protocolVersion; version++)
  test(`agent and collector that agree on version ${version} tell and show a host, and say nothing that is newer`, async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const { directory } = sandbox;
    const collector = await prepareCollector(sandbox, 1);
    await collector.start();
    const tap = await startWireTap(t, sandbox, version);
    const one = await mint({ names: ['shop.test'] });
    const at = (name: string, text: string) => {
      fs.writeFileSync(path.join(directory, name), text);
      return path.join(directory, name);
    };
    const certificate = at('shop.pem', one.pem);
    const key = at('shop.key', one.keyPem);
    const works = `events { }\nhttp { server { listen 127.0.0.1:1 ssl; server_name shop.test;
      ssl_certificate ${certificate}; ssl_certificate_key ${key}; } }\n`;
    const nginx = at('nginx.conf', works);
    const config = at(
      'agent.toml',
      `host_name = "web-1"\nstate_directory = "${directory}/state"\nfinding_delay_seconds = 0\n[nginx]\nconfig = "${nginx}"\n`,
    );
    t.is((await runAgent(sandbox, ['enroll', tap.through(await collector.join()), '--config', config])).exit, 0);
    sandbox.start(process.execPath, [program, 'run', '--config', config], path.join(directory, 'agent.log'));
    const basis = version >= (framesSince['certificates'] ?? 0) ? 'der' : 'told';
    const estate = () => readEstate(collector.webAddress);
    await until('the host is shown', async () => {
      const { certificates, endpoints, hosts } = await estate();
      return endpoints.length > 0 && certificates[0]?.basis === basis && hosts[0]?.connected;
    });
    fs.writeFileSync(nginx, 'events { }\nhttp { server {\n');
    await until('its change is history', async () =>
      (await estate()).events.some(({ detail }) => detail['code'] === 'config-broken'),
    );
    await until('it is heard', () => tap.fromAgents.some((text) => typeOf(text) === 'heartbeat'));

    const welcome = tap.fromCollector.find((text) => typeOf(text) === 'welcome') ?? '{}';
    t.is((JSON.parse(welcome) as { version: number }).version, version);
    const newer = [...tap.fromAgents, ...tap.fromCollector]
      .map(typeOf)
      .filter((type) => (framesSince[type] ?? 1) > version);
    t.deepEqual(newer, []);
    t.false(tap.fromCollector.some((text) => typeOf(text) === 'refused'));
  });
