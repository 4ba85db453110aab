import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { run } from '../../scripts/package/programs.ts';
import { packagedFiles } from '../helpers/packaged-files.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

test('the binary tells its version and commit, with no git, Node or source tree in sight', async (t) => {
  const { binary, identity } = await packagedFiles();
  const { stdout, stderr, exit } = await run([binary, 'version', '--json'], { cwd: '/', env: {} });
  t.is(exit, 0, stderr);
  const told = JSON.parse(stdout);
  t.is(told.program, identity.version);
  t.is(told.commit, identity.commit);
  t.is(stderr, '');
});

test('NODE_OPTIONS means nothing to the binary', async (t) => {
  const { binary } = await packagedFiles();
  const ran = await run([binary, '--version'], { env: { NODE_OPTIONS: '--require /nowhere/at/all.js' } });
  t.is(ran.exit, 0, ran.stderr);
});

test('the binary starts itself again to act, and obeys the policy', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { binary } = await packagedFiles();
  const config = join(sandbox.directory, 'agent.toml');
  mkdirSync(join(sandbox.directory, 'certbot'));
  writeFileSync(
    config,
    `state_directory = "${sandbox.directory}/state"\n[certbot]\nconfig_directory = "${sandbox.directory}/certbot"\n`,
  );
  const ran = await run([binary, 'renew', 'shop', '--config', config], {});
  t.is(ran.exit, 1);
  t.log(ran.stdout, ran.stderr);
});
