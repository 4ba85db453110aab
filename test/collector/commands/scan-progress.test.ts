import test from 'ava';
import { paceOf } from '../../../collector/commands/scan-pace.ts';
import { progressBar, progressText } from '../../../collector/commands/scan-progress.ts';

test('a scan says how far it is and how long it still takes, at the pace of this run alone', (t) => {
  t.is(progressText({ all: 500, before: 0, done: 120, passedMs: 1_200 }), '120 of 500 targets asked, 4 s left');
  t.is(progressText({ all: 500, before: 400, done: 410, passedMs: 1_000 }), '410 of 500 targets asked, 9 s left');
  t.is(progressText({ all: 500, before: 400, done: 400, passedMs: 1_000 }), '400 of 500 targets asked');
  t.is(progressBar(0, 500), `[${'-'.repeat(24)}]`);
  t.is(progressBar(125, 500), `[${'#'.repeat(6)}${'-'.repeat(18)}]`);
  t.is(progressBar(499, 500), `[${'#'.repeat(23)}-]`, 'it is not over before it is');
  t.is(progressBar(500, 500), `[${'#'.repeat(24)}]`);
});

test('a scan is polite unless somebody says otherwise: in all, and at one address', (t) => {
  const usual = { perSecond: 100, perSecondOfAddress: 10, atOnce: 64, atOnceOfAddress: 4 };
  t.deepEqual(paceOf({}), usual);
  t.deepEqual(paceOf({ rate: '5', atOnce: '2' }), { ...usual, perSecond: 5, atOnce: 2 });
  t.deepEqual(paceOf({ addressRate: '50' }), { ...usual, perSecondOfAddress: 50, atOnceOfAddress: 64 });
  for (const [options, line] of [
    [{ rate: '0' }, /^--rate: expected a number from 1 to 1000000, found 0$/],
    [{ addressRate: '1.5' }, /^--address-rate: .* found 1\.5$/],
    [{ atOnce: '9999' }, /^--at-once: .* from 1 to 4096/],
  ] as const)
    t.throws(() => paceOf(options), { message: line });
});
