import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openSqliteStore } from '../../collector/store/sqlite/store.ts';
import { silentLog } from '../../collector/system/log.ts';
import { enrolled } from '../../scripts/bench/store/enrolled.ts';
import type { Estate } from '../../collector/serve/estate.ts';
import type { Standing } from '../../scripts/soak/agents.ts';
import { historyMistakes, stateMistakes, storedCount } from '../../scripts/soak/checks.ts';
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

test('the checker finds what is shown and is not so, and finds nothing where all is as the agents are', (t) => {
  const served = ['a'.repeat(64), 'b'.repeat(64)];
  const standing: Standing = { name: 'web-1', agentId: 'agent-01', connected: true, waiting: 0, acked: 0, served };
  const host = { agentId: 'agent-01', connected: true, status: 'healthy', reason: 'All is well.' };
  const endpoints = served.map((print, place) => ({
    agentId: 'agent-01',
    id: `shop-${place}.example.test@0.0.0.0:443/ecdsa`,
    served: print,
  }));
  const found = (change: { host?: object; endpoints?: object[]; standing?: object }) => {
    const hosts = [{ ...host, ...change.host }];
    const estate = { hosts, endpoints: change.endpoints ?? endpoints } as unknown as Estate;
    return stateMistakes(estate, [{ ...standing, ...change.standing }]);
  };
  t.deepEqual(found({}), []);
  const [first = {}] = endpoints;
  const elsewhere = 'web-1 serves something else than is shown';
  for (const [change, mistake] of [
    [{ standing: { connected: false } }, 'web-1 is not connected'],
    [{ standing: { waiting: 2 } }, 'web-1 has 2 events that are not acked'],
    [{ host: { status: 'unknown', reason: 'Silent.' } }, 'web-1 is shown as Silent.'],
    [{ host: { connected: false } }, 'web-1 is shown as All is well.'],
    [{ host: { agentId: 'agent-02' } }, 'web-1 is shown as nothing'],
    [{ standing: { served: served.toReversed() } }, elsewhere],
    [{ endpoints: [first] }, elsewhere],
    [{ endpoints: [...endpoints, { ...first, id: 'another' }] }, elsewhere],
  ] as const)
    t.deepEqual(found(change as Parameters<typeof found>[0]), [mistake]);
});
