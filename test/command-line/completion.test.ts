import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { firstWords, lastWord } from '@certherd/command-line/command';
import { bashCompletion } from '@certherd/command-line/completion-bash';
import { fishCompletion } from '@certherd/command-line/completion-fish';
import { zshCompletion } from '@certherd/command-line/completion-zsh';
import { FindingCode } from '@certherd/protocol/finding';
import test, { type ExecutionContext } from 'ava';
import { optionsOf as agentOptions } from '../../agent/commands/command.ts';
import { agentProgram } from '../../agent/commands/program.ts';
import { optionsOf as collectorOptions } from '../../collector/commands/command-table.ts';
import { collectorProgram } from '../../collector/commands/program.ts';
import { agentManPage, collectorManPage } from '../../scripts/docs/man-page.ts';
import { testDirectory } from '../helpers/directory.ts';

const top = path.resolve(import.meta.dirname, '../..');

/** Both programs, with what is made of their tables. */
const programs = [
  {
    name: agentProgram.name,
    main: 'agent/main.ts',
    commands: agentProgram.commands,
    page: agentManPage,
    flags: agentProgram.commands.map((entry) => agentOptions(entry).map(({ flag }) => flag)),
    scripts: {
      bash: bashCompletion(agentProgram),
      zsh: zshCompletion(agentProgram),
      fish: fishCompletion(agentProgram),
    },
  },
  {
    name: collectorProgram.name,
    main: 'collector/main.ts',
    commands: collectorProgram.commands,
    page: collectorManPage,
    flags: collectorProgram.commands.map((entry) => collectorOptions(entry).map(({ flag }) => flag)),
    scripts: {
      bash: bashCompletion(collectorProgram),
      zsh: zshCompletion(collectorProgram),
      fish: fishCompletion(collectorProgram),
    },
  },
];

/** Completes the last word as bash does: it fills the words and the place, calls the function and takes COMPREPLY. */
const complete = `
source "$1"; function=$2; cd "$3"; shift 3
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$function
printf '%s\\n' "\${COMPREPLY[@]}"
`;

for (const { name, main, commands, page, flags, scripts } of programs) {
  test(`bash completes the commands of ${name}, and the options of each`, async (t) => {
    const { ask } = inBash(t, name, scripts.bash);
    t.deepEqual(
      (await ask('')).filter((word) => !word.startsWith('--')).sort(),
      [...firstWords(commands), 'help'].sort(),
    );
    for (const [index, entry] of commands.entries())
      t.deepEqual(await ask(...entry.name.split(' '), '--'), [...(flags[index] ?? []), '--help'], entry.name);
    t.deepEqual(await ask('completion', 'z'), ['zsh']);
  });

  test(`the shells themselves accept the scripts of ${name}, as far as they are installed`, async (t) => {
    for (const [shell, script] of Object.entries(scripts)) {
      const file = path.join(testDirectory(t), 'script');
      fs.writeFileSync(file, script);
      const binary = ['/usr/bin', '/bin']
        .map((folder) => path.join(folder, shell))
        .find((place) => fs.existsSync(place));
      if (binary) t.deepEqual(await run(binary, ['-n', file]), { exit: 0, stdout: '', stderr: '' }, shell);
      for (const entry of commands) t.true(script.includes(lastWord(entry)), `${shell}: ${entry.name}`);
    }
  });

  test(`${name} completion prints the script of a shell, and names the shells that it knows`, async (t) => {
    const printed = await run(process.execPath, [path.join(top, main), 'completion', 'bash']);
    t.is(printed.stdout, `${scripts.bash}\n`);
    const unknown = await run(process.execPath, [path.join(top, main), 'completion', 'tcsh']);
    t.is(unknown.exit, 64);
    t.regex(unknown.stderr, /bash, zsh, fish/);
  });

  test(`every command of ${name} explains itself with examples and its exit codes`, async (t) => {
    const helps = await Promise.all(
      commands.map((entry) => run(process.execPath, [path.join(top, main), ...entry.name.split(' '), '--help'])),
    );
    commands.forEach(({ name: command, examples, exits, options }, index) => {
      const help = helps[index];
      t.is(help?.exit, 0, command);
      for (const text of [
        ...examples.map((example) => `${name} ${example.command}`),
        ...exits.map(({ what }) => what),
        ...options.map(({ flag }) => flag),
      ])
        t.true(help?.stdout.includes(text), `${command} --help has ${text}`);
    });
  });

  test(`deploy/man/${name}.1 is what the table of commands says; npm run docs writes it`, (t) => {
    t.is(fs.readFileSync(path.join(top, `deploy/man/${name}.1`), 'utf8'), page());
  });

  test(`groff and man find nothing to warn of in ${name}(1)`, async (t) => {
    const file = path.join(top, `deploy/man/${name}.1`);
    const judges: [string, string[]][] = [
      ['/usr/bin/groff', ['-ww', '-z', '-man', '-Tutf8', file]],
      ['/usr/bin/man', ['--warnings', '-E', 'UTF-8', '-l', file]],
    ];
    let judged = 0;
    for (const [program, argv] of judges.filter(([binary]) => fs.existsSync(binary))) {
      const { exit, stdout, stderr } = await run(program, argv);
      t.deepEqual({ exit, stderr }, { exit: 0, stderr: '' }, program);
      if (program.endsWith('man')) for (const entry of commands) t.true(stdout.includes(entry.name), entry.name);
      judged += 1;
    }
    if (judged === 0) t.pass('neither is installed here');
  });
}

