import test from 'ava';
import type { SecretFacts } from '../../../collector/doctor/gather/secrets.ts';
import { judgeTelling } from '../../../collector/doctor/judge/telling.ts';
import type { ChannelState } from '../../../collector/store/tell.ts';

const now = 1_800_000_000_000;
const secret = (change: Partial<SecretFacts> = {}): SecretFacts => ({
  channel: 'ops',
  path: '/etc/certherd/ops.url',
  fault: undefined,
  mode: 0o600,
  ...change,
});
const state = (change: Partial<ChannelState> = {}): ChannelState => ({
  channel: 'ops',
  waiting: 0,
  oldestAt: undefined,
  sent: 3,
  dropped: 0,
  failure: undefined,
  ...change,
});
const judged = (secrets: SecretFacts[], states: ChannelState[]) =>
  judgeTelling(new Map([['ops', secrets]]), states, now)[0];

test('a channel that takes what it is sent is fine, and so is a collector that tells nobody', (t) => {
  t.like(judged([secret()], [state()]), { check: 'channel-ops', verdict: 'ok', says: 'ops: 3 sent, none waits' });
  t.like(judged([], []), { verdict: 'ok', says: 'ops: 0 sent, none waits' });
  t.like(judged([secret()], [state({ waiting: 1, oldestAt: now - 1000 })]), { verdict: 'ok' });
  t.like(judgeTelling(new Map(), [state()], now)[0], { check: 'telling', verdict: 'ok' });
});

test('what waits is told with why, and with the command that tries the channel; what was given up is told', (t) => {
  const waiting = judged([secret()], [state({ waiting: 2, oldestAt: now - 3_600_000, failure: 'gone: status 404' })]);
  t.like(waiting, { verdict: 'wrong', fix: 'certherd-collector notify test ops' });
  t.regex(waiting?.says ?? '', /^ops: 2 messages wait, for up to 1 (?:h|hour)\S* \(gone: status 404\)$/);
  t.like(judged([secret()], [state({ dropped: 1 })]), { says: 'ops: 3 sent, 1 given up after three days, none waits' });
});

test('what waits for a channel that only other collectors have is told; what is over of a channel that is gone is not', (t) => {
  const theirs = (waiting: number, age: number) =>
    judgeTelling(
      new Map([['ops', [secret()]]]),
      [state(), state({ channel: 'theirs', waiting, oldestAt: now - age })],
      now,
    )[1];
  t.like(theirs(2, 3_600_000), { check: 'channel-theirs', verdict: 'wrong' });
  t.regex(theirs(2, 3_600_000)?.says ?? '', /2 messages wait for a channel that these settings do not have/);
  t.is(theirs(2, 1000), undefined);
  t.is(theirs(0, 3_600_000), undefined);
});

test('a secret that is missing, empty or writable by all is wrong; one that this user may not read is not told', (t) => {
  t.like(judged([secret({ fault: 'ENOENT' })], [state()]), { verdict: 'wrong' });
  t.like(judged([secret({ fault: 'empty' })], [state()]), { verdict: 'wrong' });
  t.like(judged([secret({ mode: 0o666 })], []), { verdict: 'wrong', fix: 'chmod 600 /etc/certherd/ops.url' });
  t.like(judged([secret({ fault: 'EACCES' })], [state()]), { verdict: 'not-told' });
});
