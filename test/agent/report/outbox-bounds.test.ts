import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { openOutbox, outboxBytes, outboxLimit } from '../../../agent/report/outbox.ts';
import { systemState } from '../../../agent/system/state.ts';
import { silentLog, testDirectory } from '../../helpers/directory.ts';
import { renewalDraft as draft } from '../../helpers/renewal-draft.ts';

let epochs = 0;
const open = (directory: string) => openOutbox(systemState(directory), silentLog, 0, () => `epoch-${++epochs}-x`);

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

test('an outbox that is too large in bytes drops its oldest events, and never its newest one', (t) => {
  const directory = testDirectory(t);
  const outbox = openOutbox(
    { ...systemState(directory), append: () => ({ ok: true, value: undefined }) },
    silentLog,
    0,
    () => 'epoch-large-x',
  );
  const large = (index: number) => ({
    ...draft(String(index)),
    steps: Array.from({ length: 50 }, () => ({ step: 'log', ok: true, durationMs: 1, detail: 'x'.repeat(4000) })),
  });
  const fitting = Math.floor(outboxBytes / JSON.stringify(large(0)).length);
  for (let index = 0; index < fitting + 5; index++) outbox.add(large(index));
  const [gap, ...rest] = outbox.after(0, outboxLimit);
  t.is(gap?.kind, 'gap');
  t.is(Number(gap?.detail.lost) + rest.length, fitting + 5);
  t.is(rest.at(-1)?.summary, String(fitting + 4));
  t.true(fs.statSync(path.join(directory, 'outbox.jsonl')).size < outboxBytes);
  t.is(open(directory).after(0, 1)[0]?.detail.lost, gap?.detail.lost);
});
