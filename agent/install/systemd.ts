import type { Result } from '@certherd/protocol/failure';
import type { HostFacts } from './host.ts';
import type { InstallPorts } from './install-ports.ts';
import * as layout from './layout.ts';

type Failure = { reason: 'program-failed'; detail: string };
export type Ran = Result<void, Failure>;

/** What is asked of systemd, each until it is done; only that the agent starts is not waited for. */
export interface Systemd {
  /** Absolute path of systemctl. */
  program: string;
  reload(): Promise<Ran>;
  switchSocket(on: boolean): Promise<Ran>;
  startAgent(): Promise<Ran>;
  stopAgent(): Promise<Ran>;
  /** The agent, the socket, and the actions under way. */
  stopAll(): Promise<Ran>;
}

/** Longer than the 90 s that our units have to stop in. */
const deadlineMs = 200_000;

export function systemdOf(ports: Pick<InstallPorts, 'programs'>, { tools }: Pick<HostFacts, 'tools'>): Systemd {
  const program = tools.get('systemctl') ?? '/usr/bin/systemctl';
  const run = (...words: string[]) => mustRun(ports, [program, ...words]);
  const inTurn = async (...commands: string[][]): Promise<Ran> => {
    for (const words of commands) {
      const ran = await run(...words);
      if (!ran.ok) return ran;
    }
    return { ok: true, value: undefined };
  };
  return {
    program,
    reload: () => run('daemon-reload'),
    switchSocket: (on) => run(on ? 'enable' : 'disable', '--now', layout.actSocket),
    startAgent: async () => {
      // It is known to none that never failed.
      await run('reset-failed', layout.agentUnit);
      return inTurn(['enable', layout.agentUnit], ['restart', '--no-block', layout.agentUnit]);
    },
    stopAgent: () => run('disable', '--now', layout.agentUnit),
    stopAll: () => inTurn(['disable', '--now', layout.actSocket, layout.agentUnit], ['stop', layout.actUnits]),
  };
}

/** Runs a program that has to end with 0; the failure tells the last line that it said. */
export async function mustRun({ programs }: Pick<InstallPorts, 'programs'>, argv: string[]): Promise<Ran> {
  const ran = await programs(argv, { environment: { LC_ALL: 'C' }, deadlineMs });
  const said = ran.ok ? (ran.value.output.trim().split('\n').at(-1) ?? '') : ran.failure.detail;
  if (ran.ok && ran.value.exitCode === 0) return { ok: true, value: undefined };
  const end = ran.ok
    ? ran.value.timedOut
      ? 'it took too long'
      : said || `exit ${ran.value.exitCode ?? 'by a signal'}`
    : said;
  return { ok: false, failure: { reason: 'program-failed', detail: `${argv.join(' ')}: ${end}` } };
}
