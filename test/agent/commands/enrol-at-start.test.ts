import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { formatJoin } from '@certherd/protocol/join';
import { enrolAtStart } from '../../../agent/commands/enrol-at-start.ts';
import type { CollectorFailure, OpenCollectorSocket, Ports } from '../../../agent/ports.ts';
import { loadEnrolment } from '../../../agent/report/identity.ts';
import { systemClock } from '../../../agent/system/clock.ts';
import { collectorSocketOpener } from '../../../agent/system/collector-socket.ts';
import { systemState } from '../../../agent/system/state.ts';
import { startTestCollector } from '../../collector/helpers/real-collector.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { until } from '../../helpers/testbed/until.ts';

/** A host before its first start. The collector is asked once those failures are used up that are said to come first. */
function host(t: ExecutionContext) {
  const directory = testDirectory(t);
  const state = systemState(directory);
  const lines: string[] = [];
  const tell = (fields: object, text: string) => void lines.push(`${text} ${JSON.stringify(fields)}`);
  let failures: readonly CollectorFailure[] = [];
  const open = collectorSocketOpener([], {});
  const openCollectorSocket: OpenCollectorSocket = async (target) => {
    const [failure, ...later] = failures;
    failures = later;
    return failure ? { ok: false, failure } : open(target);
  };
  const ports: Pick<Ports, 'state' | 'openCollectorSocket' | 'clock' | 'random' | 'log'> = {
    state,
    openCollectorSocket,
    clock: systemClock(),
    random: () => 0,
    log: { debug: tell, info: tell, warn: tell, error: tell },
  };
  return {
    lines,
    directory,
    start: (text: string | undefined, first: readonly CollectorFailure[] = []) => {
      failures = first;
      const starting = enrolAtStart(ports, text, 'web-1', '/state');
      t.teardown(() => starting.stop());
    },
    enrolment: () => {
      const enrolment = loadEnrolment(state);
      return enrolment.ok ? enrolment.value : undefined;
    },
  };
}

test('a collector that cannot be reached yet is asked again until the host is enrolled, and then never', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const { start, enrolment, lines } = host(t);
  const noRoute = { reason: 'unreachable', detail: 'no route' } as const;
  start(formatJoin(join), [noRoute, noRoute]);
  await until('it is enrolled', () => enrolment()?.authority === join.authority);
  t.is(lines.length, 3, lines.join('\n'));
  t.regex(lines[0] ?? '', /^not enrolled yet .*no route/);
  t.regex(lines[2] ?? '', /^enrolled with /);
  t.false(lines.join('\n').includes(join.token));
  start(formatJoin(await collector.join()));
  t.is(lines.length, 3, 'a host that is enrolled stays where it is');
});

test('what a first boot has not ready yet is waited for: a proxy, a certificate before the clock is set, the state', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const { start, enrolment, lines, directory } = host(t);
  const damaged = path.join(directory, 'enrolment.json');
  fs.writeFileSync(damaged, '{');
  start(formatJoin(join), [
    { reason: 'not-a-collector', detail: 'answered 502' },
    { reason: 'untrusted', detail: 'CERT_NOT_YET_VALID' },
  ]);
  await until('the state cannot be used', () => lines.length > 0);
  t.regex(lines[0] ?? '', /^not enrolled yet .*damaged/);
  fs.rmSync(damaged);
  await until('it is enrolled', () => enrolment()?.authority === join.authority);
  const rest = lines.filter((line) => !line.includes('damaged'));
  t.is(rest.length, 3, rest.join('\n'));
  t.regex(rest[0] ?? '', /^not enrolled yet .*502/);
  t.regex(rest[1] ?? '', /^not enrolled yet .*CERT_NOT_YET_VALID/);
  t.regex(rest[2] ?? '', /^enrolled with /);
});

test('a join string that is spent, damaged or for another collector is one line, without the token', async (t) => {
  const collector = await startTestCollector(t);
  const join = await collector.join();
  const first = host(t);
  first.start(formatJoin(join));
  await until('the first is enrolled', first.enrolment);
  for (const [text, expected] of [
    [formatJoin(join), /^not enrolled, and so alone: the collector refused the token/],
    [
      formatJoin({ ...join, pin: 'x'.repeat(43) }),
      /^not enrolled, and so alone: .* is not the collector of this join string/,
    ],
    [
      formatJoin(join).slice(0, -3),
      /^not enrolled, and so alone: the credential certherd.join cannot be used: it is cut off/,
    ],
    ['', /^not enrolled, and so alone: the credential certherd.join cannot be used: not a join string/],
  ] as const) {
    const { start, enrolment, lines } = host(t);
    start(text);
    await until('that is told', () => lines.length > 0);
    t.regex(lines[0] ?? '', expected);
    t.is(lines.length, 1);
    t.false(lines.join('\n').includes(join.token.slice(0, 20)));
    t.is(enrolment(), undefined);
  }
  const alone = host(t);
  alone.start(undefined);
  t.deepEqual(alone.lines, [], 'without a credential nothing is said');
});
