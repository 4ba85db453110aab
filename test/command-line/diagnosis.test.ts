import { type Area, diagnose } from '@certherd/command-line/diagnose';
import { type Diagnosis, doctorCode, notTold, ok, wrong } from '@certherd/command-line/diagnosis';
import { diagnosisReport, diagnosisView } from '@certherd/command-line/diagnosis-view';
import { widthOf } from '@certherd/command-line/layout';
import { terminalOf } from '@certherd/command-line/terminal';
import test from 'ava';
import fc from '../helpers/properties.ts';

const plain = terminalOf({ isTTY: true, columns: 80 }, { NO_COLOR: '1', LANG: 'C.UTF-8' });
const words = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
const diagnosis: fc.Arbitrary<Diagnosis> = fc.oneof(
  words.map((says) => ok('a', says)),
  fc.tuple(words, words, words).map(([says, why, fix]) => wrong('b', says, why, fix)),
  fc.tuple(words, words).map(([says, fix]) => notTold('c', says, { fix })),
);
const areas = fc.array(fc.record({ area: fc.constantFrom('state', 'collector'), diagnoses: fc.array(diagnosis) }));

/** Timers that a test lets run. */
function handClock() {
  let tasks: { at: number; task: () => void }[] = [];
  let now = 0;
  return {
    after: (ms: number, task: () => void) => {
      const one = { at: now + ms, task };
      tasks.push(one);
      return () => {
        tasks = tasks.filter((other) => other !== one);
      };
    },
    async pass(ms: number) {
      now += ms;
      const due = tasks.filter(({ at }) => at <= now);
      tasks = tasks.filter(({ at }) => at > now);
      for (const { task } of due) task();
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    },
  };
}

test('what is wrong comes before what could not be told, and both before what is fine', (t) => {
  fc.assert(
    fc.property(areas, (diagnosed) => {
      const has = (verdict: string) =>
        diagnosed.some(({ diagnoses }) => diagnoses.some((one) => one.verdict === verdict));
      t.is(doctorCode(diagnosed), has('wrong') ? 1 : has('not-told') ? 3 : 0);
    }),
  );
});

test('whatever strangers wrote, no line holds a control character, and only commands are wider than the terminal', (t) => {
  fc.assert(
    fc.property(areas, (diagnosed) => {
      const text = diagnosisView({ title: 'certherd-agent', diagnosed }, plain);
      for (const line of text.split('\n')) {
        t.notRegex(line, /[\p{Cc}\p{Cf}]/u);
        const isUnbroken = !line.trim().includes(' ') || line.startsWith('    → ') || !/^\S|^ {20}/.test(line);
        const longest = Math.max(...line.split(' ').map(widthOf));
        if (!isUnbroken && longest < 40) t.true(widthOf(line) <= 80, line);
      }
    }),
  );
});

test('a report looks like this', (t) => {
  const diagnosed = [
    { area: 'settings', diagnoses: [ok('settings-file', '/etc/certherd/agent.toml is read')] },
    {
      area: 'state',
      diagnoses: [
        wrong(
          'state-owner',
          'it belongs to uid 33, and the agent runs as certherd-agent, which is another user',
          'The agent cannot write there.',
          'chown -R certherd-agent: /var/lib/certherd-agent',
        ),
        notTold('state-space', 'how much is free is not told', { fix: 'sudo certherd-agent doctor' }),
      ],
    },
  ];
  t.is(
    diagnosisView({ title: 'certherd-agent 0.1.0 on web-1', diagnosed }, plain),
    `certherd-agent 0.1.0 on web-1

settings  ok        /etc/certherd/agent.toml is read
state     wrong     it belongs to uid 33, and the agent runs as certherd-agent,
                    which is another user
                    The agent cannot write there.
    → chown -R certherd-agent: /var/lib/certherd-agent
          not told  how much is free is not told
    → sudo certherd-agent doctor

1 wrong, 1 not told, 1 ok`,
  );
  const ascii = terminalOf({ isTTY: true, columns: 80 }, { NO_COLOR: '1', LANG: 'C' });
  t.true(diagnosisView({ title: 'x', diagnosed }, ascii).includes('    -> sudo certherd-agent doctor'));
  const report = diagnosisReport({ name: 'certherd-agent', version: '0.1.0' }, diagnosed, 0);
  t.deepEqual(report.checks[0], {
    area: 'settings',
    check: 'settings-file',
    verdict: 'ok',
    says: '/etc/certherd/agent.toml is read',
  });
  t.deepEqual([report.version, report.at, report.checks.length], [1, '1970-01-01T00:00:00.000Z', 3]);
});

test('an area that hangs is not told at its deadline, one that throws is not told, and the others are', async (t) => {
  const clock = handClock();
  const written: string[] = [];
  const all: Area[] = [
    { name: 'hangs', diagnose: () => new Promise<Diagnosis[]>(() => {}), deadlineMs: 5000 },
    {
      name: 'throws',
      diagnose: () => {
        throw new Error('a defect');
      },
    },
    { name: 'well', diagnose: () => [ok('well', 'fine')] },
  ];
  const told = diagnose(all, clock.after, (text) => void written.push(text));
  await clock.pass(0);
  await clock.pass(1000);
  await clock.pass(4000);
  const diagnosed = await told;
  t.deepEqual(
    diagnosed.map(({ area }) => area),
    ['hangs', 'throws', 'well'],
    'in their order',
  );
  t.deepEqual(
    diagnosed.map(({ diagnoses }) => diagnoses[0]?.verdict),
    ['not-told', 'not-told', 'ok'],
  );
  t.is(diagnosed[0]?.diagnoses[0]?.says, 'hangs could not be looked at within 5 s');
  t.is(diagnosed[1]?.diagnoses[0]?.says, 'throws could not be looked at: a defect');
  t.is(written[0], '\r\u001b[Klooking at hangs', 'what is waited for is shown from one second on');
  t.is(written.at(-1), '\r\u001b[K', 'and erased');
});

test('of a look that is over within a second nothing is shown', async (t) => {
  const clock = handClock();
  const told = diagnose([{ name: 'well', diagnose: () => [] }], clock.after, () => t.fail());
  await clock.pass(0);
  t.deepEqual(await told, [{ area: 'well', diagnoses: [] }]);
});
