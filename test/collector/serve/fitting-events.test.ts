import test from 'ava';
import { fittingEvents } from '../../../collector/serve/api/fitting-events.ts';
import type { EventFacts } from '../../../collector/store/facts.ts';
import { event } from '../helpers/example-snapshot.ts';

const all = Array.from({ length: 12_000 }, (_, index): EventFacts => {
  const of = { agentId: 'agent-01', hostName: 'web-1', epoch: 'epoch-0001', receivedAt: 0 };
  return { id: index + 1, ...of, event: event(index + 1) };
});
const read = async (after: number | undefined, limit: number) =>
  after === undefined ? all.slice(-limit) : all.slice(after, after + limit);

test('looking for events that fit gives others a turn each 250 events, and says where it goes on', async (t) => {
  let turns = 0;
  let over = false;
  const others = () => {
    turns += 1;
    if (!over) setImmediate(others);
  };
  setImmediate(others);
  const sizes: number[] = [];
  const counted = async (after: number | undefined, limit: number) => {
    sizes.push(limit);
    return read(after, limit);
  };
  const none = await fittingEvents(counted, { after: 0, limit: 10, fits: () => false });
  over = true;
  t.deepEqual(none, { items: [], next: 10_000 });
  t.true(turns >= 40, `${turns} turns`);
  t.true(sizes.every((size) => size <= 250));
});

test('what fits is found wherever it is, and no more than was asked for', async (t) => {
  const fits = ({ id }: EventFacts) => id % 1_000 === 0;
  const found = await fittingEvents(read, { after: 0, limit: 3, fits });
  t.deepEqual([found.items.map(({ id }) => id), found.next], [[1_000, 2_000, 3_000], 3_000]);
  const newest = await fittingEvents(read, { after: undefined, limit: 3, fits });
  t.deepEqual(
    newest.items.map(({ id }) => id),
    [12_000],
  );
  const plain = await fittingEvents(read, { after: 11_998, limit: 100, fits: undefined });
  t.deepEqual([plain.items.length, plain.next], [2, 12_000]);
});
