import test, { type ExecutionContext } from 'ava';
import fc from '../../helpers/properties.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import type { Store } from '../../../collector/store/store.ts';
import { furtherThan, keepBounds, passStart, type ThinPlace, vouchedTime } from '../../../collector/store/retention.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import {
  certificate,
  day,
  endpoint,
  event,
  finding,
  snapshot,
  snapshotFrame,
  told,
} from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';
import { endServers, type Engine, engines, type OpenedStore } from '../helpers/stores.ts';

async function storeWithHost(t: ExecutionContext, engine: Engine): Promise<OpenedStore> {
  const opened = await engine.open(t);
  await addHost(opened.store);
  return opened;
}

async function addHost(store: Store): Promise<void> {
  const tokenHash = Buffer.alloc(32);
  await store.addToken(tokenHash, 0, 1000);
  await store.enrol({
    tokenHash,
    publicKey: Buffer.alloc(1),
    hostName: 'web-1',
    proposedAgentId: 'agent-01',
    at: 0,
  });
}

async function thinAll(store: Store, before: number): Promise<number> {
  let place: ThinPlace | undefined = passStart;
  let gone = 0;
  while (place) {
    const kept = await store.thin(before, place);
    if (!kept.ok) throw new Error(kept.failure.detail);
    gone += kept.value.removed;
    place = kept.value.next;
  }
  return gone;
}

const marks = ['a', 'b', 'c', 'd'];

/** A concern that came and went, came again and stands: three transitions. */
async function concernTold(store: Store, at: number): Promise<void> {
  const key = JSON.stringify(['web-1', 'host-silent', 'host', 'web-1']);
  const place = {
    key,
    code: 'host-silent',
    agentId: 'web-1',
    hostName: 'web-1',
    subject: { kind: 'host', id: 'web-1' },
  } as const;
  const words = { cause: '', remedy: '', causeId: '', names: [], labels: {}, since: new Date(at).toISOString() };
  const concern = { ...place, ...words, severity: 'unknown' } as const;
  for (const [kind, after] of [['opened'], ['resolved', 1], ['opened']] as const)
    await store.telling.addTransitions([{ key, kind, at, openedAt: at, concern, after }]);
}

test.after.always(endServers);

for (const engine of engines)
  test(`${engine.name}: whatever happened: what was at any instant since the cut, what is now, and the last change of everything stay`, async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ wait: fc.integer({ min: 1, max: 20 }), mark: fc.nat(3), found: fc.nat(2), gone: fc.boolean() }),
          {
            maxLength: 12,
          },
        ),
        fc.integer({ min: 0, max: 150 }),
        async (steps, cut) => {
          const { store } = await storeWithHost(t, engine);
          let at = 0;
          for (const { wait, mark, found, gone } of steps) {
            at += wait;
            const one = certificate(marks[mark] ?? '');
            const findings = Array.from({ length: found }, (_, index) => finding({ cause: `cause ${index}` }));
            const change = { findings, ...(gone && { endpoints: [] }) };
            await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one, change)), at);
          }
          const before = await store.changes('agent-01');
          const facts = JSON.stringify(await store.facts());
          await thinAll(store, cut);
          const after = await store.changes('agent-01');
          for (let instant = cut; instant <= at; instant++)
            t.deepEqual(stateAt(after, instant), stateAt(before, instant));
          const last = (rows: typeof before) => stateAt(rows, Infinity);
          t.deepEqual(last(after), last(before));
          t.is(JSON.stringify(await store.facts()), facts);
          const tracks = Object.keys(last(before)).length;
          const older = after.filter((row) => row.kind !== 'certificate-seen' && row.at < cut);
          t.true(older.length <= tracks, 'nothing else of before is left');
          t.is(await thinAll(store, cut), 0, 'and there is nothing more to do');
        },
      ),
      { numRuns: 25 },
    );
  });

/** What each track was at an instant, by the rows that there are. */
function stateAt(rows: Awaited<ReturnType<Store['changes']>>, instant: number): Record<string, unknown> {
  const state: Record<string, unknown> = {};
  for (const { at, kind, subject, after } of rows)
    if (at <= instant && kind !== 'certificate-seen')
      state[`${kind.replace(/^finding-.*/, 'finding')} ${subject}`] = after;
  return state;
}

