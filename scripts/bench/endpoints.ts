import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observeEndpoints } from '../../agent/observe/endpoints/observe-endpoints.ts';
import { endpointTargets } from '../../agent/observe/endpoints/targets.ts';
import { observeNginx } from '../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { mint } from '../../test/helpers/mint.ts';
import { startNginx } from '../../test/helpers/testbed/nginx.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { handshake } from '../../test/helpers/testbed/handshake.ts';
import { type Bench, median } from './goal.ts';

const count = 500;
/** One loop iteration costs the same whatever the name, so that a sample says it for all. */
const sample = 50;

/** 500 endpoints of the local nginx, each with its own certificate: our probes, and `openssl s_client | openssl x509` for each. */
export const endpoints: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const port = await sandbox.port();
    const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
    const folder = sandbox.folder('leaves');
    for (let index = 0; index < count; index += 1) {
      const leaf = await mint({ names: [nameOf(index)] });
      writeFileSync(join(folder, `${index}.pem`), leaf.pem);
      writeFileSync(join(folder, `${index}.key`), leaf.keyPem);
    }
    nginx.writeSite('all', Array.from({ length: count }, (_, index) => blockOf(index, port, folder)).join(''));
    const reloaded = await nginx.reload();
    if (reloaded.exit !== 0) throw new Error(`nginx refuses the sites: ${reloaded.stderr}`);
    await until('the last site is served', () => handshake(port, nameOf(count - 1), 'ecdsa'));

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
    const loop = async (flags: string[]) => {
      const began = performance.now();
      for (let index = 0; index < sample; index += 1) {
        const asked = await sandbox.run('/usr/bin/openssl', [
          's_client',
          '-connect',
          `127.0.0.1:${port}`,
          '-servername',
          nameOf(index),
          ...flags,
        ]);
        if (!asked.stdout.includes('BEGIN CERTIFICATE')) throw new Error(`openssl saw no certificate: ${asked.stderr}`);
        const pem = join(sandbox.directory, 'seen.pem');
        writeFileSync(pem, asked.stdout);
        const read = await sandbox.run('/usr/bin/openssl', ['x509', '-in', pem, '-noout', '-fingerprint', '-enddate']);
        if (read.exit !== 0) throw new Error(read.stderr);
      }
      return ((performance.now() - began) / sample) * count;
    };
    const plain = await loop([]);
    const lean = await loop(['-no-CAfile', '-no-CApath', '-no-CAstore']);
    return [
      {
        what: `${count} endpoints probed, ECDSA and RSA asked of each`,
        unit: 'ms',
        ours: median(ours),
        baseline: { what: `openssl loop without CA loading, ${sample} names scaled`, value: lean },
        goal: { of: 'ratio', below: 1 / 10 },
        note: `median of ${ours.length}, ${count} certificates seen each time`,
      },
      {
        what: 'the same against the plain loop',
        unit: 'ms',
        ours: median(ours),
        baseline: { what: `openssl loop, ${sample} names scaled`, value: plain },
        goal: { of: 'ratio', below: 1 / 50 },
      },
    ];
  } finally {
    await sandbox.close();
  }
};

function nameOf(index: number): string {
  return `shop-${index}.example.test`;
}

function blockOf(index: number, port: number, folder: string): string {
  const file = join(folder, String(index));
  return `server { listen 127.0.0.1:${port} ssl; server_name ${nameOf(index)}; ssl_certificate ${file}.pem; ssl_certificate_key ${file}.key; }\n`;
}
