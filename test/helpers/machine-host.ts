import type { ExecutionContext } from 'ava';
import { startHost, type TestHost } from './host.ts';
import { agentProgram, type Scene } from './scenario.ts';
import { type Machine, openMachine } from './testbed/machine.ts';
import { openSandbox } from './testbed/sandbox.ts';

/** A machine of its own as a scene: with the distribution's own configs, systemd's directories, and no agent.toml but for the roots. */
export interface MachineHost extends Scene {
  machine: Machine;
}

/** This machine's own system, on which systemd has been booted as far as its directories tell. Root only. */
export async function startMachine(t: Pick<ExecutionContext, 'teardown'>): Promise<MachineHost> {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const machine = await openMachine(sandbox);
  t.teardown(() => machine.close());
  await machine.must('mkdir', '-p', '/run/systemd/system', '/run/lock');
  return {
    machine,
    sandbox: { ...sandbox, run: (command, argv, surroundings) => machine.run(command, argv, surroundings?.env) },
    agent: (args) => machine.run(process.execPath, [agentProgram, ...args]),
  };
}

/** The lineage `shop` of a host, in /etc/letsencrypt as certbot would have put it there, from a CA that is trusted. */
export async function withLineage(t: Pick<ExecutionContext, 'teardown'>, { machine }: MachineHost): Promise<TestHost> {
  const host = await startHost(t);
  const { configDirectory } = host.certbot;
  await machine.must('cp', '-a', `${configDirectory}/.`, '/etc/letsencrypt');
  await machine.must('sed', '-i', `s|${configDirectory}|/etc/letsencrypt|g`, '/etc/letsencrypt/renewal/shop.conf');
  const roots = '/etc/ssl/private-roots.pem';
  await machine.write(roots, host.pebble.rootPem);
  await machine.write('/etc/certherd/agent.toml', `extra_roots = ["${roots}"]\n`);
  return host;
}
