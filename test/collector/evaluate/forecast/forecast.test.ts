import test from 'ava';
import { forecast, replay } from '../../../../collector/evaluate/forecast/forecast.ts';
import {
  announced,
  type LifetimeStep,
  longestLife,
  mayBePublic,
  stepsFor,
} from '../../../../collector/evaluate/forecast/lifetimes.ts';
import type { InUse, Renewer } from '../../../../collector/evaluate/forecast/renewers.ts';
import fc from '../../../helpers/properties.ts';

const dayMs = 86_400_000;
const now = Date.parse('2026-11-27T12:00:00Z');
const until = Date.parse('2030-03-15T00:00:00Z');
const domainOf = (name: string) => name.split('.').slice(-2).join('.');

function one(renewer: Renewer, change: Partial<InUse> = {}): InUse {
  return {
    hostName: 'web-1',
    fingerprint: change.names?.[0] ?? '',
    names: ['shop.example.test'],
    authority: "Let's Encrypt",
    notBefore: now - 10 * dayMs,
    notAfter: now + 80 * dayMs,
    renewer,
    ...change,
  };
}

test("Let's Encrypt's steps bind its own certificates, the forum's bind everybody's", (t) => {
  const days = (authority: string, at: string) => longestLife(announced, authority, Date.parse(at)) / dayMs;
  t.is(days("Let's Encrypt", '2027-02-11'), 64);
  t.is(days("Let's Encrypt", '2029-04-01'), 45);
  t.is(days('DigiCert Inc', '2027-02-11'), 200);
  t.is(days('DigiCert Inc', '2027-03-16'), 100);
  t.is(days('DigiCert Inc', '2029-04-01'), 47);
  t.is(days('DigiCert Inc', '2026-01-01'), Infinity);
});

test('what the agent or another client renews lapses under no announced lifetime, and is renewed more and more often', (t) => {
  for (const renewer of ['agent', 'other-client'] as const) {
    const stretches = forecast([one(renewer)], announced, { now, until, domainOf });
    t.deepEqual(
      stretches.flatMap(({ lapses }) => lapses),
      [],
    );
    const aYear = stretches.map(({ from, to, renewals }) => (renewals[renewer] * 365 * dayMs) / (to - from));
    t.true((aYear.at(-1) ?? 0) > 11 && (aYear[0] ?? 0) < 10, aYear.join(' '));
  }
});

test('a person who comes once a year leaves a certificate of 47 days lapsed for the rest of the year', (t) => {
  const yearly = one('hand', { authority: 'DigiCert Inc', notBefore: now - 300 * dayMs, notAfter: now + 65 * dayMs });
  const lapses = forecast([yearly], announced, { now, until, domainOf }).flatMap((stretch) => stretch.lapses);
  const longest = Math.max(...lapses.map((lapse) => lapse.longest)) / dayMs;
  t.true(longest > 230 && longest < 300, String(longest));
  t.like(lapses[0], { hostName: 'web-1', name: 'shop.example.test', renewer: 'hand' });
});

test('what nobody renews ends, and is told from then on', (t) => {
  const [first] = forecast([one('nobody')], [], { now, until, domainOf });
  t.is(first?.renewals.nobody, 0);
  t.is(first?.lapses[0]?.longest, until - now - 80 * dayMs);
});

test('a certbot that renews 30 days before the end renews a certificate of 160 hours at each of its runs', (t) => {
  const short: LifetimeStep[] = [{ from: now, days: 160 / 24, source: 'what if' }];
  const [first] = forecast([one('certbot', { notAfter: now + 31 * dayMs })], short, {
    now,
    until: now + 61 * dayMs,
    domainOf,
  });
  t.deepEqual(first?.lapses, []);
  t.true((first?.renewals.certbot ?? 0) > 110);
  t.true((first?.busiest?.inSevenDays ?? 0) >= 13);
});

