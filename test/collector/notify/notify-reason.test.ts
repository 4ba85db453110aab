import test from 'ava';
import type { Concern } from '../../../collector/store/concern.ts';
import fc from '../../helpers/properties.ts';
import { channel, concern, day, hour, minute, second, settingsOf, start, world } from '../helpers/notify-world.ts';

test('forty places with one cause are one message for their owner, and one that says that it is over', (t) => {
  const { look } = world(settingsOf({}));
  const all = Array.from({ length: 40 }, (_, index) => concern(`web-${index}`));
  t.deepEqual(look(start, all.slice(0, 1)), [], 'more of the same may come');
  t.deepEqual(look(start + 29 * second, all), []);
  t.deepEqual(look(start + 30 * second, all), ['payments opened 40']);
  t.deepEqual(look(start + minute, all), []);
  t.deepEqual(look(start + 2 * minute, all.slice(0, 3)), [], 'not over yet');
  t.deepEqual(look(start + 3 * minute, []), ['payments resolved 40']);
  t.deepEqual(look(start + 4 * minute, []), []);
});

test('two causes, two owners or two environments are told apart', (t) => {
  const { look } = world(settingsOf({ wait: '0s', to: ['ops'] }));
  const said = look(start, [
    concern('web-1'),
    concern('web-2', { causeId: 'another' }),
    concern('web-3', { labels: { owner: 'checkout' } }),
    concern('web-4', { labels: { owner: 'payments', team: 'checkout', environment: 'test' } }),
  ]);
  t.deepEqual(
    said,
    Array.from({ length: 4 }, () => 'ops opened 1'),
  );
});

test('what a rule is for has to stand so long, as a part of the certificate’s life', (t) => {
  const { look } = world(settingsOf({ wait: '0s', for: '0.1%' }));
  const long = concern('web-1');
  const short = concern('web-2', {
    life: { notBefore: '2026-11-26T00:00:00.000Z', notAfter: '2026-12-02T00:00:00.000Z' },
    causeId: 'short',
  });
  look(start, [long, short]);
  t.deepEqual(look(start + 8 * minute, [long, short]), []);
  t.deepEqual(look(start + 9 * minute, [long, short]), ['payments opened 1'], 'six days: 8.6 minutes');
  t.deepEqual(look(start + 129 * minute, [long, short]), []);
  t.deepEqual(look(start + 130 * minute, [long, short]), ['payments opened 1'], 'ninety days: 2 h 9.6 min');
  t.deepEqual(
    world(settingsOf({ for: '5m' })).pass(start, start + 4 * minute, [long]),
    [],
    'and what passes is not told',
  );
});

test('more of the same is told once after a while, worse at once, and the rest is repeated in parts of a life', (t) => {
  const seen = world(settingsOf({ wait: '0s', repeat: '5%' }));
  const [one, two] = [concern('web-1'), concern('web-2')];
  seen.look(start, [one]);
  t.deepEqual(seen.pass(start + minute, start + 4 * minute, [one, two]), []);
  t.deepEqual(seen.pass(start + 5 * minute, start + hour, [one, two]), ['payments more 2']);
  t.deepEqual(seen.look(start + hour + minute, [one, { ...two, severity: 'critical' }]), ['payments worse 2']);
  t.deepEqual(seen.look(start + hour + 2 * minute, [one, two]), [], 'better again is no news');
  const told = start + hour + minute;
  t.deepEqual(seen.look(told + 4.4 * day, [one, two]), []);
  t.deepEqual(seen.look(told + 4.5 * day, [one, two]), ['payments repeat 2']);
});

test('who does not answer is followed by the team, then by whoever is on call; who took it on is left alone until it gets worse', (t) => {
  const escalate = [
    { after: '1h', to: ['{team}'] },
    { after: '3h', to: ['on-call'] },
  ];
  const settings = settingsOf({ wait: '0s', escalate });
  const all = [concern('web-1')];
  const unanswered = world(settings);
  unanswered.look(start, all);
  t.deepEqual(unanswered.pass(start + minute, start + 5 * hour, all), ['checkout escalated 1', 'on-call escalated 1']);
  t.deepEqual(unanswered.look(start + 6 * hour, []), [
    'payments resolved 1',
    'checkout resolved 1',
    'on-call resolved 1',
  ]);

  const answered = world(settings);
  answered.look(start, all);
  answered.acknowledge(start + 90 * minute);
  t.deepEqual(answered.pass(start + 91 * minute, start + 20 * day, all), ['payments acknowledged 1']);
  const worse = all.map((one): Concern => ({ ...one, severity: 'critical' }));
  t.deepEqual(answered.pass(start + 21 * day, start + 21 * day + 2 * minute, worse), [
    'payments worse 1',
    'checkout escalated 1',
    'on-call escalated 1',
  ]);
});

