import test from 'ava';
import { enrol } from '../../agent/report/enrolment.ts';
import { openOutbox } from '../../agent/report/outbox.ts';
import { startReporter } from '../../agent/report/reporter.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { collectorSocketOpener } from '../../agent/system/collector-socket.ts';
import { systemState } from '../../agent/system/state.ts';
import { certificate, endpoint, snapshot } from '../collector/helpers/example-snapshot.ts';
import { startTestCollector } from '../collector/helpers/real-collector.ts';
import { silentLog, testDirectory } from '../helpers/directory.ts';
import { until } from '../helpers/testbed/until.ts';

test('a host with 6,000 endpoints is shown whole, and after a change again, also where the agent was started anew in between', async (t) => {
  const collector = await startTestCollector(t);
  const state = systemState(testDirectory(t));
  const clock = systemClock();
  const openCollectorSocket = collectorSocketOpener([], {});
  const enrolled = await enrol({ state, clock, openCollectorSocket }, await collector.join(), 'web-1');
  if (!enrolled.ok) throw new Error(enrolled.failure.detail);
  const ports = { clock, log: silentLog, state, openCollectorSocket, random: () => 0.01 };
  const outbox = openOutbox(state, silentLog, clock.now(), () => 'epoch-0001');
  const host = { hostName: 'web-1', agentVersion: '0', bootId: 'boot' };
  const started = () => {
    const waits = new Set<string>();
    const changed = () => {
      const now = reporter.connection();
      if (now.state === 'waiting') waits.add(now.why);
    };
    const reporter = startReporter(ports, outbox, host, {
      changed,
      requested: () => {},
      findDer: async () => new Map(),
    });
    t.teardown(() => reporter.stop());
    return { ...reporter, waits };
  };
  const one = certificate('one');
  const shown = async (reporter: ReturnType<typeof started>, count: number) => {
    const endpoints = Array.from({ length: count }, (_, at) => endpoint(one, { id: `site-${at}@0.0.0.0:443/ecdsa` }));
    reporter.publish(snapshot(one, { endpoints }), clock.now());
    const estate = await until(`${count} endpoints are shown`, async () => {
      const found = await collector.estate();
      return found.endpoints.length === count && found;
    });
    t.false(estate.findings.some(({ code }) => code === 'snapshot-reduced'));
  };
  const first = started();
  await shown(first, 6000);
  await shown(first, 5999);
  t.deepEqual([...first.waits], [], 'it spaces them by itself');
  first.stop();
  const second = started();
  await shown(second, 5998);
  t.true(
    [...second.waits].some((why) => why.includes('try-later')),
    [...second.waits].join(),
  );
});
