import type { Finding } from '@certherd/protocol/finding';
import { type Cause, causeOf, isTold } from '../../agent/decide/causes.ts';
import type { Facts } from '../../agent/decide/facts.ts';
import { judge } from '../../agent/decide/policies.ts';
import { failedReload, failingRestart, unboundListener, wrongServer } from '../../agent/decide/restart.ts';
import { loadConfig } from '../../agent/config.ts';
import { observeRunningNginx, type RunningNginx } from '../../agent/observe/nginx-running.ts';
import { certificatesByFingerprint, type Observations } from '../../agent/observe/observations.ts';
import { observeHost } from '../../agent/observe/observe.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { systemDialer } from '../../agent/system/dialer.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { readMachine } from '../../agent/system/machine.ts';
import { systemLogEnds, systemProc } from '../../agent/system/proc.ts';
import type { TestHost } from './host.ts';
import type { Ran } from './testbed/children.ts';

export interface CauseLook {
  running: RunningNginx;
  /** One for each endpoint that has a cause, in the order of the endpoints. */
  causes: Cause[];
  /** Those of every policy, without the ones that only repeat a cause that has a finding of its own. */
  findings: Finding[];
}

/** One look at a real host: what is served, what runs, why, and what is told of it. */
export async function lookForCauses(host: Pick<TestHost, 'configFile'>): Promise<CauseLook> {
  const files = systemFiles();
  const clock = systemClock();
  const config = loadConfig(files, host.configFile, readMachine());
  if (!config.ok) throw new Error(config.failure.join('\n'));
  const seen = await observeHost({ files, clock, dial: systemDialer() }, config.value, {
    name: 'web-1',
    agentVersion: '0',
    platform: 'test',
  });
  const ports = { files, clock, proc: systemProc(), logEnds: systemLogEnds() };
  const running = observeRunningNginx(ports, config.value, seen);
  if (!running) throw new Error('/proc could not be read');
  const observations: Observations & { running: RunningNginx } = { ...seen, running };
  const facts: Facts = {
    observations,
    attempts: [],
    config: config.value,
    now: clock.now(),
    certificates: certificatesByFingerprint(observations),
  };
  return { running, causes: causesOf(facts), findings: findingsOf(facts) };
}

function causesOf(facts: Facts): Cause[] {
  return facts.observations.endpoints.flatMap((endpoint) => causeOf(endpoint, facts) ?? []);
}

function findingsOf(facts: Facts): Finding[] {
  const told = [unboundListener, failedReload, wrongServer, failingRestart].reduce<Finding[]>(
    (earlier, policy) => [...earlier, ...policy(facts, earlier)],
    judge(facts),
  );
  const distinct = new Map(told.map((finding) => [`${finding.code} ${finding.subject.id}`, finding]));
  const repeated = new Set(
    facts.observations.endpoints.filter((endpoint) => isTold(causeOf(endpoint, facts), told)).map(({ id }) => id),
  );
  return [...distinct.values()].filter(
    ({ code, subject }) => !(['not-served', 'endpoint-unreachable'].includes(code) && repeated.has(subject.id)),
  );
}

/** Runs a printed command line as a person would paste it: with a shell, as root or whoever runs the tests. */
export function paste(host: Pick<TestHost, 'sandbox'>, command: string): Promise<Ran> {
  return host.sandbox.run('/bin/sh', ['-c', command], {});
}
