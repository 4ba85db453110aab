import fs from 'node:fs';
import test from 'ava';
import { runAgent } from '../../helpers/host.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';

test('an agent that was killed does not run, although another process has its pid', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const config = `${sandbox.directory}/agent.toml`;
  const state = `${sandbox.directory}/state`;
  fs.mkdirSync(state);
  fs.writeFileSync(config, `state_directory = "${state}"\n`);
  const left = {
    version: 1,
    pid: process.pid,
    host: 'web-1\u202e',
    agentVersion: '0.1.0',
    mode: 'observe',
    startedAt: '2026-11-23T12:00:00.000Z',
    collector: { state: 'not-enrolled' },
    eventsWaiting: 0,
  };
  fs.writeFileSync(`${state}/status.json`, JSON.stringify(left));
  fs.writeFileSync(`${state}/run.lock`, `${process.pid} 12345\n`);
  const told = await runAgent(sandbox, ['status', '--config', config]);
  t.is(told.exit, 1);
  t.regex(told.stdout, /not running \(was pid \d+\)/);
  const json = await runAgent(sandbox, ['status', '--json', '--config', config]);
  t.is(JSON.parse(json.stdout).running, false);
  t.is(JSON.parse(json.stdout).host, left.host);
  t.false(json.stdout.includes('\u202e'), 'what a terminal would act on is written out');
});
