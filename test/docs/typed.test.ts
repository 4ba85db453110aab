import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { kinds } from '../helpers/documented-kinds.ts';
import { codeBlocks, stagesOf, top } from '../helpers/documented-lines.ts';
import { startGuestHost } from '../helpers/guest-host.ts';
import { startHost } from '../helpers/host.ts';
import { environmentOfSources, plainEnvironment, type Ran } from '../helpers/testbed/children.ts';
import { guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { until } from '../helpers/testbed/until.ts';

// The command lines of the docs, typed: what each does is asserted elsewhere, that each does something and ends well is asserted here.

const typed = (how: 'run' | 'guest') => [
  ...new Set(
    codeBlocks()
      .flat()
      .filter(({ text }) => kinds.find(({ line }) => line.test(text))?.how === how)
      .map(({ text }) => text.replace(/^npx (?=certherd)/, '')),
  ),
];

test('what the docs have people type on a host and a collector does what it says', async (t) => {
  t.timeout(240_000);
  const host = await startHost(t);
  const collector = await collectorOf(host.sandbox);
  const waiting = typed('run');
  const take = (begin: string) => {
    const taken = waiting.filter((line) => line.startsWith(begin));
    for (const line of taken) waiting.splice(waiting.indexOf(line), 1);
    t.true(taken.length > 0, `the docs have no line any more that begins with ${begin}`);
    return taken;
  };

  for (const line of take('certherd-collector serve')) await collector.serve(argvOf(line));
  let join = '';
  for (const line of take('certherd-collector token create')) {
    const made = await collector.run(argvOf(line));
    t.is(made.exit, 0, `${line}\n${made.stderr}`);
    join = made.stdout.trim();
  }
  const [enroll = '', ...others] = take('certherd-agent enroll');
  t.deepEqual(others, []);
  const enrolled = await host.agent(argvOf(enroll.replace('certherd://…', join)));
  t.is(enrolled.exit, 0, enrolled.stderr);
  t.deepEqual(take('certherd-agent run'), ['certherd-agent run']);
  host.daemon();
  const isConnected = async () => /collector\s+connected to/.test((await host.agent(['status'])).stdout);
  await until('the agent is connected', isConnected, { deadlineMs: 60_000 });
  await until('the collector knows its endpoints', async () => (await collector.endpoints()) > 0, {
    deadlineMs: 60_000,
  });

  for (const line of waiting) {
    const [[program = '', ...words] = [], ...further] = stagesOf(line);
    const ran =
      program === 'certherd-agent'
        ? await host.agent(words)
        : program === 'certherd-collector'
          ? await collector.run(words)
          : await host.sandbox.run(program, words.map(collector.hereFor), { cwd: top, env: environment() });
    const fine = ['doctor', 'now'].includes(words[0] ?? '') ? [0, 1, 3] : [0];
    t.true(fine.includes(ran.exit ?? -1), `${line}: ${ran.exit}\n${ran.stdout}${ran.stderr}`);
    t.not(ran.stdout, '', line);
    piped(t, line, ran.stdout, further);
  }
});

const impossible =
  guestsAreImpossible() ?? (process.env['CERTHERD_FULL'] ? undefined : 'only with ./scripts/test --full');
const inGuest = impossible === undefined ? test.serial : test.skip;

inGuest(`what the docs have people type where systemd runs ends well (${impossible ?? 'in a guest'})`, async (t) => {
  t.timeout(900_000);
  const host = await startGuestHost(t, 'docs');
  const { guest } = host;
  host.setMode('deploy');
  const waiting = typed('guest');
  // In an order that makes sense for one machine: what stops comes last, and what is restored while nothing serves.
  const order = [
    /daemon-reload/,
    /enable --now/,
    /restart/,
    / start /,
    / status /,
    /^journalctl/,
    / backup /,
    / stop /,
    / restore /,
    /disable/,
  ];
  for (const step of order) {
    if (step.source === ' status ') {
      await guest.must('systemctl', 'start', 'certherd-collector');
      // The steps before are those that let act heal: until it has, the journal has nothing of it.
      await host.renewByCertbot();
      await until('it is served', async () => (await host.served()) === host.issued(), { deadlineMs: 90_000 });
    }
    for (const line of waiting.filter((each) => step.test(each))) {
      const [program = '', ...words] = argvOf(line, 0);
      const ran = await guest.run(program, words);
      t.is(ran.exit, 0, `${line}\n${ran.stdout}${ran.stderr}`);
      waiting.splice(waiting.indexOf(line), 1);
    }
  }
  t.deepEqual(waiting, [], 'every line had its turn');
  t.true(guest.exists('/var/backups/certherd.db'));
});

/** What comes behind a pipe reads what came before it, and finds something in it. */
function piped(t: ExecutionContext, line: string, output: string, further: string[][]): void {
  let input = output;
  for (const [program = '', ...words] of further) {
    const ran = spawnSync(program, words, { input, encoding: 'utf8', env: environment() });
    t.is(ran.status, 0, `${line}: ${program}: ${ran.error?.message ?? ''}${ran.stderr}`);
    input = ran.stdout;
  }
}

function argvOf(line: string, from = 1): string[] {
  return stagesOf(line)[0]?.slice(from) ?? [];
}

function environment(): Record<string, string> {
  return {
    ...environmentOfSources(),
    PATH: `${path.dirname(process.execPath)}:${plainEnvironment['PATH']}`,
    HOME: '/nonexistent',
  };
}

/** A collector with ports and a directory of its own, which is told apart from what the docs name by its settings alone. */
async function collectorOf(sandbox: Awaited<ReturnType<typeof startHost>>['sandbox']) {
  const [agents, web] = [await sandbox.port(), await sandbox.port()];
  const config = path.join(sandbox.directory, 'collector.toml');
  fs.writeFileSync(
    config,
    [
      `data_directory = "${sandbox.folder('data')}/collector"`,
      `agent_listen = "127.0.0.1:${agents}"`,
      `web_listen = "127.0.0.1:${web}"`,
      'heartbeat_seconds = 1',
    ].join('\n'),
  );
  const program = path.join(top, 'collector/main.ts');
  const hereFor = (word: string) => word.replace('127.0.0.1:8480', `127.0.0.1:${web}`);
  const here = (argv: string[]) =>
    argv.map((word, index) => (argv[index - 1] === '--url' ? `127.0.0.1:${agents}` : hereFor(word)));
  return {
    hereFor,
    run: (argv: string[]): Promise<Ran> =>
      sandbox.run(process.execPath, [program, ...here(argv), '--config', config], { env: environment() }),
    async serve(argv: string[]): Promise<void> {
      const words = [program, ...here(argv), '--config', config];
      const log = path.join(sandbox.directory, 'collector.log');
      const child = sandbox.start(process.execPath, words, log, { env: environment() });
      await until('it is ready', () => child.output().includes('\nweb: http://'), { deadlineMs: 30_000 });
    },
    endpoints: async (): Promise<number> => {
      const answer = await fetch(`http://127.0.0.1:${web}/api/v1/endpoints`);
      return ((await answer.json()) as { items: unknown[] }).items.length;
    },
  };
}
