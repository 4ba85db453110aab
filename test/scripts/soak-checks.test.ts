import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openSqliteStore } from '../../collector/store/sqlite/store.ts';
import { silentLog } from '../../collector/system/log.ts';
import { enrolled } from '../../scripts/bench/store/enrolled.ts';
import { historyMistakes, storedCount } from '../../scripts/soak/checks.ts';
import { note } from '../../scripts/soak/ledger.ts';
import { event, told } from '../collector/helpers/example-snapshot.ts';
import { temporaryDirectory } from '../collector/helpers/real-collector.ts';

const epoch = 'epoch-0001';
const marked = (seq: number, mark: string) => event(seq, { detail: { mark } });

/** A real database with these events of one agent, and what its process wrote down. */
async function soaked(t: ExecutionContext, events: ReturnType<typeof event>[]) {
  const directory = temporaryDirectory(t);
  const opened = openSqliteStore(directory, silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  await enrolled(opened.value, 'agent-01', 0);
  for (const one of events) await opened.value.keepEvents('agent-01', epoch, told(one), 0);
  await opened.value.close();
  const ledger = join(directory, 'ledger');
  writeFileSync(ledger, '');
  const mistakes = (isDrained: boolean) => historyMistakes(join(directory, 'certherd.db'), [ledger], isDrained);
  return { ledger, mistakes, database: join(directory, 'certherd.db') };
}

test('the checker finds nothing where everything that was acked is stored once', async (t) => {
  const { ledger, mistakes, database } = await soaked(t, [marked(1, 'a'), marked(2, 'b'), marked(3, 'c')]);
  for (const [index, mark] of ['a', 'b', 'c'].entries())
    note(ledger, { agent: 'agent-01', epoch, kept: index + 1, mark });
  note(ledger, { agent: 'agent-01', epoch, acked: 3 });
  // A line that was being written when its process was killed.
  writeFileSync(ledger, '{"agent":"agent-01","ep', { flag: 'a' });
  t.deepEqual(mistakes(true), []);
  t.is(storedCount(database), 3);
});

test('the checker finds what was acked and is not stored', async (t) => {
  const { ledger, mistakes } = await soaked(t, [marked(1, 'a')]);
  note(ledger, { agent: 'agent-01', epoch, acked: 2 });
  t.deepEqual(mistakes(false), [`agent-01 ${epoch}: acked up to 2, stored up to 1`]);
});

test('the checker finds an event that is stored twice, under whichever seq', async (t) => {
  const { mistakes } = await soaked(t, [marked(1, 'a'), marked(2, 'a')]);
  t.deepEqual(mistakes(false), ['agent-01: event 2 is stored a second time']);
});

test('the checker finds a hole, unless a gap event explains it', async (t) => {
  const hole = await soaked(t, [marked(1, 'a'), marked(4, 'b')]);
  t.deepEqual(hole.mistakes(false), [`agent-01 ${epoch}: 2 events are missing before 4, 0 explained`]);
  const told = await soaked(t, [marked(1, 'a'), event(4, { kind: 'gap', detail: { lost: '2' } })]);
  t.deepEqual(told.mistakes(false), []);
});

test('the checker finds what an agent had on disk and never arrived, once all should be there', async (t) => {
  const { ledger, mistakes } = await soaked(t, [marked(1, 'a')]);
  note(ledger, { agent: 'agent-01', epoch, kept: 2, mark: 'b' });
  t.deepEqual(mistakes(false), []);
  t.deepEqual(mistakes(true), [`agent-01 ${epoch}: event 2 was kept and never arrived`]);
});
