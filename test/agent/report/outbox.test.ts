import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { renewalDraft as draft } from '../../helpers/renewal-draft.ts';
import { openOutbox } from '../../../agent/report/outbox.ts';
import { readToldEvents } from '../../../collector/receive/told-events.ts';
import { systemState } from '../../../agent/system/state.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';

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
  const frame = { type: 'events', epoch: second.epoch, events: second.after(0, 10) };
  t.is(readToldEvents(JSON.stringify(frame))?.events.length, 3, 'the collector reads them from their text');
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
  t.deepEqual(
    [0, -3].map((room) => outbox.after(4, room)),
    [[], []],
    'no room is no event',
  );
});

test('whatever happens to the file, the outbox opens, no event is altered, and a gap stands where something was lost', (t) => {
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
        // Nothing was acked: a number that is left out is behind the one before, and in the count of a gap.
        const [head] = events;
        if (again.epoch === written.epoch && head?.seq === 1)
          for (const [index, { seq, kind, detail }] of events.entries()) {
            const missing = seq - (events[index - 1]?.seq ?? 0) - 1;
            t.true(missing <= (kind === 'gap' ? Number(detail.lost) : 0), JSON.stringify(events.map((one) => one.seq)));
          }
      },
    ),
    { numRuns: 60 },
  );
});

test('a damaged line is a gap in its own place, whoever reads the events behind it first', (t) => {
  const directory = testDirectory(t);
  const file = path.join(directory, 'outbox.jsonl');
  const first = open(directory);
  for (const summary of ['a', 'b', 'c', 'd', 'e']) first.add(draft(summary));
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  for (const at of [2, 3, 5]) lines[at] = lines[at]?.replace('"', '!') ?? '';
  fs.writeFileSync(file, lines.join('\n'));
  const events = open(directory).after(1, 10);
  t.deepEqual(
    events.map(({ seq, kind, summary, detail }) => [seq, kind === 'gap' ? Number(detail.lost) : summary]),
    [
      [3, 2],
      [4, 'd'],
      [6, 1],
    ],
  );
  t.deepEqual(open(directory).after(1, 10), events, 'and stays it');
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

test('an event that is not on disk is not sent, so that its seq is never given to another one', (t) => {
  const directory = testDirectory(t);
  const real = systemState(directory);
  let isFull = false;
  const full = () => ({ ok: false as const, failure: { reason: 'io-error' as const, detail: 'ENOSPC' } });
  const state = {
    ...real,
    write: (name: string, text: string) => (isFull ? full() : real.write(name, text)),
    append: (name: string, text: string) => {
      if (!isFull) return real.append(name, text);
      // A full disk takes a part.
      real.append(name, text.slice(0, 20));
      return full();
    },
  };
  const outbox = openOutbox(state, silentLog, 0, () => 'epoch-full-disk');
  outbox.add(draft('a'));
  isFull = true;
  for (const summary of ['b', 'c']) outbox.add(draft(summary));
  t.deepEqual(
    outbox.after(0, 10).map(({ summary }) => summary),
    ['a'],
  );
  t.is(outbox.size, 3);
  isFull = false;
  t.deepEqual(
    outbox.after(0, 10).map(({ seq, summary }) => [seq, summary]),
    [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
    ],
    'they go as soon as there is room again',
  );
  outbox.add(draft('d'));
  t.deepEqual(
    open(directory)
      .after(0, 10)
      .map(({ seq, summary }) => [seq, summary]),
    [
      [1, 'a'],
      [2, 'b'],
      [3, 'c'],
      [4, 'd'],
    ],
    'and nothing of the torn line is left',
  );
});

test('a frame of events is bounded in bytes, and a single large event still goes', (t) => {
  const outbox = open(testDirectory(t));
  for (let at = 0; at < 100; at++) outbox.add(draft('\u{1b}'.repeat(4000)));
  const first = outbox.after(0, 100, 512 * 1024);
  t.true(first.length > 1 && Buffer.byteLength(JSON.stringify(first)) <= 513 * 1024, String(first.length));
  t.is(outbox.after(0, 100, 10).length, 1);
});

test('a new epoch numbers what waits from one, on disk too', (t) => {
  const directory = testDirectory(t);
  const outbox = open(directory);
  for (const summary of ['a', 'b', 'c']) outbox.add(draft(summary));
  outbox.acked(1);
  const before = outbox.epoch;
  outbox.beginEpoch();
  t.not(outbox.epoch, before);
  const again = open(directory);
  t.is(again.epoch, outbox.epoch);
  t.deepEqual(
    again.after(0, 10).map(({ seq, summary }) => [seq, summary]),
    [
      [1, 'b'],
      [2, 'c'],
    ],
  );
  t.is(again.last, 2);
});

test('a disk that the outbox itself has filled is free again once its events are acked', (t) => {
  const files = new Map<string, string>();
  const room = 20_000;
  const full = { ok: false as const, failure: { reason: 'io-error' as const, detail: 'ENOSPC' } };
  // As a file beside, renamed into place: both need room for a moment.
  const keep = (name: string, text: string, needed: number) => {
    if (needed > room) return full;
    files.set(name, text);
    return { ok: true as const, value: undefined };
  };
  const held = () => files.get('outbox.jsonl')?.length ?? 0;
  const state = {
    read: (name: string) => ({ ok: true as const, value: files.get(name) }),
    write: (name: string, text: string) => keep(name, text, held() + text.length),
    append: (name: string, text: string) => keep(name, (files.get(name) ?? '') + text, held() + text.length),
  };
  const outbox = openOutbox(state, silentLog, 0, () => 'epoch-small-disk');
  for (let at = 0; at < 30; at++) outbox.add(draft('y'.repeat(900)));
  const sent = outbox.after(0, 100);
  t.true(sent.length > 10 && sent.length < 30, String(sent.length));
  outbox.acked(sent.at(-1)?.seq ?? 0);
  const rest = outbox.after(sent.at(-1)?.seq ?? 0, 100);
  t.is(sent.length + rest.length, 30);
});