test('bash completes finding codes, files and directories for the agent', async (t) => {
  const { ask, directory } = inBash(t, agentProgram.name, bashCompletion(agentProgram));
  t.deepEqual(await ask('ch'), ['check']);
  t.deepEqual(await ask('check', '--no'), ['--no-probe']);
  t.deepEqual(await ask('explain', ''), [...FindingCode.enum]);
  t.deepEqual(await ask('explain', 'not-s'), ['not-served']);
  fs.mkdirSync(path.join(directory, 'a tree'));
  fs.writeFileSync(path.join(directory, "a 'certificate'.pem"), '');
  t.deepEqual((await ask('inspect', 'a')).sort(), ["a 'certificate'.pem", 'a tree']);
  t.deepEqual(await ask('inspect', '--json', 'a c', "a 'c"), ["a 'certificate'.pem"]);
  t.deepEqual(await ask('check', '--root', 'a'), ['a tree']);
  t.deepEqual(await ask('check', '--config', "a '"), ["a 'certificate'.pem"]);
  t.deepEqual(await ask('enroll', ''), ['']);
});

test('bash completes the second word of a group, and what stands behind it, for the collector', async (t) => {
  const { ask, directory } = inBash(t, collectorProgram.name, bashCompletion(collectorProgram));
  t.deepEqual(await ask('to'), ['token']);
  t.deepEqual(await ask('token', ''), ['create', '--help']);
  t.deepEqual(await ask('token', 'create', '--e'), ['--expires']);
  fs.mkdirSync(path.join(directory, 'a directory'));
  t.deepEqual(await ask('host', 'list', '--data', 'a'), ['a directory']);
  t.deepEqual(await ask('serve', '--data', 'a'), ['a directory']);
});

function inBash(
  t: ExecutionContext,
  program: string,
  text: string,
): { ask: (...words: string[]) => Promise<string[]>; directory: string } {
  const directory = testDirectory(t);
  const script = path.join(testDirectory(t), 'completion.bash');
  fs.writeFileSync(script, text);
  const ask = async (...words: string[]) => {
    const called = `_${program.replaceAll('-', '_')}`;
    const argv = ['--norc', '-c', complete, 'bash', script, called, directory, program, ...words];
    const { exit, stdout, stderr } = await run('/bin/bash', argv);
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
