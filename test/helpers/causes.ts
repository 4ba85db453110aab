import type { Finding } from '@certherd/protocol/finding';
import { type Cause, causeOf } from '../../agent/decide/causes.ts';
import type { Facts } from '../../agent/decide/facts.ts';
import { judge } from '../../agent/decide/policies.ts';
import { loadConfig } from '../../agent/config.ts';
import type { RunningNginx } from '../../agent/observe/nginx-running.ts';
import { certificatesByFingerprint } from '../../agent/observe/observations.ts';
import { observeHost } from '../../agent/observe/observe.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { readMachine } from '../../agent/system/machine.ts';
import type { TestHost } from './host.ts';
import type { Ran } from './testbed/children.ts';

export interface CauseLook {
  running: RunningNginx;
  /** One for each endpoint that has a cause, in the order of the endpoints. */
  causes: Cause[];
  findings: Finding[];
}

/** One look at a real host: what is served, what runs, why, and what is told of it. */
export async function lookForCauses(host: Pick<TestHost, 'configFile'>): Promise<CauseLook> {
  const files = systemFiles();
  const clock = systemClock();
  const config = loadConfig(files, host.configFile, readMachine());
  if (!config.ok) throw new Error(config.failure.join('\n'));
  const observations = await observeHost(systemLooking(), config.value, {
    name: 'web-1',
    agentVersion: '0',
    platform: 'test',
  });
  const { running } = observations;
  if (!running) throw new Error('/proc could not be read');
  const facts: Facts = {
    observations,
    attempts: [],
    config: config.value,
    now: clock.now(),
    certificates: certificatesByFingerprint(observations),
  };
  return { running, causes: causesOf(facts), findings: judge(facts) };
}

function causesOf(facts: Facts): Cause[] {
  return facts.observations.endpoints.flatMap((endpoint) => causeOf(endpoint, facts) ?? []);
}

/** Runs a printed command line as a person would paste it: with a shell, as root or whoever runs the tests. */
export function paste(host: Pick<TestHost, 'sandbox'>, command: string): Promise<Ran> {
  return host.sandbox.run('/bin/sh', ['-c', command], {});
}
