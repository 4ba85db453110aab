import test from 'ava';
import { noParts } from '../../../collector/serve/estate-parts.ts';
import { keepWall } from '../../../collector/serve/keep-wall.ts';
import type { EstateNow } from '../../../collector/serve/kept-estate.ts';
import { labelBook } from '../../../collector/evaluate/labels.ts';
import { handClock } from '../helpers/hand-clock.ts';

const empty: EstateNow = {
  parts: noParts,
  hostless: [],
  events: [],
  listed: [],
  targets: [],
  book: labelBook([]),
  revision: 1,
};

test('however long a wall takes to make, no other is made beside it, and it is fresh for two seconds from then on', async (t) => {
  const clock = handClock(Date.parse('2026-11-28T00:00:00Z'));
  const waiting: PromiseWithResolvers<EstateNow>[] = [];
  const wall = keepWall(async () => {
    const one = Promise.withResolvers<EstateNow>();
    waiting.push(one);
    return one.promise;
  }, clock);
  const first = wall();
  clock.advance(60_000);
  const second = wall();
  t.is(waiting.length, 1);
  waiting[0]?.resolve(empty);
  t.is(await second, await first);
  clock.advance(1_999);
  await wall();
  t.is(waiting.length, 1);
  clock.advance(1);
  const third = wall();
  t.is(waiting.length, 2);
  waiting[1]?.reject(new Error('the database cannot be read'));
  await t.throwsAsync(third, { message: 'the database cannot be read' });
  const fourth = wall();
  t.is(waiting.length, 3, 'what failed is asked for again');
  waiting[2]?.resolve(empty);
  t.is((await fourth).pressing, 0);
});
