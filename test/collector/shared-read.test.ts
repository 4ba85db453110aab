import test from 'ava';
import pg from 'pg';
import { sharedRead } from '../../collector/shared-read.ts';
import { until } from '../helpers/testbed/until.ts';
import { certificate, event, snapshot, snapshotFrame } from './helpers/example-snapshot.ts';
import { handClock } from './helpers/hand-clock.ts';
import { startTestCollector } from './helpers/real-collector.ts';
import { endServers, freshDatabase } from './helpers/stores.ts';
import { begin, enrol } from './helpers/wire-agent.ts';

test.after.always(endServers);

/** A read that ends when the test says so; each gives the revision at which it began. */
function heldRead(forMs: number) {
  const clock = handClock(0);
  const state = { revision: 1, reads: 0 };
  const out: PromiseWithResolvers<number>[] = [];
  const ask = sharedRead({
    revision: () => state.revision,
    forMs,
    clock,
    read: () => {
      state.reads++;
      const held = Promise.withResolvers<number>();
      out.push(held);
      const { revision } = state;
      return held.promise.then(() => revision);
    },
  });
  return { clock, state, out, ask };
}

test('one read is out at a time, and all who asked for something newer meanwhile share the next', async (t) => {
  const { state, out, ask } = heldRead(Infinity);
  const first = [ask(), ask()];
  state.revision = 2;
  const second = ask();
  state.revision = 3;
  const third = ask();
  t.is(state.reads, 1);
  out[0]?.resolve(0);
  t.deepEqual(await Promise.all(first), [1, 1]);
  await until('the next read is out', () => out.length === 2);
  out[1]?.resolve(0);
  t.deepEqual(await Promise.all([second, third]), [3, 3]);
  t.is(await ask(), 3);
  t.is(state.reads, 2);
});

test('a read that failed is not kept, and those who wait for the next one do not see its failure', async (t) => {
  const { state, out, ask } = heldRead(Infinity);
  const first = ask();
  state.revision = 2;
  const second = ask();
  out[0]?.reject(new Error('away'));
  await t.throwsAsync(first, { message: 'away' });
  await until('the next read is out', () => out.length === 2);
  out[1]?.reject(new Error('still away'));
  await t.throwsAsync(second, { message: 'still away' });
  const third = ask();
  out[2]?.resolve(0);
  t.is(await third, 2);
});

test('what was read is shared for the stated time from its end on', async (t) => {
  const { clock, state, out, ask } = heldRead(250);
  const first = ask();
  clock.advance(5_000);
  const same = ask();
  out[0]?.resolve(0);
  await Promise.all([first, same]);
  clock.advance(249);
  await ask();
  t.is(state.reads, 1);
  clock.advance(1);
  const later = ask();
  t.is(state.reads, 2);
  out[1]?.resolve(0);
  await later;
});

test('pages that read for long do not keep agents from being acknowledged', async (t) => {
  const store = await freshDatabase();
  const collector = await startTestCollector(t, { store });
  const wire = await begin(await collector.join(), await enrol(await collector.join(), 'web-1'));
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await until('known', async () => (await collector.estate()).endpoints.length > 0);
  const client = new pg.Client(store);
  await client.connect();
  await client.query('BEGIN');
  // Stands for a read that takes seconds: no page is answered until it is let go.
  await client.query('LOCK TABLE listed IN ACCESS EXCLUSIVE MODE');
  const pages: Promise<unknown>[] = [];
  for (let seq = 1; seq <= 20; seq++) {
    wire.send({ type: 'events', epoch: 'epoch-0001', events: [event(seq)] });
    t.is((await wire.next('ack')).seq, seq);
    pages.push(collector.estate());
    const asked = await client.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    t.true((asked.rows[0]?.n ?? 0) <= 1, 'one read is out');
  }
  await client.query('COMMIT');
  await client.end();
  t.is((await Promise.all(pages)).length, 20);
});
