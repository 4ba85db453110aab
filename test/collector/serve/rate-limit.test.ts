import test from 'ava';
import { Check } from 'typebox/value';
import { createRateLimit } from '../../../collector/serve/api/rate-limit.ts';
import { Problem } from '../../../collector/serve/api/views.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { get } from '../helpers/small-fleet.ts';

test('an address that asks too often is told when to ask again, and others are answered', async (t) => {
  const { url } = await startTestCollector(t, {}, handClock(Date.now()));
  for (let asked = 0; asked < 1_000; asked += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(url, '/api/v1/labels')));
    t.true(answers.every(({ status }) => status === 200));
  }
  const refused = await get(url, '/api/v1/labels');
  t.is(refused.status, 429);
  t.is(refused.headers.get('retry-after'), '1');
  t.true(Check(Problem, JSON.parse(refused.text)));
  for (const path of ['/%61pi/v1/labels', '/metrics', '/answer/x.y', '/sign-in'])
    t.is((await fetch(url + path)).status, 429, path);
  t.is((await fetch(`${url}/healthz`)).status, 200, 'which is none of the API');
});

test('a bucket fills again by the second, addresses have their own, and an IPv6 network has one', (t) => {
  const clock = handClock(0);
  const limit = createRateLimit(clock, { perSecond: 2, burst: 4 });
  const take = (address: string, times: number) => Array.from({ length: times }, () => limit.take(address));
  t.deepEqual(take('192.0.2.1', 5), [0, 0, 0, 0, 1]);
  t.is(limit.take('192.0.2.2'), 0);
  t.deepEqual(take('2001:db8::1', 4), [0, 0, 0, 0]);
  t.is(limit.take('2001:db8:0:0:9::2'), 1);
  t.is(limit.take('2001:db8:0:1::2'), 0);
  t.is(limit.take('::ffff:192.0.2.3'), 0);
  clock.advance(1_000);
  t.deepEqual(take('192.0.2.1', 3), [0, 0, 1]);
  clock.advance(60_000);
  t.deepEqual(take('192.0.2.1', 5), [0, 0, 0, 0, 1]);
});
