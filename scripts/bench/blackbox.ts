import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { nameOf } from './served-names.ts';

const program = '/usr/bin/prometheus-blackbox-exporter';
const atOnce = 64;

/**
 * Milliseconds of processor time that Debian's blackbox_exporter takes for one certificate, one handshake each: its TCP prober, which is the
 * cheapest way to have it look at one, asked by HTTP as Prometheus does. undefined: it is not installed. Throws where one was not seen.
 */
export async function blackboxProcessorTime(
  sandbox: Sandbox,
  port: number,
  count: number,
  rounds: number,
): Promise<number | undefined> {
  if (!existsSync(program)) return undefined;
  const folder = sandbox.folder('blackbox');
  const config = join(folder, 'blackbox.yml');
  writeFileSync(config, `modules:\n${Array.from({ length: count }, (_, index) => moduleOf(index)).join('')}`);
  const listen = `127.0.0.1:${await sandbox.port()}`;
  const exporter = sandbox.start(
    program,
    [`--config.file=${config}`, `--web.listen-address=${listen}`],
    join(folder, 'output.log'),
  );
  const ask = async (path: string) => (await fetch(`http://${listen}/${path}`)).text();
  await until('blackbox_exporter answers', async () => (await ask('-/healthy')) !== '', {
    hopeless: () => (exporter.running() ? undefined : `it ended: ${exporter.output()}`),
  });
  const probeAll = async () => {
    let next = 0;
    const worker = async () => {
      while (next < count) {
        const index = next++;
        const told = await ask(`probe?target=127.0.0.1:${port}&module=m${index}`);
        if (!/^probe_success 1$/m.test(told) || !/^probe_ssl_earliest_cert_expiry [\d.e+]+$/m.test(told))
          throw new Error(`blackbox_exporter did not see ${nameOf(index)}: ${told.slice(-300)}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  };
  await probeAll();
  const before = processorTicks(exporter.pid);
  for (let round = 0; round < rounds; round += 1) await probeAll();
  const ticks = processorTicks(exporter.pid) - before;
  await exporter.end();
  return (ticks * tickMs) / (rounds * count);
}

/** Nothing is verified there, as nothing here has a root: of what it is to compare with, it does the least. */
function moduleOf(index: number): string {
  return `  m${index}: {prober: tcp, timeout: 10s, tcp: {tls: true, preferred_ip_protocol: ip4, tls_config: {server_name: ${nameOf(index)}, insecure_skip_verify: true}}}\n`;
}

/** sysconf(_SC_CLK_TCK) is 100 on every Linux that this runs on. */
const tickMs = 10;

/** User and system time of a process so far (proc_pid_stat(5), fields 14 and 15). */
function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(fields[11]) + Number(fields[12]);
}
