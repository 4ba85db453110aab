import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildAll } from '../../scripts/package/build.ts';
import { must } from '../../scripts/package/programs.ts';
import { smoke } from '../../scripts/package/smoke.ts';
import { top } from '../helpers/packaged-files.ts';
import { openSandbox, type Sandbox } from '../helpers/testbed/sandbox.ts';

// Whole builds. Slow: ./scripts/test --full.

const full = process.env['CERTHERD_FULL'] === '1' ? test.serial : test.serial.skip;

full(
  'two builds of the same sources, in other places, time zones and file modes, are the same to the last byte',
  async (t) => {
    t.timeout(900_000);
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const first = await builtIn(sandbox, 'a', '0022', 'UTC');
    const second = await builtIn(sandbox, 'another-place/deeper/down', '0077', 'Asia/Tokyo');
    t.is(first, second);
    t.is(first.trim().split('\n').length, 8, 'of each app: binary, SBOM, .deb and .rpm');
  },
);

/** SHA256SUMS of a build in a copy of the sources that is no git clone. */
async function builtIn(sandbox: Sandbox, place: string, umask: string, zone: string): Promise<string> {
  const copy = join(sandbox.directory, place);
  for (const path of [
    'agent',
    'collector',
    'command-line',
    'protocol',
    'x509',
    'handshake',
    'deploy',
    'scripts',
    'CHANGELOG.md',
    'package.json',
    'package-lock.json',
    'tsconfig.base.json',
  ])
    cpSync(join(top, path), join(copy, path), { recursive: true, verbatimSymlinks: true });
  await must(['/bin/cp', '-a', join(top, 'node_modules'), copy]);
  symlinkSync(join(top, '.cache'), join(copy, '.cache'));
  const argv = [process.execPath, join(copy, 'scripts/package.ts'), '--arch', process.arch, '--quick'];
  const env = { ...process.env, TZ: zone, SOURCE_DATE_EPOCH: '1700000000' };
  await must(['/usr/bin/python3', '-c', runWithUmask, umask, ...argv], { env, cwd: copy });
  return readFileSync(join(copy, 'build/SHA256SUMS'), 'utf8');
}

/** Arguments: the mask, then the command. */
const runWithUmask = 'import os, sys; os.umask(int(sys.argv[1], 8)); os.execv(sys.argv[2], sys.argv[2:])';

full(
  'the other architecture’s binaries run under qemu: version, check, and the collector’s page',
  async (t: ExecutionContext) => {
    t.timeout(900_000);
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const identity = { version: '0.1.0', commit: 'of-a-test', epoch: 1_700_000_000 };
    const built = await buildAll({
      top,
      output: join(sandbox.directory, 'build'),
      cache: join(top, '.cache/package'),
      identity,
      apps: ['agent', 'collector'],
      architectures: [process.arch === 'x64' ? 'arm64' : 'x64'],
      formats: [],
      compression: 'quick',
      progress: () => {},
    });
    t.is(built.length, 2);
    for (const one of built) t.like(await smoke(one, identity), { tried: true });
  },
);