test('what nobody owns goes to the next who is known, and never to nobody', (t) => {
  const escalate = [{ after: '1h', to: ['{team}'] }];
  const { look } = world(settingsOf({ wait: '0s', escalate }));
  t.deepEqual(look(start, [concern('web-1', { labels: { team: 'checkout', owner: 'unknown' } })]), [
    'checkout opened 1',
  ]);
  t.deepEqual(world(settingsOf({ wait: '0s' })).look(start, [concern('web-1', { labels: {} })]), ['payments opened 1']);
});

test('what is open goes on being told to channels that are there, and where none is left to those of the rule', (t) => {
  const two = world(settingsOf({ wait: '0s', repeat: '1h', to: ['payments', 'checkout'] }));
  two.look(start, [concern('web-1')]);
  two.restart(settingsOf({ wait: '0s', repeat: '1h', to: ['ops'] }, { channel: ['checkout', 'ops'].map(channel) }));
  t.deepEqual(two.look(start + hour, [concern('web-1')]), ['checkout repeat 1']);
  two.restart(settingsOf({ wait: '0s', repeat: '1h', to: ['ops'] }, { channel: ['on-call', 'ops'].map(channel) }));
  t.deepEqual(two.look(start + 2 * hour, [concern('web-1')]), ['ops repeat 1']);
  two.restart(settingsOf({ name: 'other', to: ['on-call'] }, { channel: [channel('on-call')] }));
  t.deepEqual(two.look(start + 3 * hour, []), ['on-call resolved 1'], 'nothing is told to nobody');
});

test('a place that was mended and breaks again while others stand is more of the same', (t) => {
  const seen = world(settingsOf({ wait: '0s', repeat: 'never' }));
  const { look } = seen;
  const [one, two] = [concern('web-1'), concern('web-2')];
  t.deepEqual(look(start, [one, two]), ['payments opened 2']);
  look(start + 10 * minute, [one]);
  t.deepEqual(look(start + 20 * minute, [one, two]), ['payments more 2']);
  t.deepEqual(look(start + 40 * minute, [one, two]), [], 'once');
  look(start + 50 * minute, [one]);
  t.deepEqual(look(start + 51 * minute, [one, two]), ['payments more 2']);
  look(start + 52 * minute, [one]);
  look(start + 53 * minute, [one, two]);
  seen.acknowledge(start + 54 * minute);
  t.deepEqual(look(start + 54 * minute, [one, two]), ['payments acknowledged 2']);
  t.deepEqual(look(start + 59 * minute, [one, two]), ['payments more 2'], 'that somebody took it on told of no place');
});

test('a clock that was ahead holds nothing back once it is right', (t) => {
  const settings = settingsOf({ wait: '30s', for: '1m', repeat: '1h', escalate: [{ after: '2h', to: ['on-call'] }] });
  const { look } = world(settings);
  const all = [concern('web-1')];
  look(start + 400 * day, all);
  t.deepEqual(look(start, all), ['payments opened 1'], 'when it was found is not known: rather now than never');
  const told = world(settings);
  told.pass(start + 400 * day, start + 400 * day + 2 * minute, all);
  t.deepEqual(told.said, ['payments opened 1']);
  t.deepEqual(told.pass(start, start + 59 * minute, all), []);
  t.deepEqual(told.pass(start + 60 * minute, start + 2 * hour, all), ['payments repeat 1', 'on-call escalated 1']);
});

test('quiet hours hold back all but what is critical, and what passed meanwhile is never told', (t) => {
  const quiet = { hours: '22:00-07:00', zone: 'Europe/Berlin' };
  const settings = settingsOf({ wait: '0s', quiet });
  const night = Date.parse('2026-11-27T23:00:00.000Z');
  const morning = Date.parse('2026-11-28T06:00:00.000Z');
  const first = world(settings);
  t.deepEqual(first.pass(night, morning - minute, [concern('web-1')]), []);
  t.deepEqual(first.look(morning, [concern('web-1')]), ['payments opened 1']);
  t.deepEqual(first.pass(night + day, night + day, []), ['payments resolved 1 at 06:00']);
  const second_ = world(settings);
  t.deepEqual(second_.look(night, [concern('web-1')]), []);
  t.deepEqual(second_.pass(morning - hour, morning, []), []);
  t.deepEqual(world(settings).look(night, [concern('web-1', { severity: 'critical' })]), ['payments opened 1']);
});

