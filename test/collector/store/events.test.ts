import test from 'ava';
import type { Event } from '@certherd/protocol/event';
import { passStart, type ThinPlace } from '../../../collector/store/retention.ts';
import type { Store } from '../../../collector/store/store.ts';
import fc from '../../helpers/properties.ts';
import { event, told } from '../helpers/example-snapshot.ts';
import { endServers, engines } from '../helpers/stores.ts';
import { enrolled } from '../../../scripts/bench/store/enrolled.ts';

test.after.always(endServers);

/** Of the frame before, how many events it tells again, and how many new ones follow. */
const frames = fc.array(fc.record({ again: fc.nat(20), fresh: fc.integer({ min: 1, max: 70 }) }), {
  minLength: 1,
  maxLength: 6,
});

for (const engine of engines)
  test(`${engine.name}: however events are cut into frames and told again, each is kept once and in order, and of each subject the newest stays`, async (t) => {
    const { store } = await engine.open(t);
    let agents = 0;
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(3), { minLength: 1, maxLength: 40 }), async (cuts, subjects) => {
        const agentId = `agent-${++agents}`;
        await enrolled(store, agentId, 1);
        const one = (seq: number) => {
          const place = subjects[seq % subjects.length] ?? 0;
          const kind = place === 3 ? ('renewal' as const) : ('deployment' as const);
          return event(seq, { kind, subject: { kind: 'lineage', id: `shop-${place % 3}` } });
        };
        let acked = 0;
        for (const { again, fresh } of cuts) {
          const from = Math.max(1, acked - again + 1);
          const list = Array.from({ length: acked + fresh - from + 1 }, (_, index) => one(from + index));
          acked += fresh;
          const kept = await store.keepEvents(agentId, 'epoch-0001', told(...list), agents);
          t.deepEqual(kept, { ok: true, value: { ackedSeq: acked, added: fresh } });
        }
        const everything = Array.from({ length: acked }, (_, index) => one(index + 1));
        t.deepEqual(await eventsOf(store, agentId), everything);
        const newest = everything.filter((one) => !everything.some((other) => other.seq > one.seq && isOf(one, other)));
        await thinAll(store, agents + 1);
        t.deepEqual(await eventsOf(store, agentId), newest);
      }),
      { numRuns: 15 },
    );
  });

async function eventsOf(store: Store, agentId: string): Promise<Event[]> {
  const all = await store.events(0, 100_000);
  return all.filter((one) => one.agentId === agentId).map((one) => one.event);
}

function isOf(one: Event, other: Event): boolean {
  return one.kind === other.kind && one.subject.id === other.subject.id;
}

async function thinAll(store: Store, before: number): Promise<void> {
  for (let place: ThinPlace | undefined = passStart; place; ) {
    const kept = await store.thin(before, place);
    if (!kept.ok) throw new Error(kept.failure.detail);
    place = kept.value.next;
  }
}
