import test from 'ava';
import { enrol } from '../../agent/report/enrolment.ts';
import { loadEnrolment } from '../../agent/report/identity.ts';
import { openOutbox } from '../../agent/report/outbox.ts';
import { startReporter } from '../../agent/report/reporter.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { collectorSocketOpener } from '../../agent/system/collector-socket.ts';
import { systemState } from '../../agent/system/state.ts';
import type { OpenCollectorSocket } from '../../agent/ports.ts';
import { startTestCollector } from '../collector/helpers/real-collector.ts';
import { silentLog, testDirectory } from '../helpers/directory.ts';
import { until } from '../helpers/testbed/until.ts';

const month = 31 * 86_400_000;

test('an agent whose key is old makes another; that the answer was lost locks it out of nothing', async (t) => {
  const collector = await startTestCollector(t);
  const state = systemState(testDirectory(t));
  const open = collectorSocketOpener([], {});
  const enrolled = await enrol(
    { state, clock: systemClock(), openCollectorSocket: open },
    await collector.join(),
    'web-1',
  );
  if (!enrolled.ok) throw new Error(enrolled.failure.detail);

  let lost = 0;
  /** The connection ends in place of the collector's answer. */
  const losing: OpenCollectorSocket = async (target) => {
    const opened = await open(target);
    if (!opened.ok) return opened;
    const socket = opened.value;
    const onMessage = (listener: (text: string) => void) =>
      socket.onMessage((text) => {
        if (!text.includes('"key-rotated"')) return listener(text);
        lost += 1;
        socket.terminate();
      });
    return { ok: true, value: { ...socket, onMessage } };
  };
  const start = (openCollectorSocket: OpenCollectorSocket) => {
    const clock = { ...systemClock(), now: () => Date.now() + month };
    const ports = { clock, log: silentLog, state, openCollectorSocket, random: () => 0.01 };
    const outbox = openOutbox(state, silentLog, clock.now(), () => 'epoch-0001');
    const host = { hostName: 'web-1', agentVersion: '0', bootId: 'boot' };
    const reporter = startReporter(ports, outbox, host, {
      changed: () => {},
      requested: () => {},
      findDer: async () => new Map(),
    });
    t.teardown(() => reporter.stop());
    return reporter;
  };
  const first = start(losing);
  await until('the answer is lost once', () => lost === 1);
  await until('it is connected again, with the key whose answer was lost', () => {
    const kept = loadEnrolment(state);
    return first.connection().state === 'connected' && kept.ok && kept.value?.keyFile === 'agent-key-next.pem';
  });
  t.is(lost, 1, 'the new key is young');
  first.stop();
  await until('the session has ended', async () => (await collector.estate()).hosts[0]?.connected === false);
  const second = start(open);
  await until('a new process connects with it', () => second.connection().state === 'connected');
  t.is((await collector.estate()).hosts.length, 1);
});
