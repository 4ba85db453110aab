import test from 'ava';
import { sorted } from '../../../collector/serve/sorted.ts';
import { SortedDraft } from '../../../collector/serve/sorted-draft.ts';
import fc from '../../helpers/properties.ts';
import { certificate } from '../helpers/example-snapshot.ts';
import { happenings, randomFleet } from '../helpers/random-fleet.ts';

test('whatever happens in a fleet, the estate kept in parts is the one that is assembled whole', (t) => {
  fc.assert(
    fc.property(happenings, fc.nat(3), (all, rarely) => {
      const fleet = randomFleet();
      for (const [index, one] of all.entries()) {
        fleet.happen(one);
        if (index % (rarely + 1) !== 0) continue;
        fleet.settle();
        t.deepEqual(fleet.kept(), fleet.whole());
      }
      fleet.settle();
      t.deepEqual(fleet.kept(), fleet.whole());
    }),
    { numRuns: 300 },
  );
});

test('what a host proved and named no more at once is known of the others that have it', (t) => {
  const fleet = randomFleet();
  for (const host of [3, 0]) fleet.happen({ what: 'told', host, certificates: [5], findings: 0 });
  fleet.settle();
  fleet.happen({ what: 'proved', certificate: 5, days: 0 });
  fleet.happen({ what: 'told', host: 3, certificates: [], findings: 0 });
  fleet.settle();
  t.is(fleet.kept().certificates[0]?.basis, 'der');
  t.deepEqual(fleet.kept(), fleet.whole());
});

test('what a target presents is no orphan where its file lies, and is one once no target presents it', (t) => {
  const fleet = randomFleet();
  const { fingerprint } = certificate('c4');
  const isOrphan = () =>
    fleet.kept().findings.some(({ code, evidence }) => code === 'orphan' && evidence['held'] === fingerprint);
  const seen = (...certificates: number[]) => {
    fleet.happen({ what: 'seen', names: [3], certificates, hours: 1 });
    fleet.settle();
    t.deepEqual(fleet.kept(), fleet.whole());
    return isOrphan();
  };
  fleet.happen({ what: 'told', host: 0, certificates: [0, 1, 2, 3, 4], findings: 0 });
  t.true(seen());
  t.false(seen(4), 'a balancer without an agent has it');
  t.true(seen(5));
});

test('a host that has another name, or is trusted again, holds what it held', (t) => {
  const fleet = randomFleet();
  for (const host of [3, 0]) fleet.happen({ what: 'told', host, certificates: [5], findings: 0 });
  const shared = () => fleet.kept().findings.filter(({ code }) => code === 'shared-key');
  for (const [what, count] of [
    ['renamed', 1],
    ['revoked', 0],
    ['renamed', 0],
    ['trusted', 1],
  ] as const) {
    fleet.happen({ what, host: 0 });
    fleet.settle();
    t.is(shared().length, count, what);
    t.deepEqual(fleet.kept(), fleet.whole());
  }
});

test('a list in order is what sorting gives, whatever is put in and taken out, and older ones stay as they were', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(40))), fc.constantFrom(0, 30), (steps, first) => {
      const set = new Set(Array.from({ length: first }, (_, index) => index));
      let list = sorted<number, number>((one, other) => one - other);
      for (const number of set) list = list.with(number);
      for (const [put, number] of steps) {
        const before = [...list];
        const older = list;
        list = put ? list.with(number) : list.without(number);
        if (put) set.add(number);
        else set.delete(number);
        t.deepEqual([...older], before);
        const expected = [...set].sort((one, other) => one - other);
        t.deepEqual([...list], expected);
        t.is(list.size, set.size);
        t.is(list.get(number), put ? number : undefined);
        t.deepEqual(
          [...list.after(number)],
          expected.filter((one) => one > number),
        );
      }
    }),
  );
  let long = sorted<number, number>((one, other) => one - other);
  for (let number = 0; number < 5_000; number += 1) long = long.with((number * 7_919) % 5_000);
  t.deepEqual(
    [...long],
    Array.from({ length: 5_000 }, (_, index) => index),
  );
  t.deepEqual([...long.after(2_500.5)].slice(0, 2), [2_501, 2_502]);
  for (let number = 0; number < 5_000; number += 2) long = long.without(number);
  t.is([...long].length, 2_500);
});

test('what is taken of a list that is changed in place is what sorting gives, and stays as it was taken', (t) => {
  const number = fc.oneof(fc.nat(60), fc.nat(6_000));
  const steps = fc.array(fc.record({ put: fc.boolean(), number, taken: fc.boolean() }), { maxLength: 80 });
  fc.assert(
    fc.property(steps, fc.constantFrom(0, 5_000), (all, many) => {
      const draft = new SortedDraft<Numbered, Numbered>((one, other) => one.number - other.number);
      const items = new Map<number, Numbered>();
      const put = (one: Numbered) => {
        items.set(one.number, one);
        draft.put(one);
      };
      for (let index = 0; index < many; index += 1) put({ number: (index * 7_919) % 5_000, step: 0 });
      const held: (readonly [list: Iterable<Numbered>, expected: Numbered[]])[] = [];
      for (const [step, { put: isPut, number, taken }] of all.entries()) {
        if (isPut) put({ number, step });
        else items.delete(number);
        if (!isPut) draft.remove({ number, step });
        if (taken) held.push([draft.taken(), inOrder(items)]);
      }
      held.push([draft.taken(), inOrder(items)]);
      for (const [list, expected] of held) t.true(isSame([...list], expected));
      t.is(draft.taken(), draft.taken());
    }),
    { numRuns: 40 },
  );
});

/** `step`: when it was put in the place of the one before. */
interface Numbered {
  number: number;
  step: number;
}

function inOrder(items: ReadonlyMap<number, Numbered>): Numbered[] {
  return [...items.values()].sort((one, other) => one.number - other.number);
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
