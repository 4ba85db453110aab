import test from 'ava';
import { wordsOf } from '../../../collector/notify/words.ts';
import { concern, hour, minute, settingsOf, start, world } from '../helpers/notify-world.ts';

const one = concern('web-1');
const two = concern('web-2');
const told = (seen: ReturnType<typeof world>) => {
  const message = seen.messages.at(-1);
  return message && [wordsOf(message).headline, wordsOf(message).facts.find(([label]) => label === 'Taken on by')?.[1]];
};

test('that nobody has it any more is told once to all who heard that somebody had, and then whoever is next is called', (t) => {
  const escalate = [{ after: '2h', to: ['on-call'] }];
  const seen = world(settingsOf({ wait: '0s', repeat: 'never', to: ['payments', 'checkout'], escalate }));
  seen.look(start, [one]);
  seen.acknowledge(start + minute);
  t.deepEqual(seen.look(start + minute, [one]), ['payments acknowledged 1', 'checkout acknowledged 1']);
  seen.giveBack();
  t.deepEqual(seen.pass(start + 2 * minute, start + hour, [one]), ['payments given-back 1', 'checkout given-back 1']);
  t.deepEqual(told(seen), ['Given back, nobody has it: not-served: shop.example.test on web-1', undefined]);
  t.deepEqual(seen.look(start + 2 * hour, [one]), ['on-call escalated 1']);
  seen.acknowledge(start + 2 * hour + minute);
  t.is(seen.look(start + 2 * hour + minute, [one]).length, 3, 'and so that the next one has it');

  const unheard = world(settingsOf({ wait: '0s', repeat: 'never' }));
  unheard.look(start, [one]);
  unheard.acknowledge(start + minute);
  unheard.giveBack();
  t.deepEqual(unheard.pass(start + minute, start + hour, [one]), [], 'nobody heard that somebody had it');
});

test('what is given back in quiet hours, or while it is silent, is told once they are over', (t) => {
  const quiet = { hours: '13:00-14:00' };
  const seen = world(settingsOf({ wait: '0s', repeat: 'never', quiet }));
  seen.look(start, [one]);
  seen.acknowledge(start + minute);
  seen.look(start + minute, [one]);
  seen.giveBack();
  t.deepEqual(seen.pass(start + hour, start + 2 * hour - minute, [one]), []);
  t.deepEqual(seen.look(start + 2 * hour, [one]), ['payments given-back 1']);
});

test('who has it stands in what is told meanwhile', (t) => {
  const seen = world(settingsOf({ wait: '0s', repeat: 'never' }));
  seen.look(start, [one]);
  t.is(told(seen)?.[1], undefined);
  seen.acknowledge(start + minute);
  seen.look(start + minute, [one]);
  t.deepEqual(seen.look(start + hour, [one, two]), ['payments more 2']);
  t.is(told(seen)?.[1], 'eve: on it');
  t.deepEqual(seen.look(start + 2 * hour, [one, { ...two, severity: 'critical' }]), ['payments worse 2']);
  t.is(told(seen)?.[1], 'eve: on it');
});
