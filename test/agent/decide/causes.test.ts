import type { Finding } from '@certherd/protocol/finding';
import test from 'ava';
import { judge } from '../../../agent/decide/policies.ts';
import { causeOf } from '../../../agent/decide/causes.ts';
import { decide } from '../../../agent/decide/decide.ts';
import type { Facts } from '../../../agent/decide/facts.ts';
import { certificatesByFingerprint } from '../../../agent/observe/observations.ts';
import type { RunningNginx } from '../../../agent/observe/nginx-running.ts';
import { config, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const minute = 60_000;
/** The certificate changed ten minutes ago; these workers run. */
function facts(workers: { pid: number; startedAt: number; shuttingDown: boolean }[]): Facts {
  const changedAt = new Date(noon - 10 * minute).toISOString();
  const running: RunningNginx = {
    masters: [{ pid: 10, startedAt: noon - 100 * minute, config: '/etc/nginx/nginx.conf', workers }],
    orphans: [],
    own: 10,
    pidFile: { path: '/run/nginx.pid', pid: 10 },
    workerProcesses: 2,
    log: [],
    changed: {},
  };
  const observations = observed({
    lineages: [lineage({ issued: 'b'.repeat(64), live: 'b'.repeat(64), changedAt })],
    deployments: [deployment({ configured: 'b'.repeat(64) })],
    endpoints: [endpoint({ configured: 'b'.repeat(64), issued: 'b'.repeat(64) })],
    running,
  });
  return {
    observations,
    certificates: certificatesByFingerprint(observations),
    attempts: [],
    config: config(),
    now: noon,
  };
}
const worker = (pid: number, minutesAgo: number, shuttingDown = false) => ({
  pid,
  startedAt: noon - minutesAgo * minute,
  shuttingDown,
});

// An idle kernel wakes the newest worker each time, so real nginx shows this only under load: it is told from facts here.
test('a worker of before that still answers beside the new ones is a warning, with its pid', (t) => {
  const draining = facts([worker(11, 90), worker(12, 5), worker(13, 5)]);
  const [found] = draining.observations.endpoints.map((one) => causeOf(one, draining));
  t.is(found?.kind, 'draining');
  t.is(found?.remedy, 'kill -QUIT 11');
  const [finding] = judge(draining);
  t.like(finding, { code: 'not-served', severity: 'warning' });
  t.regex(finding?.cause ?? '', /pid 11$/);
});

test('where all workers are older than the change, it was not reloaded', (t) => {
  const old = facts([worker(11, 90), worker(12, 90)]);
  t.is(causeOf(old.observations.endpoints[0] ?? endpoint(), old)?.kind, 'not-reloaded');
  t.like(judge(old)[0], {
    code: 'not-served',
    severity: 'critical',
    remedy: '/usr/sbin/nginx -c /etc/nginx/nginx.conf -s reload',
  });
});

test('a reload of a second ago is waited for', (t) => {
  const young = facts([worker(12, 0.01), worker(13, 0.01)]);
  t.like(judge(young)[0], { code: 'not-served', severity: 'notice' });
});

test('where the starts of the same processes are reckoned anew, the same is told as before', (t) => {
  const told = (byMs: number, before: Finding[]) => {
    const workers = [worker(11, 90), worker(12, 5), worker(13, 5)];
    const { observations } = facts(workers.map((one) => ({ ...one, startedAt: one.startedAt + byMs })));
    return decide(observations, [], before, config(), noon).snapshot.findings;
  };
  const first = told(0, []);
  t.regex(first[0]?.evidence['old workers'] ?? '', /^11 since /);
  for (const byMs of [-17, 13]) t.deepEqual(told(byMs, first), first);
  t.notDeepEqual(told(-2000, first), first, 'other processes');
});
