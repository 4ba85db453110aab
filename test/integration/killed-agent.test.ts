import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { prepareCollector } from '../../scripts/stage/products.ts';
import type { EventView } from '../../collector/serve/estate.ts';
import { readEstate } from '../collector/helpers/real-collector.ts';
import { runAgent } from '../helpers/host.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

// CERTHERD_SEED names another row of moments.
const seed = process.env['CERTHERD_SEED'] ?? 'killed-agent';
const kills = process.env['CERTHERD_FULL'] === '1' ? 100 : 12;
const program = path.resolve(import.meta.dirname, '../../agent/main.ts');

test(`an agent that is killed ${kills} times at any moment loses no event that it kept, numbers none twice, and tells the truth in the end`, async (t) => {
  t.timeout(kills * 60_000);
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { directory } = sandbox;
  const collector = await prepareCollector(sandbox, 1);
  await collector.start();
  const nginx = path.join(directory, 'nginx.conf');
  const config = path.join(directory, 'agent.toml');
  const works = (round: number) => fs.writeFileSync(nginx, `events { }\nhttp { } # ${round}\n`);
  const breaks = (round: number) => fs.writeFileSync(nginx, `events { }\nhttp { server { # ${round}\n`);
  works(0);
  fs.writeFileSync(
    config,
    `host_name = "web-1"\nstate_directory = "${directory}/state"\nfinding_delay_seconds = 0\nrescan_seconds = 3\n[nginx]\nconfig = "${nginx}"\n`,
  );
  t.is((await runAgent(sandbox, ['enroll', await collector.join(), '--config', config])).exit, 0);
  const start = (round: number) =>
    sandbox.start(process.execPath, [program, 'run', '--config', config], path.join(directory, `${round}.log`));
  const told = async (): Promise<EventView[]> => {
    const answer = await fetch(new URL('api/v1/events?after=0&limit=1000', collector.webAddress));
    return ((await answer.json()) as { items: EventView[] }).items;
  };

  const outbox = () => {
    const file = path.join(directory, 'state/outbox.jsonl');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  };

  for (let round = 1; round <= kills; round++) {
    const before = outbox();
    const agent = start(round);
    if (round % 2 === 0) works(round);
    else breaks(round);
    await until('its start is kept', () => outbox() !== before, { everyMs: 5, deadlineMs: 60_000 });
    // The fault itself: a moment that the seed names, up to when all is told.
    const at = createHash('sha256').update(`${seed} ${round}`).digest().readUInt32BE() / 2 ** 32;
    await pause(at * 1500);
    agent.signal('SIGKILL');
    await agent.exited;
    const seqs = (await told()).map(({ seq }) => seq);
    t.deepEqual(
      seqs,
      seqs.map((_, index) => index + 1),
      `seed ${seed}, round ${round}: in order, each once`,
    );
  }
  breaks(kills + 1);
  start(kills + 1);
  await until('the truth is shown', async () => {
    const { findings, hosts } = await readEstate(collector.webAddress);
    return hosts[0]?.connected && findings.some(({ code }) => code === 'config-broken');
  });
  const events = await until('everything is told', async () => {
    const all = await told();
    return all.filter(({ kind }) => kind === 'agent-started').length > kills && all;
  });
  t.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, index) => index + 1),
  );
  t.is(new Set(events.map(({ epoch }) => epoch)).size, 1, 'the count went on');
  t.false(
    events.some(({ kind }) => kind === 'gap'),
    'nothing was lost',
  );
  const starts = events.filter(({ kind }) => kind === 'agent-started').length;
  t.is(starts, kills + 1, 'each start was kept before the kill, and told');
  const turns = events.filter(({ detail }) => detail['code'] === 'config-broken').map(({ kind }) => kind);
  t.log(`${events.length} events, ${turns.length} of findings`);
  t.true(turns.length >= 2, turns.join());
});
