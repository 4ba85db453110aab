import test from 'ava';
import { journalLine as agentLine } from '../../../agent/formats/journal-line.ts';
import { journalLine as collectorLine } from '../../../collector/system/journal.ts';

for (const [side, journalLine] of [
  ['agent', agentLine],
  ['collector', collectorLine],
] as const) {
  test(`an event of the ${side} is one plain line, whatever is in it`, (t) => {
    t.is(journalLine({}, 'ready'), 'ready');
    t.is(
      journalLine({ host: 'web-1', waitMs: 20, none: undefined, steps: ['one', 'two'] }, 'began'),
      'began (host=web-1, waitMs=20, steps=["one","two"])',
    );
    t.is(
      journalLine({ stack: 'Error: x\n    at a\n    at b' }, 'failed\n<0>forged'),
      'failed | <0>forged (stack=Error: x | at a | at b)',
    );
    t.true(journalLine({ long: 'x'.repeat(100_000) }, 'long').length < 9_000);
  });
}

test("what strangers named themselves neither hides nor reorders the collector's line", (t) => {
  t.is(collectorLine({ hostName: 'a\u001b[31m\u202eb' }, 'enrolled'), 'enrolled (hostName=a\u{FFFD}[31m\u{FFFD}b)');
});
