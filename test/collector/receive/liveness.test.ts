import test from 'ava';
import { createLiveness } from '../../../collector/receive/liveness.ts';
import type { Heard, LastHeard, Topic } from '../../../collector/receive/records.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, day, finding, snapshot, snapshotFrame } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startTestCollector } from '../helpers/real-collector.ts';
import { begin, enrol } from '../helpers/wire-agent.ts';

function liveness(heardAt: number | undefined, elsewhere = false) {
  const clock = handClock(Date.parse('2026-11-23T12:00:00.000Z'));
  const changes: (readonly Topic[])[] = [];
  const saved: Heard[] = [];
  const together: number[] = [];
  const kept: LastHeard[] = [];
  const tracked = createLiveness({
    records: {
      lastHeard: async () => kept,
      noteHeard: async (heard) => {
        saved.push(...heard);
        together.push(heard.length);
        return { ok: true, value: undefined };
      },
    },
    heard: [{ agentId: 'a', heardAt: heardAt === undefined ? undefined : clock.now() + heardAt, elsewhere }],
    clock,
    log: silentLog,
    silentAfterMs: 60_000,
    changed: (topics) => changes.push(topics),
  });
  return { clock, changes, saved, together, kept, tracked };
}

test('a host is silent after the stated time, said once, and heard again at once', (t) => {
  const { clock, changes, tracked } = liveness(undefined);
  t.true(tracked.presence('a').silent);
  tracked.connected('a');
  t.false(tracked.presence('a').silent);
  clock.advance(59_000);
  t.false(tracked.presence('a').silent);
  const before = changes.filter((topics) => topics.includes('findings')).length;
  clock.advance(10_000);
  t.true(tracked.presence('a').silent);
  clock.advance(20_000);
  t.is(changes.filter((topics) => topics.includes('findings')).length, before + 1);
  tracked.heard('a');
  t.false(tracked.presence('a').silent);
});

test('an agent that was cut off by a restart is awaited until it is heard, or had the time to come back', (t) => {
  const { clock, tracked } = liveness(-90_000);
  t.true(tracked.isAwaited('a'));
  tracked.heard('b');
  t.false(tracked.isAwaited('b'));
  clock.advance(359_000);
  t.true(tracked.isAwaited('a'));
  clock.advance(1_000);
  t.false(tracked.isAwaited('a'));
});

test('a jump of the wall clock silences nobody that this process heard', (t) => {
  const { clock, tracked } = liveness(undefined);
  tracked.connected('a');
  clock.jump(400 * day);
  t.false(tracked.presence('a').silent);
  clock.jump(-3650 * day);
  t.false(tracked.presence('a').silent);
});

test('how far a clock is ahead is told while this process hears it, and not by an older one of another collector', async (t) => {
  const { clock, kept, tracked } = liveness(undefined);
  tracked.connected('a');
  for (let beat = 0; beat < 2; beat++) {
    t.is(tracked.presence('a').clockSkewSeconds, undefined);
    tracked.heard('a', undefined, clock.now() + 180_000);
  }
  t.is(tracked.presence('a').clockSkewSeconds, 180);
  tracked.disconnected('a');
  t.is(tracked.presence('a').clockSkewSeconds, 180);
  kept.push({ agentId: 'a', heardAt: clock.now() + 1, elsewhere: true });
  await tracked.refresh();
  t.is(tracked.presence('a').clockSkewSeconds, undefined);
});

test('a host last heard by an earlier process ages on the wall clock', (t) => {
  t.false(liveness(-30_000).tracked.presence('a').silent);
  t.true(liveness(-90_000).tracked.presence('a').silent);
  t.true(liveness(400 * day).tracked.presence('a').silent);
});

test('a host that another collector claims to have is connected while that one writes down that it hears it, whatever its clock says', async (t) => {
  const { clock, kept, tracked } = liveness(-1_000, true);
  const state = () => {
    const { connected, silent } = tracked.presence('a');
    return connected && !silent ? 'heard' : !connected && silent ? 'silent' : 'neither';
  };
  t.is(state(), 'heard');
  clock.advance(121_000);
  t.is(state(), 'silent', 'since this process started nothing came');
  for (const heardAt of [clock.now() - 700_000, clock.now() + 700_000]) {
    kept.splice(0, 1, { agentId: 'a', heardAt, elsewhere: true });
    await tracked.refresh();
    t.is(state(), 'heard');
    clock.advance(115_000);
    await tracked.refresh();
    t.is(state(), 'heard');
    clock.advance(10_000);
    await tracked.refresh();
    t.is(state(), 'silent');
  }
});

test('what was heard is written down every 30 s and at the end', async (t) => {
  const { clock, saved, tracked } = liveness(undefined);
  const observedAt = clock.now() - 5;
  tracked.heard('a', { observedAt, ageMs: 5 });
  clock.advance(10_000);
  t.is(saved.length, 0);
  clock.advance(25_000);
  t.deepEqual(saved, [{ agentId: 'a', heardAt: observedAt + 5, observedAt }]);
  tracked.heard('a');
  await tracked.close();
  t.is(saved.length, 2);
});