test('a silence and a maintenance window hold messages back until they end; that it is over is told all the same', (t) => {
  const maintenance = [{ name: 'move', from: '2026-11-27T12:00:00Z', until: '2026-11-27T14:00:00Z', host: ['web-*'] }];
  const all = [concern('web-1')];
  const moved = world(settingsOf({ wait: '0s' }, { maintenance }));
  t.deepEqual(moved.pass(start, start + 2 * hour - minute, all), []);
  t.deepEqual(moved.look(start + 2 * hour, all), ['payments opened 1']);
  t.deepEqual(world(settingsOf({ wait: '0s' }, { maintenance })).look(start, [concern('db-1')]), ['payments opened 1']);

  const when = { hours: '12:00-13:00', days: ['Fri'], zone: 'UTC' };
  const nightly = [{ name: 'patches', when, labels: { team: 'check*' }, server_name: ['*.example.test'] }];
  const patched = world(settingsOf({ wait: '0s' }, { maintenance: nightly }));
  t.deepEqual(patched.pass(start, start + hour - minute, all), []);
  t.deepEqual(patched.look(start + hour, all), ['payments opened 1'], 'a window that comes again');
  t.deepEqual(patched.look(start + 7 * day, []), ['payments resolved 1']);
  t.deepEqual(patched.look(start + 7 * day + minute, all), [], 'and it did');
  t.deepEqual(patched.look(start + 7 * day + 2 * minute, [concern('web-2', { names: ['other.test'] })]), [
    'payments opened 1',
  ]);

  const silenced = world(settingsOf({ wait: '0s', repeat: '1h' }));
  silenced.look(start, all);
  const silence = { id: 's', madeAt: start, by: 'eve', reason: 'known' };
  silenced.silences.push({
    ...silence,
    until: start + 5 * hour,
    match: { labels: { owner: 'pay*' }, code: 'not-served' },
  });
  t.deepEqual(silenced.pass(start + minute, start + 5 * hour - minute, all), []);
  t.deepEqual(silenced.look(start + 5 * hour, all), ['payments repeat 1']);
  silenced.silences.push({ ...silence, until: start + 9 * hour, match: { host: 'web-1' } });
  t.deepEqual(silenced.look(start + 6 * hour, []), ['payments resolved 1']);
});

test('a rule takes what fits it by severity, code, host, name, labels and what is left of a life; the first one does', (t) => {
  const rule = [
    { name: 'late', left: '10%', to: ['on-call'], wait: '0s' },
    { name: 'shop', server_name: ['*.SHOP.test'], labels: { environment: ['prod*'] }, to: ['checkout'], wait: '0s' },
    {
      name: 'rest',
      severity: ['critical', 'unknown'],
      code: ['host-silent'],
      host: ['WEB-*'],
      to: ['ops'],
      wait: '0s',
    },
  ];
  const settings = settingsOf({}, { rule });
  const all = [
    concern('web-1', { life: { notBefore: '2026-09-01T00:00:00Z', notAfter: '2026-12-01T00:00:00Z' }, causeId: '1' }),
    concern('web-2', { names: ['a.shop.test'], labels: { environment: 'production' }, causeId: '2' }),
    concern('web-3', { names: ['a.shop.test'], labels: { environment: 'test' }, causeId: '3' }),
    concern('web-4', { code: 'host-silent', severity: 'unknown', causeId: '4' }),
    concern('web-5', { code: 'host-silent', severity: 'warning', causeId: '5' }),
  ];
  t.deepEqual(world(settings).look(start, all), ['on-call opened 1', 'checkout opened 1', 'ops opened 1']);
});

test('however concerns come and go, each channel hears opened and resolved in turns, and nothing stands untold', (t) => {
  const settings = settingsOf({ wait: '1m', repeat: 'never', escalate: [{ after: '10m', to: ['on-call'] }] });
  const hosts = ['web-1', 'web-2', 'web-3'];
  const step = fc.record({
    minutes: fc.integer({ min: 1, max: 20 }),
    stands: fc.subarray(hosts),
    restart: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { look, said } = world(settings);
      let at = start;
      for (const { minutes, stands } of steps) {
        at += minutes * minute;
        look(
          at,
          stands.map((host) => concern(host)),
        );
      }
      look(at + minute, []);
      look(at + 2 * minute, []);
      for (const to of ['payments', 'on-call']) {
        const kinds = said.filter((one) => one.startsWith(`${to} `)).map((one) => one.split(' ')[1]);
        const turns = kinds.filter((kind) => kind !== 'more' && kind !== 'escalated' && kind !== 'opened');
        const begun = kinds.filter((kind) => kind === 'opened' || kind === 'escalated');
        t.is(turns.length, begun.length, said.join(', '));
        for (const [index, kind] of kinds.entries())
          if (kind === 'resolved') t.true(index > 0 && kinds[index - 1] !== 'resolved', said.join(', '));
      }
    }),
  );
});
