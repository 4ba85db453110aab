import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type EventDraft, openOutbox, outboxLimit } from '../../../agent/report/outbox.ts';
import { systemState } from '../../../agent/system/state.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';

const draft = (summary: string): EventDraft => ({
  at: '2026-11-23T12:00:00.000Z',
  kind: 'renewal',
  subject: { kind: 'lineage', id: 'shop' },
  ok: true,
  summary,
  detail: {},
  steps: [],
});
let epochs = 0;
const open = (directory: string) => openOutbox(systemState(directory), silentLog, 0, () => `epoch-${++epochs}-x`);

test('events survive a restart in order, until they are acked', (t) => {
  const directory = testDirectory(t);
  const first = open(directory);
  for (const summary of ['a', 'b', 'c']) first.add(draft(summary));
  const second = open(directory);
  t.is(second.epoch, first.epoch);
  t.deepEqual(
    second.after(0, 10).map(({ seq, summary }) => [seq, summary]),
    [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ],
  );
  second.acked(2);
  t.deepEqual(
    second.after(0, 10).map(({ summary }) => summary),
    ['c'],
  );
  second.acked(3);
  const third = open(directory);
  t.is(third.size, 0);
  t.is(third.add(draft('d')).seq, 4, 'a seq is never given twice in one epoch');
});

test('an ack that was not written down only means that events are sent again', (t) => {
  const directory = testDirectory(t);
  const first = open(directory);
  for (const summary of ['a', 'b', 'c']) first.add(draft(summary));
  first.acked(1);
  t.deepEqual(
    open(directory)
      .after(0, 10)
      .map(({ seq }) => seq),
    [1, 2, 3],
  );
});

test('the window is filled with the oldest events after a place', (t) => {
  const outbox = open(testDirectory(t));
  for (let index = 0; index < 10; index++) outbox.add(draft(String(index)));
  t.deepEqual(
    outbox.after(4, 3).map(({ seq }) => seq),
    [5, 6, 7],
  );
  t.deepEqual(outbox.after(10, 3), []);
});

test('a full outbox drops its oldest tenth and keeps a gap event in its place', (t) => {
  const directory = testDirectory(t);
  const kept = Array.from({ length: outboxLimit }, (_, index) => ({ ...draft(String(index)), seq: index + 1 }));
  const state = systemState(directory);
  const outbox = openOutbox(state, silentLog, 0, () => 'epoch-full-x');
  // Written in one go: ten thousand synced appends would only measure the disk.
  const unsynced = openOutbox(
    { ...state, append: () => ({ ok: true, value: undefined }) },
    silentLog,
    0,
    () => 'epoch-full-y',
  );
  for (const { seq: _seq, ...event } of kept) unsynced.add(event);
  unsynced.add(draft('newest'));
  const [gap, next] = unsynced.after(0, 2);
  t.is(gap?.kind, 'gap');
  t.is(gap?.detail.lost, '1000');
  t.is(next?.seq, (gap?.seq ?? 0) + 1);
  t.is(unsynced.after(outboxLimit, 5)[0]?.summary, 'newest');
  t.is(outbox.epoch, 'epoch-full-x');
});

test('whatever happens to the file, the outbox opens, no event is altered, and what was lost is a gap', (t) => {
  const directory = testDirectory(t);
  const file = path.join(directory, 'outbox.jsonl');
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.tuple(fc.nat({ max: 3000 }), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
      fc.option(fc.nat({ max: 3000 })),
      (count, flips, cut) => {
        fs.rmSync(file, { force: true });
        const written = open(directory);
        for (let index = 0; index < count; index++) written.add(draft(`event ${index}`));
        const bytes = fs.readFileSync(file);
        for (const [place, value] of flips) bytes[place % bytes.length] = value;
        fs.writeFileSync(file, cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
        const again = open(directory);
        const events = again.after(0, 100);
        const originals = events.filter(({ kind }) => kind !== 'gap');
        for (const event of originals) t.is(event.summary, `event ${event.seq - 1}`);
        t.deepEqual(
          events.map(({ seq }) => seq),
          events.map(({ seq }) => seq).sort((a, b) => a - b),
        );
        if (again.epoch === written.epoch && cut === null)
          t.true(originals.length === count || events.some(({ kind }) => kind === 'gap'));
      },
    ),
    { numRuns: 60 },
  );
});

test('a state directory that cannot be written loses no event of this run', (t) => {
  const failing = systemState(path.join(testDirectory(t), 'file', 'below'));
  fs.writeFileSync(path.join(testDirectory(t), 'file'), '');
  const outbox = openOutbox(
    { ...failing, append: () => ({ ok: false, failure: { reason: 'io-error', detail: 'ENOSPC' } }) },
    silentLog,
    0,
    () => 'epoch-memory',
  );
  outbox.add(draft('a'));
  t.is(outbox.after(0, 10).length, 1);
});
