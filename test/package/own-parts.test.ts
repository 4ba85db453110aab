import { join } from 'node:path';
import test from 'ava';
import { bundle } from '../../scripts/package/bundle.ts';
import { codeOf } from '../../scripts/package/code.ts';
import { compiled } from '../../scripts/package/compiled.ts';
import { run } from '../../scripts/package/programs.ts';
import { startFlags } from '../../scripts/package/start-flags.ts';
import { packagedFiles, top } from '../helpers/packaged-files.ts';
import { networksCanBeMade } from '../helpers/testbed/private-network.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const identity = { version: '0.0.1', commit: 'none', epoch: 0 };

test('a part holds its own command and no other, evaluated at once', async (t) => {
  for (const [command, without] of [
    ['act', /^(?:agent\/commands\/(?:run|check|doctor|install)\.ts|node_modules\/(?:ws|chokidar|pino|node-forge)\/)/],
    [
      'run',
      /^(?:agent\/commands\/(?:act|check|doctor|install|command-table)\.ts|(?:.+\/)?node_modules\/(?:execa|node-forge|pino|pino-pretty|commander)\/)/,
    ],
    ['check', /^(?:agent\/commands\/(?:act|run|doctor|install)\.ts|node_modules\/(?:ws|execa|chokidar|node-forge)\/)/],
  ] as const) {
    const { code, inputs } = await bundle(top, 'agent', identity, command);
    t.true(inputs.includes(`agent/commands/${command}.ts`));
    t.deepEqual(
      inputs.filter((path) => without.test(path)),
      [],
      command,
    );
    t.notRegex(code, /__esm\(/, `${command}: nothing is wrapped to be evaluated later`);
    t.deepEqual(
      inputs.filter((path) => /node_modules\/typebox\/build\/(?:type|value|compile)\//.test(path)),
      [],
      command,
    );
  }
});

test('the daemon’s part has Node load nothing for its clock, and is strict from its first line on', async (t) => {
  const { code } = await bundle(top, 'agent', identity, 'run');
  t.regex(code, /^(?:#!.*\n)?"use strict";/);
  t.notRegex(code, /performance\.now/);
  t.regex(code, /\bmonotonicNow\(\)[\s\S]+\nfunction monotonicNow\(\)/);
});

test('a command that the table does not load has no part', async (t) => {
  await t.throwsAsync(bundle(top, 'agent', identity, 'dance'), { message: /loads \.\/dance\.ts 0 times/ });
});

test('what V8 makes of code is the same in each build, and V8 takes it with the flags of the binary', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { code } = await bundle(top, 'agent', identity, 'run');
  const text = `(function (require, takePart) {${code.replace(/^#!.*/, '')}\n})`;
  const make = (begins: boolean, node: [string, ...string[]] = [process.execPath]) =>
    compiled(node, startFlags.agent, text, sandbox.directory, { begins });
  const begun = await make(true);
  const elsewhere = networksCanBeMade ? make(true, ['/usr/bin/unshare', '--net', process.execPath]) : make(true);
  t.deepEqual(begun, await elsewhere, 'what the daemon calls as it begins depends on nothing here');
  const plain = await make(false);
  t.true(plain.length > 100_000 && begun.length > plain.length + 100_000, `${plain.length} and ${begun.length}`);
});

test('code for a machine that cannot be run here is not compiled, and is there all the same', async (t) => {
  const node = { path: join(top, 'nowhere'), version: process.versions.node, licence: '' };
  const made = await codeOf(top, 'collector', identity, node, undefined);
  t.false(made.isCompiled);
  t.deepEqual([...made.assets.keys()], ['code/whole', 'code/whole.compiled']);
});

test('the binary runs a command out of its own part and out of the whole alike', async (t) => {
  const { binary } = await packagedFiles();
  const asked = (...words: string[]) => run([binary, ...words], {});
  t.is((await asked('run', '--config', '/nowhere/agent.toml')).exit, 78);
  t.is((await asked('run', '--config=/nowhere/agent.toml')).exit, 78);
  for (const command of ['act', 'check', 'run']) {
    const own = await asked(command, '--help');
    t.is(own.exit, 0, own.stderr);
    t.regex(own.stdout, new RegExp(`^Usage: certherd-agent ${command}`, 'm'));
    t.is((await asked('help', command)).stdout, own.stdout);
  }
  const wrong = await asked('act', '--no-such-option');
  t.is(wrong.exit, 64, wrong.stderr);
});