for (const engine of engines)
  test(`${engine.name}: of each subject the newest event of each kind stays, and an event that was thinned does not come back`, async (t) => {
    const { store } = await storeWithHost(t, engine);
    const renewal = { kind: 'renewal' as const };
    await store.keepEvents(
      'agent-01',
      'epoch-0001',
      told(event(1, renewal), event(2), event(3, renewal), event(4)),
      10,
    );
    await store.keepEvents(
      'agent-01',
      'epoch-0001',
      told(event(5, { subject: { kind: 'lineage', id: 'blog\u0000' } }), event(6)),
      20,
    );
    await store.keepEvents('agent-01', 'epoch-0001', told(event(7), event(8)), 30);
    const seqs = async () => (await store.events(0, 100)).map(({ event: { seq } }) => seq);
    t.is(await thinAll(store, 30), 4);
    t.deepEqual(await seqs(), [3, 5, 7, 8]);
    const again = await store.keepEvents('agent-01', 'epoch-0001', told(event(1, renewal), event(6)), 40);
    t.deepEqual(again, { ok: true, value: { ackedSeq: 8, added: 0 } });
    t.deepEqual(await seqs(), [3, 5, 7, 8]);
    t.is((await store.facts()).eventsTotal, 8, 'the count of all that ever came does not go down');
  });

for (const engine of engines)
  test(`${engine.name}: certificates and findings that nothing names any more go, and those that come again are kept anew`, async (t) => {
    const { store, count } = await storeWithHost(t, engine);
    const [one, two, three] = ['one', 'two', 'three'].map((mark) => certificate(mark));
    if (!one || !two || !three) throw new Error('three certificates');
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one, { findings: [finding()] })), 10);
    for (const [index, each] of [two, three].entries())
      await store.keepSnapshot('agent-01', snapshotFrame(snapshot(each)), 20 + index * 10);
    const rows = async () => [await count('certificate'), await count('finding_text')];
    t.deepEqual(await rows(), [3, 1]);
    await thinAll(store, 25);
    t.deepEqual(await rows(), [2, 0], 'two was what was served at the cut');
    t.deepEqual(
      (await store.stays(two.fingerprint)).map(({ state, from, until: to }) => [state, from, to]),
      ['endpoint-issued', 'endpoint-configured', 'endpoint-served'].map((state) => [state, 20, 30]),
    );
    const served = (await store.endpointStays('agent-01', endpoint(two).id)).filter(
      ({ state }) => state === 'endpoint-served',
    );
    t.deepEqual(
      served.map(({ fingerprint, from, until: to }) => [fingerprint, from, to]),
      [
        [three.fingerprint, 30, undefined],
        [two.fingerprint, 20, 30],
      ],
    );
    t.deepEqual(await store.endpointStays('agent-02', endpoint(two).id), []);
    await store.keepSnapshot('agent-01', snapshotFrame(snapshot(one, { endpoints: [endpoint(one)] })), 40);
    t.is((await store.facts()).certificates[0]?.firstSeenAt, 40);
  });

for (const engine of engines)
  test(`${engine.name}: a history within its days is left alone; an older one is thinned at the start and then each hour`, async (t) => {
    const { store, count: countOf } = await storeWithHost(t, engine);
    const clock = handClock(1000 * day);
    for (const [index, mark] of marks.entries())
      await store.keepSnapshot('agent-01', snapshotFrame(snapshot(certificate(mark))), (996 + index) * day);
    await concernTold(store, 998 * day);
    const count = async () => (await store.changes('agent-01')).filter(({ kind }) => kind === 'endpoint-served').length;
    const settle = async (rows: number) => {
      await until(`${rows} rows`, async () => {
        clock.advance(day / 96 + 1);
        return (await count()) === rows;
      });
      t.is(await count(), rows);
    };
    // Of a real one the milliseconds have fractions, and a server's whole numbers have none.
    const real = { ...clock, monotonic: () => clock.monotonic() + (clock.monotonic() % 8) / 8 + 0.25 };
    const stop = keepBounds(
      { ...store, vouched: vouchedTime(real, await store.newestAt()), clock: real, log: silentLog },
      { historyDays: 30, historyMegabytes: undefined },
    );
    t.teardown(stop);
    await settle(4);
    clock.advance(27.5 * day);
    await settle(3);
    t.is(await countOf('transition'), 3);
    clock.advance(60 * day);
    await settle(1);
    await until('what was told long ago went, but for the last of it', async () => {
      clock.advance(day / 96 + 1);
      return (await countOf('transition')) === 1;
    });
  });

