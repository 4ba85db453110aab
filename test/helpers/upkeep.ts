import type { Finding } from '@certherd/protocol/finding';
import type { Config } from '../../agent/config.ts';
import { exposedKey } from '../../agent/decide/exposure.ts';
import type { Facts } from '../../agent/decide/facts.ts';
import { deadRenewalTimer, failingTimerRun } from '../../agent/decide/machinery.ts';
import { staleCopy } from '../../agent/decide/stale-copy.ts';
import { weakKey, weakSignature } from '../../agent/decide/strength.ts';
import { untrustedChain } from '../../agent/decide/trust.ts';
import { unmanagedCertificate } from '../../agent/decide/unmanaged.ts';
import { certificatesByFingerprint, type Observations } from '../../agent/observe/observations.ts';
import { config, noon, observed } from './observed.ts';

/** The findings of the policies about certificates, keys and their renewal, in their order. */
export function judgeUpkeep(
  observations: Observations = observed(),
  options: { config?: Config; now?: number; earlier?: Finding[] } = {},
): Finding[] {
  const facts: Facts = {
    observations,
    certificates: certificatesByFingerprint(observations),
    attempts: [],
    config: options.config ?? config(),
    now: options.now ?? noon,
  };
  const policies = [
    weakKey,
    weakSignature,
    exposedKey,
    untrustedChain,
    staleCopy,
    unmanagedCertificate,
    deadRenewalTimer,
    failingTimerRun,
  ];
  return policies.reduce<Finding[]>(
    (earlier, policy) => [...earlier, ...policy(facts, earlier)],
    options.earlier ?? [],
  );
}
