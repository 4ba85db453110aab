import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Played } from '../../scripts/replay/outage.ts';
import { outages } from '../../scripts/replay/outages.ts';
import { summaryOf } from '../../scripts/replay/summary.ts';

const program = fileURLToPath(new URL('../../scripts/replay.ts', import.meta.url));
const isFull = process.env['CERTHERD_FULL'] === '1';

/** Those that come after each push; ./scripts/test --full plays all. The founding incident has a test of its own. */
const quick = ['told-as-success'];

test('the documented outages are detected with their cause, and healed as the remedy says', async (t) => {
  t.timeout(900_000);
  const chosen = isFull ? outages().map(({ name }) => name) : quick;
  const ran = await replay(['--json', ...chosen.flatMap((name) => ['--only', name])]);
  t.is(ran.exit, 0, ran.stderr);
  const { version, outages: played } = JSON.parse(ran.stdout);
  t.is(version, 1);
  t.deepEqual(
    played.map(({ name }: Played) => name),
    chosen,
  );
  for (const one of played) {
    t.like(one, { detected: true, healed: true, failure: undefined });
    t.true(one.detectedSeconds >= 0 && one.healedSeconds >= 0 && one.cause !== '' && one.remedy !== '');
  }
  t.true(
    ran.stderr.trimEnd().endsWith(`replay: ${chosen.length} outages, ${chosen.length} of them detected and healed`),
  );
});

test('each replay has a name of its own and says where its outage is told', async (t) => {
  const all = outages();
  t.is(new Set(all.map(({ name }) => name)).size, all.length);
  const documented = readFileSync(new URL('../../docs/replays.md', import.meta.url), 'utf8');
  t.deepEqual(
    [...documented.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name),
    all.map(({ name }) => name),
    'those that docs/replays.md has, in its order',
  );
  for (const source of all.flatMap(({ sources }) => sources.filter((one) => one.includes('#'))))
    t.true(documented.includes(source), source);
  const { exit, stdout } = await replay(['--list']);
  t.is(exit, 0);
  for (const { name, sources } of all) {
    t.true(sources.length > 0);
    t.true(stdout.includes(`\n${name} `) && sources.every((source) => stdout.includes(source)), name);
  }
  const unknown = await replay(['--only', 'sunk']);
  t.is(unknown.exit, 2);
  t.regex(unknown.stderr, /^replay: sunk is not there; known are: load-balancer, never-reloaded/);
});

test('an outage that was detected and not healed, and none at all, are no success', (t) => {
  const good = { name: 'a', title: 'A', sources: ['s'], detected: true, healed: true, code: 'expired' };
  const figures = { detectedSeconds: 0.4, healedSeconds: 2, healedBy: 'the agent' };
  t.deepEqual(summaryOf([{ ...good, ...figures }]).lines, [
    'OUTAGE  DETECTED  NAMED    HEALED  BY',
    'a       0.4 s     expired  2.0 s   the agent',
    '',
    'replay: 1 outages, 1 of them detected and healed',
  ]);
  t.true(summaryOf([{ ...good, ...figures }]).allHealed);
  const half = summaryOf([
    { ...good, ...figures },
    { ...good, detectedSeconds: 9, healed: false },
  ]);
  t.false(half.allHealed);
  t.is(half.lines[2], 'a       9.0 s     expired  no');
  t.false(summaryOf([]).allHealed);
});

function replay(argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...argv], { maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      resolve({ exit: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
