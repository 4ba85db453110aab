import test from 'ava';
import { goalLine, median } from '../../scripts/bench/goal.ts';

test('the median of an even count lies between the two in the middle', (t) => {
  t.is(median([4, 1, 3, 100]), 3.5);
  t.is(median([9, 1, 5]), 5);
});

test('a line names ours, the baseline, the ratio, the goal and the verdict', (t) => {
  const goal = { what: 'swap to served', unit: 'ms', ours: 1200, baseline: { what: 'by hand', value: 100 } };
  t.is(
    goalLine('incident', { ...goal, goal: { of: 'ours', below: 3000 } }),
    'incident: swap to served: 1200 ms | by hand: 100 ms | ratio 12.00 | goal < 3000 ms | met',
  );
  t.regex(goalLine('incident', { ...goal, goal: { of: 'ratio', below: 12 } }), /goal < 12\.00 \| short of goal$/);
  t.notRegex(goalLine('incident', goal), /goal/);
});
