import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatJoin } from '@certherd/protocol/join';
import test from 'ava';
import { startTestCollector, temporaryDirectory } from '../collector/helpers/real-collector.ts';
import { until } from '../helpers/testbed/until.ts';

const script = fileURLToPath(new URL('../../scripts/load.ts', import.meta.url));

test('the load generator enrols its agents with real tokens, connects them, and has all that they tell acked', async (t) => {
  const collector = await startTestCollector(t);
  const joins = await Promise.all(Array.from({ length: 6 }, () => collector.join()));
  const file = join(temporaryDirectory(t), 'joins');
  writeFileSync(file, joins.map(formatJoin).join('\n'));
  const argv = ['--joins', file, '--agents', '5', '--certificates', '3', '--renewals', '36000', '--seconds', '2'];
  const loading = run(argv);
  await until('all are connected', async () => (await collector.hosts()).connected === 5, { deadlineMs: 60_000 });
  const estate = await until('all have told', async () => {
    const now = await collector.estate();
    return now.certificates.length === 15 && now.events.length > 5 ? now : undefined;
  });
  t.deepEqual(new Set(estate.endpoints.map(({ status }) => status)), new Set(['proved']));
  const { exit, stdout, stderr } = await loading;
  t.is(exit, 0, stdout + stderr);
  t.regex(stdout, /^load: 5 agents, 5 enrolled, 5 connected, 5 sessions$/m);
  const [, acked] = /^load: (\d+) events acked, 0 not$/m.exec(stdout) ?? [];
  // One may come between the count and the end.
  const kept = (await until('the last ones are counted', () => collector.estate())).events.length;
  t.true(Number(acked) > 5 && kept >= Math.min(100, Number(acked)), `${kept} kept, ${acked} acked`);
});

test('a token that is spent already is told, and the exit code says that not all are there', async (t) => {
  const collector = await startTestCollector(t);
  const token = formatJoin(await collector.join());
  const file = join(temporaryDirectory(t), 'joins');
  writeFileSync(file, `${token}\n${token}\n`);
  const { exit, stdout } = await run(['--joins', file, '--seconds', '0', '--processes', '1']);
  t.is(exit, 1, stdout);
  t.regex(stdout, /^load: 2 agents, 1 enrolled, 1 connected/m);
  t.regex(stdout, /^load: 1 times: enrolment: refused: token-refused$/m);
});

function run(argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...argv], (error, stdout, stderr) => {
      resolve({ exit: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
