import test from 'ava';
import { systemClock } from '../../../collector/system/clock.ts';
import { formatAuthority } from '../../../collector/authority.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, connect, enrol, freshToken, hello, makeKey, publicHalf, refusal } from '../helpers/wire-agent.ts';

test('a host enrols with a one-time token and begins a session with the key it made', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const identity = await enrol(join, 'web-1');
  const wire = await begin(join, identity);
  t.deepEqual(wire.welcome, {
    type: 'welcome',
    version: 1,
    ackedSeq: 0,
    wantSnapshot: true,
    heartbeatSeconds: 1,
    window: 1000,
  });
  const [host] = (await collector.estate()).hosts;
  t.is(host?.agentId, identity.agentId);
  t.true(host?.connected);
  t.is(host?.status, 'unknown');
  t.is(host?.reason, 'Connected, but nothing told yet.');
  wire.close();
});

test('a reused, an expired and an unknown token get one identical answer', async (t) => {
  const collector = await startTestCollector(t);
  const spent = await collector.join();
  await enrol(spent, 'web-1');
  const expired = await collector.join(-1);
  const unknown = { ...spent, token: freshToken() };
  const answers = await Promise.all(
    [spent, expired, unknown].map(async (join) => {
      const wire = await connect(join);
      wire.send({ type: 'enrol', token: join.token, publicKey: publicHalf(makeKey()), hostName: 'evil' });
      return refusal(wire);
    }),
  );
  for (const answer of answers)
    t.deepEqual(answer, { frame: { type: 'refused', reason: 'token-refused' }, code: 4001 });
  t.is((await collector.estate()).hosts.length, 1);
});

test('the same token and key give the same agent id again: a lost reply is safe', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const key = makeKey();
  const lost = await connect(join);
  lost.send({ type: 'enrol', token: join.token, publicKey: publicHalf(key), hostName: 'web-1' });
  lost.socket.terminate();
  const first = await enrol(join, 'web-1', key);
  const second = await enrol(join, 'web-1', key);
  t.is(first.agentId, second.agentId);
  t.is((await collector.estate()).hosts.length, 1);
});

test('a spent token is refused to its own key once its life is over', async (t) => {
  let ahead = 0;
  const collector = await startTestCollector(t, {}, { ...systemClock, now: () => systemClock.now() + ahead });
  const join = await collector.join(3_600_000);
  const key = makeKey();
  const { agentId } = await enrol(join, 'web-1', key);
  t.is((await enrol(join, 'web-1', key)).agentId, agentId);
  ahead = 3_600_000;
  const wire = await connect(join);
  wire.send({ type: 'enrol', token: join.token, publicKey: publicHalf(key), hostName: 'web-1' });
  t.is((await refusal(wire)).frame.reason, 'token-refused');
});

test('a key that is not Ed25519 is refused and does not spend the token', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await connect(join);
  wire.send({ type: 'enrol', token: join.token, publicKey: Buffer.from('garbage').toString('base64'), hostName: 'x' });
  t.is((await refusal(wire)).frame.reason, 'frame-invalid');
  t.truthy((await enrol(join, 'web-1')).agentId);
});

test('enrolling and saying hello on one connection works', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const key = makeKey();
  const wire = await connect(join);
  wire.send({ type: 'enrol', token: join.token, publicKey: publicHalf(key), hostName: 'web-1' });
  const { agentId, collectorId } = await wire.next('enrolled');
  t.is(collectorId, wire.challenge.collectorId);
  t.is(join.authority, formatAuthority(collector.agentAddress));
  wire.send(hello(wire, { agentId, key }));
  t.true((await wire.next('welcome')).wantSnapshot);
  wire.close();
});
