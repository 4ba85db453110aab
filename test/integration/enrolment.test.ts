import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { prepareCollector } from '../../scripts/stage/products.ts';
import { runCollector } from '../collector/helpers/real-collector.ts';
import { runAgent } from '../helpers/host.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

test('a join string enrols one host once, and each refusal is one line that says what to do', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const collector = await prepareCollector(sandbox);
  await collector.start();
  const join = await collector.join();
  const enroll = (host: string, word: string, ...more: string[]) => {
    const config = `${sandbox.directory}/${host}.toml`;
    fs.writeFileSync(config, `host_name = "${host}"\nstate_directory = "${sandbox.directory}/${host}"\n`);
    return runAgent(sandbox, ['enroll', word, ...more, '--config', config]);
  };
  const token = join.split('.').at(-1) ?? 'none';
  const refused = async (host: string, word: string, expected: RegExp) => {
    const { exit, stdout, stderr } = await enroll(host, word);
    t.is(exit, 1, stderr);
    t.regex(stderr, expected);
    t.is(stderr.trim().split('\n').length, 1, stderr);
    t.false((stdout + stderr).includes(token), 'the token is not repeated');
  };

  const slash = join.lastIndexOf('/') + 1;
  const before = join.slice(0, slash);
  const pinned = join.slice(slash);
  await refused(
    'web-1',
    `${before}${'A'.repeat(43)}.${pinned.split('.')[1]}`,
    /is not the collector of this join string .*The token was not sent/,
  );

  const first = await enroll('web-1', join, '--json');
  t.is(first.exit, 0, first.stderr);
  const { agentId } = JSON.parse(first.stdout) as { agentId: string };
  const again = await enroll('web-1', join, '--json');
  t.is((JSON.parse(again.stdout) as { agentId: string }).agentId, agentId, 'a lost reply may be asked for again');
  await refused('web-2', join, /refused the token, which was used, has expired, or is unknown.*token create/);
  const piped = (text: string) => {
    const config = `${sandbox.directory}/web-1.toml`;
    const argv = ['agent/main.ts', 'enroll', '-', '--json', '--config', config];
    const cwd = path.resolve(import.meta.dirname, '../..');
    return spawnSync(process.execPath, argv, { input: text, encoding: 'utf8', cwd });
  };
  t.is((JSON.parse(piped(`${join}\n`).stdout) as { agentId: string }).agentId, agentId, 'from standard input');
  const nothing = piped('');
  t.deepEqual([nothing.status, nothing.stdout], [64, '']);
  t.regex(nothing.stderr, /the join string cannot be used/);
  await refused(
    'web-2',
    `${before}${pinned.split('.')[0]}.${'B'.repeat(43)}`,
    /refused the token, which was used, has expired, or is unknown/,
  );
  t.false(fs.existsSync(`${sandbox.directory}/web-2/enrolment.json`));

  const config = `${sandbox.folder('collector')}/collector.toml`;
  const revoke = runCollector(['host', 'revoke', 'web-1', '--yes', '--config', config]);
  t.is(await revoke.ended, 0, revoke.complaints.join());
  const second = await collector.join();
  const cutOff = await enroll('web-1', second);
  t.regex(
    cutOff.stderr,
    /identity was revoked at the collector\. To enrol it as a new one, with a new key, add --replace\./,
  );
  const anew = await enroll('web-1', second, '--replace', '--json');
  t.is(anew.exit, 0, anew.stderr);
  t.not((JSON.parse(anew.stdout) as { agentId: string }).agentId, agentId, 'it is another identity');
  const keys = ['agent-key.pem', 'agent-key-next.pem'].map((name) =>
    fs.readFileSync(`${sandbox.directory}/web-1/${name}`, 'utf8'),
  );
  t.is(keys[0], '', 'the revoked key is gone');
  t.regex(keys[1] ?? '', /PRIVATE KEY/);

  await collector.kill();
  await refused('web-3', join, /cannot be reached .*The token was not sent/);
});
