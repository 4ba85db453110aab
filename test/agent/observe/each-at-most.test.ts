import test from 'ava';
import fc from '../../helpers/properties.ts';
import { eachAtMost } from '../../../agent/observe/each-at-most.ts';

test('results keep the order of the items, and neither limit is ever passed', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ group: fc.constantFrom('a', 'b', 'c'), turns: fc.integer({ min: 0, max: 5 }) })),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 4 }),
      async (items, total, perGroup) => {
        let most = 0;
        let mostOfGroup = 0;
        const running: string[] = [];
        const results = await eachAtMost(
          { total, perGroup },
          items,
          ({ group }) => group,
          async (item) => {
            running.push(item.group);
            most = Math.max(most, running.length);
            mostOfGroup = Math.max(mostOfGroup, running.filter((group) => group === item.group).length);
            for (let turn = 0; turn < item.turns; turn++) await Promise.resolve();
            running.splice(running.indexOf(item.group), 1);
            return item;
          },
        );
        t.deepEqual(results, items);
        t.true(most <= total && mostOfGroup <= perGroup);
      },
    ),
  );
});

test('a group that never ends leaves places to the others', async (t) => {
  const done: string[] = [];
  const items = [...Array.from({ length: 40 }, () => 'stuck'), 'one', 'two', 'three'];
  let release = () => {};
  const stuck = new Promise<void>((resolve) => (release = resolve));
  const all = eachAtMost(
    { total: 4, perGroup: 3 },
    items,
    (item) => item,
    async (item) => {
      if (item === 'stuck') await stuck;
      else done.push(item);
    },
  );
  await new Promise(setImmediate);
  t.deepEqual(done, ['one', 'two', 'three']);
  release();
  t.is((await all).length, items.length);
});

test('work that throws is the caller’s to see', async (t) => {
  const work = () => Promise.reject(new Error('a bug'));
  await t.throwsAsync(eachAtMost({ total: 1, perGroup: 1 }, [1, 2], String, work), { message: 'a bug' });
});