for (const engine of engines)
  test(`${engine.name}: a clock that is 400 days ahead, from the start or from one moment to the next, makes nothing old`, async (t) => {
    for (const jumps of ['before the start', 'while it runs']) {
      const { store, count } = await storeWithHost(t, engine);
      const clock = handClock(1000 * day);
      await concernTold(store, 996 * day);
      for (const [index, mark] of marks.entries()) {
        const at = (996 + index) * day;
        await store.keepSnapshot('agent-01', snapshotFrame(snapshot(certificate(mark))), at);
        await store.keepEvents('agent-01', 'epoch-0001', told(event(index + 1)), at);
      }
      t.is(await store.newestAt(), 999 * day);
      let passes = 0;
      const thin: Store['thin'] = async (before, place) => {
        const kept = await store.thin(before, place);
        if (kept.ok && !kept.value.next) passes += 1;
        return kept;
      };
      if (jumps === 'before the start') clock.jump(400 * day);
      const bounds = { historyDays: 30, historyMegabytes: 0.000_001 };
      const vouched = vouchedTime(clock, await store.newestAt());
      const stop = keepBounds({ ...store, thin, vouched, clock, log: silentLog }, bounds);
      t.teardown(stop);
      if (jumps === 'while it runs') clock.jump(400 * day);
      // Agents are back before the first pass, and what they tell is kept with the wrong time.
      await store.keepEvents('agent-01', 'epoch-0001', told(event(5)), clock.now());
      await until('three passes', () => {
        clock.advance(day / 96);
        return passes >= 3;
      });
      t.is((await store.changes('agent-01')).filter(({ kind }) => kind === 'endpoint-served').length, 4, jumps);
      t.is((await store.events(0, 10)).length, 5, jumps);
      t.is(await count('transition'), 3, jumps);
    }
  });

test('a history that is too large is cut by a tenth of what is left, down to a month', (t) => {
  const now = 1000 * day;
  t.is(furtherThan(now - 730 * day, { now, isOver: false }), undefined);
  t.is(furtherThan(now - 730 * day, { now, isOver: true }), now - 657 * day);
  t.is(furtherThan(now - 33 * day, { now, isOver: true }), now - 30 * day);
  t.is(furtherThan(now - 30 * day, { now, isOver: true }), undefined);
});

test('too large a database loses its oldest history first, and grows no more', async (t) => {
  const opened = openSqliteStore(temporaryDirectory(t), silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  t.teardown(store.close);
  await addHost(store);
  const clock = handClock(1000 * day);
  const steps = [{ step: 'log', ok: true, durationMs: 1, detail: 'x'.repeat(4000) }];
  for (let seq = 1; seq <= 300; seq += 50) {
    const list = Array.from({ length: 50 }, (_, index) => event(seq + index, { steps }));
    await store.keepEvents('agent-01', 'epoch-0001', told(...list), (400 + seq) * day);
  }
  const before = await store.usedBytes();
  const vouched = vouchedTime(clock, await store.newestAt());
  const stop = keepBounds({ ...store, vouched, clock, log: silentLog }, { historyDays: 730, historyMegabytes: 1 });
  t.teardown(stop);
  await until('within its bounds', async () => {
    clock.advance(10_000);
    return (await store.usedBytes()) < 1e6;
  });
  t.true(before > 1.2e6);
  const left = (await store.events(0, 1000)).map(({ event: { seq } }) => seq);
  t.true(left.length > 0 && left.length < 300);
  t.is(left[0], 301 - left.length, 'the newest are those that stay');
});