test("only Let's Encrypt's certificates count against its limit, by registered domain", (t) => {
  const many = Array.from({ length: 60 }, (_, at) => one('agent', { names: [`s${at}.example.test`] }));
  const others = Array.from({ length: 90 }, (_, at) =>
    one('agent', { names: [`s${at}.other.test`], authority: 'ZeroSSL' }),
  );
  const [first] = forecast([...many, ...others], [], { now, until: now + 60 * dayMs, domainOf });
  t.deepEqual(first?.busiest, { domain: 'example.test', inSevenDays: 60 });
  t.is(first?.mostInADay, 150);
});

test('what lives longer than a public certificate may is of a private authority, and goes on as long, unless all are asked about', (t) => {
  const own = one('hand', { authority: 'Our own CA', notBefore: now - 3300 * dayMs, notAfter: now + 350 * dayMs });
  const lapses = forecast([own], announced, { now, until, domainOf }).flatMap((stretch) => stretch.lapses);
  t.deepEqual(lapses, []);
  t.is(stepsFor(announced, own).length, 0);
  t.is(stepsFor([{ from: now, days: 47, source: 'what if', bindsPrivate: true }], own).length, 1);
  const yearly = { authority: 'DigiCert Inc', notBefore: now, notAfter: now + 365 * dayMs };
  t.false(mayBePublic(yearly), 'nobody is given a year any more');
  const before = Date.parse('2026-03-01');
  t.true(mayBePublic({ ...yearly, notBefore: before, notAfter: before + 365 * dayMs }));
});

test("a certificate counts once against Let's Encrypt's limits, for each of its domains, and for its very names", (t) => {
  const names = ['shop.example.test', 'shop.other.test'];
  const copies = ['hand', 'hand', 'agent'] as const;
  const held = copies.map((renewer, at) => one(renewer, { names, hostName: `lb-${at}` }));
  const own = Array.from({ length: 7 }, (_, at) => one('agent', { names, fingerprint: `own ${at}` }));
  const ahead = { now, until: now + 60 * dayMs, domainOf };
  const [copied] = forecast(held, [], ahead);
  t.is(copied?.renewals.agent, 1);
  t.deepEqual(copied?.sameNames, { names, inSevenDays: 1 });
  t.is(copied?.busiest?.inSevenDays, 1);
  const [each] = forecast(own, [], ahead);
  t.deepEqual(each?.sameNames, { names, inSevenDays: 7 }, 'hosts that renew the same names each for itself');
  const other = forecast([one('agent', { names: ['a.test', 'b.other.test'] }), ...own], [], ahead)[0]?.busiest;
  t.deepEqual(other, { domain: 'other.test', inSevenDays: 8 }, 'not its first name alone');
});

test('whatever a certificate is, its renewals are in order, within the time, and no lapse is longer than it', (t) => {
  const certificates = fc.record({
    renewer: fc.constantFrom<Renewer>('agent', 'certbot', 'other-client', 'hand', 'nobody'),
    authority: fc.constantFrom("Let's Encrypt", 'DigiCert Inc'),
    age: fc.double({ min: -30, max: 900, noNaN: true }),
    life: fc.oneof(
      { weight: 3, arbitrary: fc.double({ min: 1, max: 900, noNaN: true }) },
      fc.double({ min: -2, max: 1, noNaN: true }),
      fc.constantFrom(0, -1, Number.EPSILON, 1 / 86_400_000),
    ),
  });
  fc.assert(
    fc.property(certificates, ({ renewer, authority, age, life }) => {
      const notBefore = now - age * dayMs;
      const told = [
        ...replay(one(renewer, { authority, notBefore, notAfter: notBefore + life * dayMs }), announced, now, until),
      ];
      const wrong = told.filter(
        ({ at, lapsedFor }, index) =>
          at < (told[index - 1]?.at ?? now) || at > until || lapsedFor < 0 || lapsedFor > until - now,
      );
      t.deepEqual(wrong, []);
      t.true(told.length < (life < 1 ? 30_000 : 5000));
      if (life <= 0) t.true(told.length === 1 && told[0]?.at === until);
      if (renewer === 'agent' && life >= 1)
        t.deepEqual(
          told.slice(1).filter(({ lapsedFor }) => lapsedFor > 0),
          [],
        );
    }),
  );
});
