import { observeEndpoints } from '../../agent/observe/endpoints/observe-endpoints.ts';
import { endpointTargets } from '../../agent/observe/endpoints/targets.ts';
import { observeNginx } from '../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { type Bench, median } from './goal.ts';
import { loopSample, opensslLoop, servedNames, withoutAuthorities } from './served-names.ts';

const count = 500;

/** 500 endpoints of the local nginx, each with its own certificate: our probes, and `openssl s_client | openssl x509` for each. */
export const endpoints: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const { nginx, port } = await servedNames(sandbox, count);
    const { deployments } = observeNginx(systemFiles(), nginx.configFile);
    const ports = systemLooking();
    const { targets } = endpointTargets(deployments, ports.addresses());
    // as at any look but the few after a change
    const look = { algorithmOf: () => 'ecdsa' as const, timeoutMs: 5000, isUnsettled: () => false };
    const ours: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const began = performance.now();
      const seen = await observeEndpoints(ports, targets, look);
      ours.push(performance.now() - began);
      const served = new Set(seen.endpoints.map((endpoint) => endpoint.served));
      if (served.size !== count) throw new Error(`${served.size} of ${count} certificates were seen`);
      progress(`endpoints: round ${round + 1} of 5: ${Math.round(ours.at(-1) ?? 0)} ms`);
    }
    const plain = await opensslLoop(sandbox, port, count, []);
    const lean = await opensslLoop(sandbox, port, count, withoutAuthorities);
    return [
      {
        what: `${count} endpoints probed, ECDSA and RSA asked of each`,
        unit: 'ms',
        ours: median(ours),
        baseline: { what: `openssl loop without CA loading, ${loopSample} names scaled`, value: lean },
        goal: { of: 'ratio', below: 1 / 10 },
        note: `median of ${ours.length}, ${count} certificates seen each time`,
      },
      {
        what: 'the same against the plain loop',
        unit: 'ms',
        ours: median(ours),
        baseline: { what: `openssl loop, ${loopSample} names scaled`, value: plain },
        goal: { of: 'ratio', below: 1 / 50 },
      },
    ];
  } finally {
    await sandbox.close();
  }
};
