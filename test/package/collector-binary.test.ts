import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { run } from '../../scripts/package/programs.ts';
import { smoke } from '../../scripts/package/smoke.ts';
import { ownArchitecture, packagedFiles } from '../helpers/packaged-files.ts';
import { machinesCanBeMade, openMachine } from '../helpers/testbed/machine.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const token = (data: string) => ['token', 'create', '--url', '127.0.0.1:1', '--data', data];

test('the collector’s binary serves its page, and several at once leave nothing in the temporary directory', async (t) => {
  t.timeout(300_000);
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { binary, sbom, identity } = await packagedFiles({ app: 'collector' });
  const built = { app: 'collector', architecture: ownArchitecture(), binary, sbom, packages: {} } as const;
  t.deepEqual(await smoke(built, identity), { tried: true, what: 'tells its version; serves its page and metrics' });

  const temporary = join(sandbox.directory, 'tmp');
  mkdirSync(temporary);
  const env = { TMPDIR: temporary, PATH: '/usr/bin:/bin' };
  const places = ['one', 'two', 'three', 'three'].map((name) => join(sandbox.directory, name));
  const made = await Promise.all(places.map((data) => run([binary, ...token(data)], { env })));
  for (const { exit, stdout, stderr } of made) {
    t.is(exit, 0, stderr);
    t.regex(stdout, /^certherd:\/\//);
  }
  t.deepEqual(readdirSync(temporary), []);
  t.false(readdirSync(join(sandbox.directory, 'one')).some((name) => name.startsWith('certherd-sqlite')));
});

const asRoot = machinesCanBeMade ? test : test.skip;

asRoot(
  'where no program may be run from the temporary directory SQLite is loaded from the data directory',
  async (t) => {
    t.timeout(300_000);
    const { binary } = await packagedFiles({ app: 'collector' });
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const machine = await openMachine(sandbox);
    t.teardown(() => machine.close());
    await machine.must('mkdir', '-p', '/mnt/noexec');
    await machine.must('mount', '-t', 'tmpfs', '-o', 'noexec', 'noexec', '/mnt/noexec');
    const env = { TMPDIR: '/mnt/noexec' };
    const made = await machine.run(binary, token('/root/data'), env);
    t.is(made.exit, 0, made.stderr);
    t.notRegex(await machine.must('ls', '/root/data', '/mnt/noexec'), /sqlite-/);
    const refused = await machine.run(binary, token('/mnt/noexec/data'), env);
    t.is(refused.exit, 1);
    t.regex(
      refused.stderr,
      /^certherd-collector: SQLite cannot be loaded \(.+\): let TMPDIR name a directory that is writable and not mounted noexec\n$/,
    );
  },
);
