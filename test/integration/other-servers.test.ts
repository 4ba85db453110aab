import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { runAgent } from '../helpers/host.ts';
import { mint } from '../helpers/mint.ts';
import { haproxy, haproxyDefaults } from '../helpers/testbed/haproxy.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

interface Report {
  endpoints: { server: string; serverName: string; served?: string; configured?: string; reached: string }[];
}

/** `check` on a host on which only this server program is. */
async function checking(t: ExecutionContext, table: string) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const config = `${sandbox.directory}/agent.toml`;
  const check = async (configFile: string): Promise<Report> => {
    fs.writeFileSync(
      config,
      `[nginx]\nconfig = "/nonexistent/nginx.conf"\n[certbot]\nconfig_directory = "/nonexistent"\n[${table}]\nconfig = "${configFile}"\n`,
    );
    return JSON.parse((await runAgent(sandbox, ['check', '--json', '--config', config])).stdout);
  };
  return { sandbox, check };
}

test('HAProxy is asked for the names of its certificates', async (t) => {
  const { sandbox, check } = await checking(t, 'haproxy');
  const port = await sandbox.port();
  const server = haproxy(sandbox, '');
  const first = await mint({ names: ['front.example.test', 'www.front.example.test'] });
  const pem = server.write('front.pem', first.pem + first.keyPem);
  fs.chmodSync(pem, 0o600);
  const ready = `${server.directory}/ready`;
  server.write(
    'haproxy.cfg',
    `${haproxyDefaults}frontend f\n  bind 127.0.0.1:${port} ssl crt ${pem}\n  bind unix@${ready}\n`,
  );
  await server.start(ready);
  const healthy = await check(server.configFile);
  const names = healthy.endpoints.map(({ server: program, serverName, reached }) => [program, serverName, reached]);
  t.deepEqual(names, [
    ['haproxy', '', 'served'],
    ['haproxy', 'front.example.test', 'served'],
    ['haproxy', 'www.front.example.test', 'served'],
  ]);
});
