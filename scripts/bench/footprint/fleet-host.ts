import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../../../agent/status.ts';
import type { Child, Ran } from '../../../test/helpers/testbed/children.ts';
import { startNginx } from '../../../test/helpers/testbed/nginx.ts';
import type { Sandbox } from '../../../test/helpers/testbed/sandbox.ts';
import { until } from '../../../test/helpers/testbed/until.ts';
import { environment, prepareCollector } from '../../stage/products.ts';
import { makeLineages, sitesOf } from '../lineages.ts';

/** A host as one of a fleet: certificates of certbot's that a real nginx serves, and a collector that agents enrol with. */
export interface FleetHost {
  /** Enrols an agent with a state of its own, under this name. `program`: the argv that an argv of the agent's follows. */
  enrol(name: string, program: readonly string[]): Promise<FleetAgent>;
}

export interface FleetAgent {
  /** Starts the daemon; resolves with the milliseconds until it was connected. */
  start(): Promise<{ daemon: Child; connectedMs: number }>;
  /** Has it look at everything, as its collector may ask. */
  look(): Promise<void>;
  /** Milliseconds that `check` takes, all told. */
  check(): Promise<number>;
  /** What the daemon last said of itself. */
  status(): Status | undefined;
}

/** `surroundings`: what its unit puts into an agent's environment. */
export async function startFleetHost(
  sandbox: Sandbox,
  count: number,
  surroundings: Record<string, string> = {},
): Promise<FleetHost> {
  const root = sandbox.folder('letsencrypt');
  const { lineages, issuer } = await makeLineages(root, count);
  const sites = sitesOf(lineages, await sandbox.port());
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port(), sites: { all: sites } });
  const collector = await prepareCollector(sandbox, 15);
  await collector.start();
  const rootsFile = join(sandbox.directory, 'root.pem');
  writeFileSync(rootsFile, issuer.pem);
  const settings = `extra_roots = ["${rootsFile}"]
[certbot]
config_directory = "${root}"
renewed_by = "the bench"
[nginx]
config = "${nginx.configFile}"
prefix = "${nginx.prefix}"
error_log = "${nginx.errorLog}"
`;
  const env = { ...environment(sandbox), ...surroundings };
  return {
    async enrol(name, program) {
      const state = sandbox.folder(`state-${name}`);
      const configFile = join(sandbox.directory, `${name}.toml`);
      writeFileSync(configFile, `host_name = "${name}"\nstate_directory = "${state}"\n${settings}`);
      const agent = agentOf(sandbox, { name, program, configFile, state, env, count });
      const enrolled = await agent.run('enroll', await collector.join());
      if (enrolled.exit !== 0) throw new Error(`enroll failed: ${enrolled.stderr}`);
      const asked = ['request', 'rescan', '--host', name, '--reason', 'the bench', '--wait'];
      return { ...agent, look: async () => void (await collector.command(asked)) };
    },
  };
}

function agentOf(
  sandbox: Sandbox,
  its: {
    name: string;
    program: readonly string[];
    configFile: string;
    state: string;
    env: Record<string, string>;
    count: number;
  },
): Omit<FleetAgent, 'look'> & { run: (...args: string[]) => Promise<Ran> } {
  const { configFile, env, count } = its;
  const [file = '', ...first] = its.program;
  const statusFile = join(its.state, 'status.json');
  const run = (...args: string[]) => sandbox.run(file, [...first, ...args, '--config', configFile], { env });
  const status = (): Status | undefined =>
    existsSync(statusFile) ? JSON.parse(readFileSync(statusFile, 'utf8')) : undefined;
  return {
    run,
    status,
    async start() {
      rmSync(statusFile, { force: true });
      const began = performance.now();
      const log = join(sandbox.directory, `${its.name}.log`);
      const journal = journalAt(log);
      const daemon = sandbox.start(file, [...first, 'run', '--config', configFile], log, {
        env: { ...env, ...journal },
      });
      const isConnected = () => status()?.collector.state === 'connected';
      await until('the agent is connected', isConnected, { everyMs: 2, hopeless: () => hopeless(daemon) });
      const connectedMs = performance.now() - began;
      const proved = () => status()?.endpoints?.served === count && status()?.nextLookAt !== undefined;
      await until('all endpoints are proved', proved, { hopeless: () => hopeless(daemon) });
      return { daemon, connectedMs };
    },
    async check() {
      const began = performance.now();
      const { stdout, stderr } = await run('check', '--json');
      const took = performance.now() - began;
      const { endpoints = [] }: { endpoints?: { reached: string }[] } = JSON.parse(stdout || '{}');
      const served = endpoints.filter(({ reached }) => reached === 'served').length;
      if (served !== count) throw new Error(`check proved ${served} of ${count}: ${stderr}${stdout.slice(0, 2000)}`);
      return took;
    },
  };
}

/** As systemd has it for a service, whose standard error is the journal: it needs nothing else to write its log with. */
function journalAt(log: string): { JOURNAL_STREAM: string } {
  appendFileSync(log, '');
  const { dev, ino } = statSync(log);
  return { JOURNAL_STREAM: `${dev}:${ino}` };
}

function hopeless(daemon: Child): string | undefined {
  return daemon.running() ? undefined : `it ended: ${daemon.output()}`;
}