test('what could not be written down is written down the next time, and a database that is away is one error, not one a sweep', async (t) => {
  const clock = handClock(Date.parse('2026-11-23T12:00:00.000Z'));
  const errors: string[] = [];
  const saved: Heard[] = [];
  let failure: 'none' | 'told' | 'thrown' = 'told';
  const tracked = createLiveness({
    records: {
      lastHeard: async () => [],
      noteHeard: async (heard) => {
        if (failure === 'thrown') throw new Error('away');
        if (failure === 'told') return { ok: false, failure: { reason: 'unreachable', detail: 'away' } };
        saved.push(...heard);
        return { ok: true, value: undefined };
      },
    },
    heard: [],
    clock,
    log: { ...silentLog, error: (_, message) => errors.push(message) },
    silentAfterMs: 60_000,
    changed: () => {},
  });
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 5_000) {
      clock.advance(5_000);
      await new Promise(setImmediate);
    }
  };
  const heardAt = clock.now();
  tracked.heard('a');
  await pass(70_000);
  failure = 'thrown';
  await pass(70_000);
  t.deepEqual(saved, []);
  t.deepEqual(errors, ['what was heard could not be written down: trying again']);
  failure = 'none';
  await pass(35_000);
  t.deepEqual(saved, [{ agentId: 'a', heardAt }]);
  await pass(70_000);
  t.is(saved.length, 1);
  failure = 'told';
  tracked.heard('a');
  await pass(35_000);
  t.is(errors.length, 2, 'away again');
  await tracked.close();
});

test('a silent host is unknown in the estate, and its findings are marked stale', async (t) => {
  const collector = await startTestCollector(t, { silentAfterSeconds: 0.5 });
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  wire.send(snapshotFrame(snapshot(certificate('one'))));
  await until('proved', async () => (await collector.estate()).endpoints[0]?.status === 'proved');
  wire.close();
  const estate = await until('silent', async () => {
    const found = await collector.estate();
    return found.hosts[0]?.status === 'unknown' && !found.hosts[0].connected && found;
  });
  t.is(estate.endpoints[0]?.status, 'unknown');
  t.regex(estate.hosts[0]?.reason ?? '', /^Silent: last heard /);
});

test('a certificate that ends while its host is silent turns the host critical, with a finding', async (t) => {
  const collector = await startTestCollector(t, { silentAfterSeconds: 0.5 });
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const one = certificate('one', { notAfter: new Date(Date.now() + 1_500).toISOString() });
  wire.send(snapshotFrame(snapshot(one)));
  await until('proved', async () => (await collector.estate()).endpoints[0]?.status === 'proved');
  wire.close();
  const estate = await until('critical', async () => {
    const found = await collector.estate();
    return found.hosts[0]?.status === 'critical' && found.findings.length > 0 && found;
  });
  t.is(estate.findings[0]?.code, 'expired');
  t.is(estate.endpoints[0]?.status, 'expired');
});

test('a look ages on the monotonic clock from what the agent itself told of its age', (t) => {
  const { clock, tracked } = liveness(undefined);
  t.is(tracked.presence('a').lookAgeMs, undefined);
  tracked.heard('a', { observedAt: clock.now() - 400 * day, ageMs: 2_000 });
  clock.advance(3_000);
  clock.jump(400 * day);
  tracked.heard('a');
  t.is(tracked.presence('a').lookAgeMs, 5_000);
});

test('a host whose clock was ahead was not looked at in the future, neither meanwhile nor after', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const frame = snapshotFrame(snapshot(certificate('one')), new Date(Date.now() + day).toISOString());
  wire.send(frame);
  const estate = await until('told', async () => {
    const found = await collector.estate();
    return found.endpoints.length > 0 && found;
  });
  const observedAt = estate.hosts[0]?.observedAt ?? '';
  t.true(observedAt !== '' && observedAt <= estate.at, observedAt);
  t.is(estate.endpoints[0]?.observedAt, observedAt);
  t.is((await collector.estate()).hosts[0]?.observedAt, observedAt, 'it stays what it is until the next look');
  const at = new Date().toISOString();
  wire.send({ type: 'heartbeat', at, observedAt: at, digest: frame.digest });
  await until('the next look', async () => (await collector.estate()).hosts[0]?.observedAt === at);
});

test('an agent that goes on to be heard but looks no more is not green', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const wire = await begin(join, await enrol(join, 'web-1'));
  const content = snapshot(certificate('one'), {
    host: { name: 'web-1', agentVersion: '0.1.0', platform: 'Debian 12', mode: 'deploy', lookSeconds: 10 },
    findings: [finding({ severity: 'warning' })],
  });
  const frame = snapshotFrame(content);
  wire.send(frame);
  await until('proved', async () => (await collector.estate()).endpoints[0]?.status === 'proved');
  const beat = (lookAgeMs: number) => {
    const at = Date.now();
    const times = { at: new Date(at).toISOString(), observedAt: new Date(at - lookAgeMs).toISOString() };
    wire.send({ type: 'heartbeat', ...times, digest: frame.digest });
  };
  beat(91_000);
  const estate = await until('unknown', async () => {
    const found = await collector.estate();
    return found.endpoints[0]?.status === 'unknown' && found;
  });
  t.is(estate.hosts[0]?.status, 'unknown');
  t.regex(estate.hosts[0]?.reason ?? '', /^Heard, but it has not looked since /);
  t.true(estate.hosts[0]?.connected);
  t.true(estate.findings[0]?.stale);
  t.regex(await (await fetch(`${collector.url}/metrics`)).text(), /ssl_probe_success\{[^}]*\} 0\n/);
  beat(0);
  await until('proved again', async () => (await collector.estate()).endpoints[0]?.status === 'proved');
});

test('what a large fleet was heard is written down some hosts at a time, each once', async (t) => {
  const { saved, together, tracked } = liveness(undefined);
  const all = Array.from({ length: 1_234 }, (_, number) => `agent-${number}`);
  for (const agentId of all) tracked.heard(agentId);
  await tracked.close();
  t.deepEqual(
    saved.map(({ agentId }) => agentId),
    all,
  );
  t.true(together.length > 2 && Math.max(...together) <= 500, together.join(' '));
});
