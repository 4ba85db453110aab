import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as othersTurn } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { enrol } from '../../../agent/report/enrolment.ts';
import { openOutbox } from '../../../agent/report/outbox.ts';
import { startReporter } from '../../../agent/report/reporter.ts';
import { collectorSocketOpener } from '../../../agent/system/collector-socket.ts';
import type { EventView } from '../../../collector/serve/estate.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { memoryState } from '../../../scripts/load/memory-state.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, snapshot } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';
import { startTestCollector } from '../helpers/real-collector.ts';

// Both ends are real, and so is what lies between them; only their clocks are moved by hand.

/** A way on which, once it is parted, nothing passes and nobody is told; who comes then finds nobody. */
async function wayTo(t: ExecutionContext, port: number) {
  const pairs = new Set<[near: Socket, far: Socket]>();
  let isParted = false;
  const server = createServer((near) => {
    if (isParted) return void near.destroy();
    const far = connect(port, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [from, to] of [pair, pair.toReversed()] as [Socket, Socket][]) {
      from.on('error', () => {});
      from.on('data', (bytes) => void (isParted || to.write(bytes)));
      // What ends while nothing passes is not heard of at the other end.
      from.on('close', () => void (isParted || to.destroy()));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (!address || typeof address === 'string') throw new Error('no port');
  const mend = () => {
    isParted = false;
    for (const [near, far] of pairs) if (near.destroyed || far.destroyed) for (const end of [near, far]) end.destroy();
  };
  t.teardown(() => {
    for (const [near, far] of pairs) for (const end of [near, far]) end.destroy();
    server.close();
  });
  return { authority: `127.0.0.1:${address.port}`, part: () => void (isParted = true), mend };
}

test('what happens in ten minutes without a way to the collector comes afterwards, in order and once', async (t) => {
  const clock = handClock(Date.now());
  const collector = await startTestCollector(t, { heartbeatSeconds: 15, silentAfterSeconds: 120 }, clock);
  const way = await wayTo(t, collector.agentAddress.port);
  const state = memoryState();
  // The longest waits that there are.
  const ports = {
    clock,
    log: silentLog,
    state,
    random: () => 0.99,
    openCollectorSocket: collectorSocketOpener([], {}),
  };
  const enrolled = await enrol(ports, { ...(await collector.join()), authority: way.authority }, 'web-1');
  t.true(enrolled.ok);
  const outbox = openOutbox(state, silentLog, clock.now(), () => 'epoch-0001');
  const known = { hostName: 'web-1', agentVersion: '0.1.0', bootId: 'boot-a' };
  const reporter = startReporter(ports, outbox, known, {
    changed: () => {},
    requested: () => {},
    findDer: async () => new Map(),
  });
  t.teardown(() => reporter.stop());
  const record = (summary: string) =>
    reporter.record({
      at: new Date(clock.now()).toISOString(),
      kind: 'deployment',
      subject: { kind: 'lineage', id: 'shop' },
      ok: true,
      summary,
      detail: {},
      steps: [],
    });
  const stateNow = () => reporter.connection().state;
  /** Time flies while the agent only waits, and hardly passes while one end waits for the other. */
  const passing = (what: string, condition: () => unknown) =>
    until(what, () => (clock.advance(stateNow() === 'waiting' ? 1_000 : 5), condition()), { everyMs: 2 });
  const hostNow = async () => (await collector.estate()).hosts[0];

  reporter.publish(snapshot(certificate('before')), clock.now());
  record('before');
  await passing('it is told', async () => outbox.size === 0 && (await hostNow())?.connected);

  way.part();
  const partedAt = clock.monotonic();
  let noticedAt: number | undefined;
  for (let second = 1; second <= 600; second++) {
    clock.advance(1_000);
    await othersTurn();
    record(`second ${second}`);
    if (stateNow() !== 'connected') noticedAt ??= clock.monotonic() - partedAt;
    if (second === 300) reporter.publish(snapshot(certificate('meanwhile')), clock.now());
  }
  t.true(noticedAt !== undefined && noticedAt <= 60_000, `noticed after ${noticedAt} ms`);
  t.is(outbox.size, 600, 'nothing came through, and nothing was dropped');
  const away = await until('the page says so', async () => {
    clock.advance(5);
    const host = await hostNow();
    return host?.connected === false && host.status === 'unknown' && host;
  });
  t.is(away.name, 'web-1');

  way.mend();
  const mendedAt = clock.monotonic();
  await passing('it is connected again', () => stateNow() === 'connected');
  t.true(clock.monotonic() - mendedAt <= 310_000, 'no agent waits for more than five minutes');
  await passing('all is acknowledged', () => outbox.size === 0);
  const { items }: { items: EventView[] } = await (
    await fetch(new URL('/api/v1/events?after=0&limit=1000', collector.url))
  ).json();
  t.deepEqual(
    items.map(({ seq, summary }) => [seq, summary]),
    ['before', ...Array.from({ length: 600 }, (_, index) => `second ${index + 1}`)].map((text, index) => [
      index + 1,
      text,
    ]),
  );
  await passing('what is current is shown', async () => {
    const { hosts, endpoints } = await collector.estate();
    return hosts[0]?.connected && endpoints[0]?.served === certificate('meanwhile').fingerprint;
  });
});
