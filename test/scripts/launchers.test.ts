import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const top = fileURLToPath(new URL('../..', import.meta.url));

for (const launcher of ['demo', 'test', 'setup']) {
  test(`scripts/${launcher} --help explains itself and does nothing`, async (t) => {
    const ran = await run(`${top}/scripts/${launcher}`, ['--help']);
    t.is(ran.exit, 0);
    t.regex(ran.stdout, new RegExp(`^usage: (\\./)?scripts/${launcher}`));
  });
}

for (const script of ['demo', 'test', 'bench', 'load', 'soak', 'replay']) {
  test(`scripts/${script}.ts refuses an unknown option in one line`, async (t) => {
    const ran = await run(process.execPath, [`${top}/scripts/${script}.ts`, '--never-heard-of']);
    t.is(ran.exit, 2);
    t.is(ran.stdout, '');
    t.is(ran.stderr.trimEnd().split('\n').length, 1, ran.stderr);
    t.true(ran.stderr.includes('--never-heard-of'), ran.stderr);
  });
}

test('scripts/setup refuses an unknown purpose', async (t) => {
  const ran = await run(`${top}/scripts/setup`, ['everything']);
  t.is(ran.exit, 2);
  t.regex(ran.stderr, /^usage:/);
});

function run(program: string, argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(program, argv, (error, stdout, stderr) => {
      resolve({ exit: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
