import { runCommandLine } from '@certherd/command-line/program';
import test from 'ava';
import { agentProgram } from '../../agent/commands/program.ts';
import { collectorProgram } from '../../collector/commands/program.ts';

test.serial(
  'what is wrong with a command line names the help of that command, and of a group what it lacks',
  async (t) => {
    t.regex(
      await complaint('certificate', '--data', '/srv'),
      /^error: unknown option '--data'\n\(it is certherd-collector certificate COMMAND, and options behind: certherd-collector certificate --help\)\n$/,
    );
    t.regex(await complaint('notify', '--all'), /\(it is certherd-collector notify test, and options behind: /);
    t.regex(await complaint('scan', '--all'), /\(certherd-collector scan --help tells its options\)/);
    t.regex(
      await complaint('host', 'show'),
      /missing required argument 'host'\n\(certherd-collector host show --help /,
    );
    t.regex(
      await complaint('certificat'),
      /Did you mean certificate\?\)\n\(certherd-collector --help lists the commands\)/,
    );
  },
);

test('each group of commands says what it is about, in one line of help', (t) => {
  for (const { commands, groups = {} } of [collectorProgram, agentProgram]) {
    const words = commands.filter(({ name }) => name.includes(' ')).map(({ name }) => name.split(' ')[0] ?? '');
    t.deepEqual(Object.keys(groups).sort(), [...new Set(words)].sort());
    for (const about of Object.values(groups)) t.true(about.length < 60);
  }
});

/** What the collector complains of. */
async function complaint(...argv: string[]): Promise<string> {
  const write = process.stderr.write.bind(process.stderr);
  let text = '';
  process.stderr.write = (chunk) => {
    text += String(chunk);
    return true;
  };
  try {
    await runCommandLine(collectorProgram, '0', argv, () => {
      throw new Error('it ran');
    });
  } finally {
    process.stderr.write = write;
  }
  return text;
}
