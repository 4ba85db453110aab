import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { day } from '../collector/helpers/example-snapshot.ts';
import fc from '../helpers/properties.ts';
import { differences } from '../../scripts/case-study/numbers.ts';
import { caseStudy, planEstate } from '../../scripts/case-study/plan.ts';

const script = fileURLToPath(new URL('../../scripts/case-study.ts', import.meta.url));
const now = Date.parse('2026-11-27T12:00:00.000Z');

test('the estate of the case study is told by real agents, and the API has exactly its numbers', async (t) => {
  const { exit, stdout } = await run(['--estate', 'case-study', '--once', '--seed', '7']);
  t.is(exit, 0, stdout);
  t.regex(stdout, /^ {2}237 certificates, 89 domains, 12 CAs, 18 ended, 42 end within 30 days$/m);
  t.regex(stdout, /237 rows imported\./);
  t.regex(stdout, /✔ .*the numbers are the case study's$/m);
});

test('an estate that is not there, and a seed that is no number, are refused in one line', async (t) => {
  for (const argv of [['--estate', 'other'], ['--estate', 'case-study', '--seed', 'x'], []]) {
    const { exit, stderr } = await run(argv);
    t.is(exit, 2);
    t.is(stderr.trimEnd().split('\n').length, 1, stderr);
  }
});

test('every seed gives the same numbers, and the same seed the same estate', (t) => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const places = planEstate(seed, now);
      t.deepEqual(places, planEstate(seed, now));
      const ends = places.flatMap(({ notAfter, servedUntil }) => [notAfter, ...(servedUntil ? [servedUntil] : [])]);
      t.deepEqual(
        differences({
          certificates: ends.length,
          domains: new Set(places.map(({ names }) => names[0]?.split('.').slice(-2).join('.'))).size,
          authorities: new Set(places.map(({ authority }) => authority.organisation)).size,
          ended: ends.filter((at) => at <= now).length,
          endingIn30Days: ends.filter((at) => at > now && at < now + 30 * day).length,
        }),
        [],
      );
      t.is(new Set(places.map(({ names }) => names[0])).size, places.length, 'a name names one place');
    }),
  );
});

test('a number that is not the case study’s is named', (t) => {
  t.deepEqual(differences({ ...caseStudy, ended: 17 }), ['ended: 17, where the case study has 18']);
});

function run(argv: string[]): Promise<{ exit: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...argv], (error, stdout, stderr) => {
      resolve({ exit: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}
