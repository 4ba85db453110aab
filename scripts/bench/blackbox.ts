import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { nameOf } from './served-names.ts';

const program = '/usr/bin/prometheus-blackbox-exporter';

/** Debian's blackbox_exporter, with a module for each name: its TCP prober, which is the cheapest way to have it look at a certificate. */
export interface Blackbox {
  /** Has it look at each name once, asked by HTTP as Prometheus does. Rejects where a certificate was not seen. */
  probeAll: () => Promise<void>;
  /** Milliseconds of processor time that it took so far. */
  processorTime: () => number;
  end: () => Promise<void>;
}

/** undefined: it is not installed. */
export async function startBlackbox(sandbox: Sandbox, port: number, count: number): Promise<Blackbox | undefined> {
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
  const isHealthy = async () => (await (await fetch(`http://${listen}/-/healthy`)).text()) !== '';
  await until('blackbox_exporter answers', isHealthy, {
    hopeless: () => (exporter.running() ? undefined : `it ended: ${exporter.output()}`),
  });
  const modules = Array.from({ length: count }, (_, index) => `m${index}`);
  const probeAll = async () => {
    const asked = { listen, target: `127.0.0.1:${port}`, modules };
    await once(new Worker(new URL('./blackbox-asker.ts', import.meta.url), { workerData: asked }), 'exit');
  };
  return { probeAll, processorTime: () => processorTicks(exporter.pid) * tickMs, end: () => exporter.end() };
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
