import type { Failure } from '@certherd/protocol/failure';
import type { Server, ServerProgram } from '@certherd/protocol/snapshot';
import type { Config } from '../../config.ts';
import { nginxTest } from '../../decide/command-line.ts';
import { observeNginxProcesses } from '../../observe/nginx-process.ts';
import type { Observations } from '../../observe/observations.ts';
import type { DoctorPorts } from '../doctor-ports.ts';
import type { Installation } from './installation.ts';

export interface ServerFacts {
  server: ServerProgram;
  configFile: string;
  configFiles: number;
  /** How many deployments its config has. */
  deployments: number;
  /** What its own program would object to first. */
  failure?: NonNullable<Server['failure']>;
  binary: string;
  binaryMissing?: Failure;
  /** What its own test said; absent where it was not run. */
  test?: { argv: string[]; passed: boolean; said: string } | { argv: string[]; failure: Failure };
  /** It runs; absent where that is not told. */
  runs?: boolean;
}

const testMs = 15_000;

/** By the files, as a look reads them; nginx's own test is run by root alone, since it opens logs and the pid file as a start does. */
export async function observeServers(
  ports: DoctorPorts,
  { config, own }: Installation,
  seen: Observations,
): Promise<ServerFacts[]> {
  const running = observeNginxProcesses(ports.proc, ports.clock.now());
  const all: ServerFacts[] = [];
  for (const { server, configFile, configFiles, failure } of seen.servers) {
    const binary = binaryOf(ports, server, config);
    const resolved = ports.files.resolve(binary);
    const deployments = seen.deployments.filter((deployment) => deployment.server === server).length;
    const isTested = server === 'nginx' && own.uid === 0 && resolved.ok && failure?.reason !== 'not-found';
    all.push({
      server,
      configFile,
      configFiles: configFiles.length,
      deployments,
      ...(failure && { failure }),
      binary,
      ...(!resolved.ok && { binaryMissing: resolved.failure }),
      ...(isTested && { test: await tested(ports, config) }),
      ...(server === 'nginx' && running && { runs: running.masters.length > 0 }),
    });
  }
  return all;
}

async function tested({ programs }: DoctorPorts, config: Config): Promise<NonNullable<ServerFacts['test']>> {
  const argv = nginxTest(config);
  const ended = await programs(argv, { environment: {}, deadlineMs: testMs });
  if (!ended.ok) return { argv, failure: ended.failure };
  const { exitCode, output, timedOut } = ended.value;
  const [line = ''] = output.split('\n').filter((one) => one.includes('[emerg]'));
  const said =
    line.replace(/^.*\[emerg\]\s*(?:\d+#\d+:\s*)?/, '') ||
    (timedOut ? `no answer within ${testMs / 1000} s` : 'no reason');
  return { argv, passed: exitCode === 0, said };
}

function binaryOf({ files }: DoctorPorts, server: ServerProgram, config: Config): string {
  if (server === 'nginx') return config.nginx.binary;
  if (server === 'haproxy') return config.haproxy.binary ?? '/usr/sbin/haproxy';
  const usual = ['/usr/sbin/apache2', '/usr/sbin/httpd'];
  return config.apache.binary ?? usual.find((path) => files.resolve(path).ok) ?? '/usr/sbin/apache2';
}
