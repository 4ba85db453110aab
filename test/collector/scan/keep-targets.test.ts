import test, { type ExecutionContext } from 'ava';
import { keepTargets } from '../../../collector/scan/keep-targets.ts';
import type { SeenTarget } from '../../../collector/scan/seen.ts';
import { openSqliteStore } from '../../../collector/store/sqlite/store.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

const start = 1_800_000_000_000;
const hour = 3_600_000;
const seen: SeenTarget = { target: '', host: '', port: 443, at: new Date(start).toISOString(), places: [], leftOut: 0 };

/** One target that is asked each hour, with a clock moved by hand. `answer`: what each look comes to. */
async function asking(t: ExecutionContext, answer: () => SeenTarget | undefined) {
  const opened = openSqliteStore(temporaryDirectory(t), silentLog);
  if (!opened.ok) throw new Error(opened.failure.message);
  const store = opened.value;
  t.teardown(store.close);
  await store.targets.add({ target: 'shop.example.test:443', everyMs: hour, setBy: 'me' }, start);
  const [row] = await store.targets.all();
  const clock = handClock(start);
  const overtaken = new Map<number, number>();
  let reads = 0;
  let answers = 0;
  let kept = 0;
  const all = async () => {
    const rows = await store.targets.all();
    reads++;
    return rows;
  };
  const asked: number[] = [];
  const stop = keepTargets({
    targets: { ...store.targets, all },
    overtaken: () => overtaken,
    askerOf: () => async () => {
      asked.push(clock.now() - start);
      const found = answer();
      if (found) answers++;
      return found;
    },
    clock,
    log: silentLog,
    changed: () => kept++,
  });
  t.teardown(stop);
  /** Time passes, two seconds at a time, and each time what is due is asked. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 2_000) {
      const before = reads;
      await until('it waits', () => clock.timers() > 0);
      clock.advance(2_000);
      await until('it has looked what is due', () => reads > before && clock.timers() > 0 && kept === answers);
    }
  };
  return { id: row?.id ?? 0, pass, overtaken, asked, clock, store };
}

test('a target that a proof of a host has overtaken is asked at once, once, and none more often than each ten seconds', async (t) => {
  const { id, pass, overtaken, asked, clock, store } = await asking(t, () => seen);
  await pass(4_000);
  t.deepEqual(asked, [2_000]);
  await pass(30_000);
  overtaken.set(id, clock.now());
  await pass(20_000);
  t.deepEqual(asked, [2_000, 36_000], 'and no more once it was asked since');
  t.is((await store.targets.all())[0]?.askedAt, start + 36_000, 'as of when it began');
  overtaken.set(id, clock.now());
  await pass(2_000);
  overtaken.set(id, clock.now());
  await pass(8_000);
  t.deepEqual(asked.slice(2), [56_000], 'a host that proves something else each time');
});

test('what was no look uses up no interval: it is tried again, ever more seldom', async (t) => {
  let busy = true;
  const { pass, asked, store } = await asking(t, () => (busy ? undefined : seen));
  await pass(200_000);
  const gaps = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
  t.deepEqual(gaps, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  t.is((await store.targets.all())[0]?.askedAt, undefined);
  busy = false;
  await pass(60_000);
  t.is(asked.length, 9);
  t.not((await store.targets.all())[0]?.askedAt, undefined);
});
