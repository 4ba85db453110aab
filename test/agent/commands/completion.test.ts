import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { FindingCode } from '@certherd/protocol/finding';
import test, { type ExecutionContext } from 'ava';
import { optionsOf } from '../../../agent/commands/command.ts';
import { commandTable } from '../../../agent/commands/command-table.ts';
import { bashCompletion } from '../../../agent/commands/completion-bash.ts';
import { fishCompletion } from '../../../agent/commands/completion-fish.ts';
import { zshCompletion } from '../../../agent/commands/completion-zsh.ts';
import { programName } from '../../../agent/commands/program.ts';
import { manPage } from '../../../scripts/docs/man-page.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { runAgent } from '../../helpers/host.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';

/** Completes the last word as bash does: it fills the words and the place, calls the function and takes COMPREPLY. */
const complete = `
source "$1"; cd "$2"; shift 2
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_certherd_agent
printf '%s\\n' "\${COMPREPLY[@]}"
`;

test('bash completes commands, options, finding codes, shells and files', async (t) => {
  const { ask, directory } = inBash(t);
  t.deepEqual(await ask('ch'), ['check']);
  t.deepEqual(
    (await ask('')).filter((word) => !word.startsWith('--')).sort(),
    [...commandTable.map(({ name }) => name), 'help'].sort(),
  );
  for (const entry of commandTable)
    t.deepEqual(await ask(entry.name, '--'), [...optionsOf(entry).map(({ flag }) => flag), '--help'], entry.name);
  t.deepEqual(await ask('check', '--no'), ['--no-probe']);
  t.deepEqual(await ask('explain', ''), [...FindingCode.enum]);
  t.deepEqual(await ask('explain', 'not-s'), ['not-served']);
  t.deepEqual(await ask('completion', 'z'), ['zsh']);
  fs.mkdirSync(path.join(directory, 'a tree'));
  fs.writeFileSync(path.join(directory, "a 'certificate'.pem"), '');
  t.deepEqual((await ask('inspect', 'a')).sort(), ["a 'certificate'.pem", 'a tree']);
  t.deepEqual(await ask('inspect', '--json', 'a c', "a 'c"), ["a 'certificate'.pem"]);
  t.deepEqual(await ask('check', '--root', 'a'), ['a tree']);
  t.deepEqual(await ask('check', '--config', "a '"), ["a 'certificate'.pem"]);
  t.deepEqual(await ask('enroll', ''), ['']);
});

test('the shells themselves accept the scripts, as far as they are installed', async (t) => {
  const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
  for (const [shell, make] of Object.entries(scripts)) {
    const file = path.join(testDirectory(t), 'script');
    fs.writeFileSync(file, make(programName, commandTable));
    const binary = ['/usr/bin', '/bin'].map((folder) => path.join(folder, shell)).find((place) => fs.existsSync(place));
    if (binary) t.deepEqual(await run(binary, ['-n', file]), { exit: 0, stdout: '', stderr: '' }, shell);
    for (const { name } of commandTable) t.true(fs.readFileSync(file, 'utf8').includes(name), `${shell}: ${name}`);
  }
});

test('completion prints the script of a shell, and names the shells that it knows', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const printed = await runAgent(sandbox, ['completion', 'bash']);
  t.is(printed.stdout, `${bashCompletion(programName, commandTable)}\n`);
  const unknown = await runAgent(sandbox, ['completion', 'tcsh']);
  t.is(unknown.exit, 64);
  t.regex(unknown.stderr, /bash, zsh, fish/);
});

test('every command explains itself with examples and its exit codes', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const helps = await Promise.all(commandTable.map(({ name }) => runAgent(sandbox, [name, '--help'])));
  commandTable.forEach(({ name, examples, exits, options }, index) => {
    const help = helps[index];
    t.is(help?.exit, 0, name);
    for (const text of [
      ...examples.map(({ command }) => `${programName} ${command}`),
      ...exits.map(({ what }) => what),
      ...options.map(({ flag }) => flag),
    ])
      t.true(help?.stdout.includes(text), `${name} --help has ${text}`);
  });
});

test('deploy/man/certherd-agent.1 is what the table of commands says; npm run docs writes it', (t) => {
  t.is(fs.readFileSync(new URL('../../../deploy/man/certherd-agent.1', import.meta.url), 'utf8'), manPage());
});

test('groff and man find nothing to warn of in the man page', async (t) => {
  const page = path.resolve(import.meta.dirname, '../../../deploy/man/certherd-agent.1');
  const judges: [string, string[]][] = [
    ['/usr/bin/groff', ['-ww', '-z', '-man', '-Tutf8', page]],
    ['/usr/bin/man', ['--warnings', '-E', 'UTF-8', '-l', page]],
  ];
  let judged = 0;
  for (const [program, argv] of judges.filter(([binary]) => fs.existsSync(binary))) {
    const { exit, stdout, stderr } = await run(program, argv);
    t.deepEqual({ exit, stderr }, { exit: 0, stderr: '' }, program);
    if (program.endsWith('man')) for (const { name } of commandTable) t.true(stdout.includes(name), name);
    judged += 1;
  }
  if (judged === 0) t.pass('neither is installed here');
});

function inBash(t: ExecutionContext): { ask: (...words: string[]) => Promise<string[]>; directory: string } {
  const directory = testDirectory(t);
  const script = path.join(testDirectory(t), 'completion.bash');
  fs.writeFileSync(script, bashCompletion(programName, commandTable));
  const ask = async (...words: string[]) => {
    const { exit, stdout, stderr } = await run('/bin/bash', [
      '--norc',
      '-c',
      complete,
      'bash',
      script,
      directory,
      programName,
      ...words,
    ]);
    t.deepEqual({ exit, stderr }, { exit: 0, stderr: '' }, words.join(' '));
    return stdout.replace(/\n$/, '').split('\n');
  };
  return { ask, directory };
}

function run(program: string, argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', MANPAGER: 'cat', MANWIDTH: '80' };
  return new Promise((resolve) => {
    execFile(program, argv, { env }, (error, stdout, stderr) => {
      resolve({ exit: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
