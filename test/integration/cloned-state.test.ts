import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import type { Estate } from '../../collector/serve/estate.ts';
import { prepareCollector } from '../../scripts/stage/products.ts';
import { runAgent } from '../helpers/host.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

test('of two agents with one state directory copied, the second is refused, both are flagged, and a new enrolment parts them', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const collector = await prepareCollector(sandbox);
  await collector.start();
  const estate = async (): Promise<Estate> => (await fetch(new URL('/api/v1/estate', collector.webAddress))).json();
  const host = (name: string) => {
    const directory = `${sandbox.directory}/${name}`;
    const config = `${directory}.toml`;
    fs.writeFileSync(config, `host_name = "${name}"\nstate_directory = "${directory}"\n`);
    const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
    return {
      directory,
      agent: (...args: string[]) => runAgent(sandbox, [...args, '--config', config]),
      start: () => sandbox.start(process.execPath, [program, 'run', '--config', config], `${directory}.log`),
    };
  };
  const original = host('web-1');
  t.is((await original.agent('enroll', await collector.join())).exit, 0);
  original.start();
  await until('the original is connected', async () => (await estate()).hosts[0]?.connected);

  const clone = host('web-2');
  // On the other machine the process that the lock names is not there.
  const filter = (from: string) => !from.endsWith('.lock');
  fs.cpSync(original.directory, clone.directory, { recursive: true, filter });
  const process_ = clone.start();
  const flagged = await until('the host is flagged', async () => {
    const { hosts } = await estate();
    return hosts[0]?.conflictAt !== undefined && hosts[0];
  });
  t.is(flagged.name, 'web-1', 'the original stays who it was');
  t.true(flagged.connected);
  const status = await until('the clone knows it', async () => {
    const { stdout } = await clone.agent('status');
    return stdout.includes('identity-in-use') && stdout;
  });
  t.regex(status, /another machine presents this identity .*certherd-agent enroll --replace JOIN/);

  await process_.end();
  const anew = await clone.agent('enroll', await collector.join(), '--replace');
  t.is(anew.exit, 0, anew.stderr);
  clone.start();
  await until('both are connected', async () => {
    const { hosts } = await estate();
    return hosts.length === 2 && hosts.every(({ connected }) => connected);
  });
});
