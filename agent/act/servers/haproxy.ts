import type { Config } from '../../config.ts';
import { haproxyTest, systemctl } from '../../decide/command-line.ts';
import { observeRunningServer } from '../../observe/server-processes.ts';
import type { ActPorts, Ended } from '../act.ts';
import { runCommand, type ServerControl, telling } from './control.ts';

const places = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'];

/**
 * HAProxy through systemd where that runs it, else by USR2 to its master (-W, -Ws or `master-worker`), which keeps its
 * worker where the new config does not load. Without a master it can only be restarted, and that is a person's to do.
 */
export function haproxyControl(configFile: string, config: Config, ports: ActPorts): ServerControl {
  const { files, proc } = ports;
  const binary = config.haproxy.binary ?? places.find((place) => files.resolve(place).ok) ?? '/usr/sbin/haproxy';
  const remedy = `install HAProxy, or set binary under [haproxy] (now ${binary})`;
  const unit = observeRunningServer(proc, { server: 'haproxy', configFile })?.unit;
  const run = (argv: string[], reason: 'config-test-failed' | 'reload-failed') =>
    runCommand(ports, argv, { reason, saying, remedy });
  const reload = async () => {
    if (unit) return run(systemctl('reload', unit), 'reload-failed');
    const master = masterPid(configFile, config, ports);
    if (typeof master !== 'number') return master;
    const sent = ports.signal(master, 'SIGUSR2');
    return sent.ok ? undefined : { reason: 'reload-failed' as const, detail: sent.failure.detail };
  };
  return {
    names: { test: 'haproxy -c', reload: unit ? `systemctl reload ${unit}` : 'haproxy USR2' },
    test: () => run(haproxyTest(binary, configFile), 'config-test-failed'),
    reload,
    revive: reload,
  };
}

/** Never a process that is not HAProxy's: a pid file may be old, and only chooses among those that run. */
function masterPid(configFile: string, config: Config, { files, proc }: ActPorts): number | Ended {
  const failed = (detail: string): Ended => ({ reason: 'reload-failed', detail });
  const pidFile = config.haproxy.pidFile ?? '/run/haproxy.pid';
  const content = files.read(pidFile);
  const named = content.ok ? Number.parseInt(new TextDecoder().decode(content.value.bytes), 10) : undefined;
  const found = observeRunningServer(proc, { server: 'haproxy', configFile }, named);
  if (!found)
    return failed(
      `one process of HAProxy that runs ${configFile} was looked for, and not found: start it, and it loads what is there`,
    );
  if (found.children > 0) return found.pid;
  return failed(
    `HAProxy (pid ${found.pid}) runs without a master and cannot reload: start it with -W, or restart it to have it load the certificate`,
  );
}

/** "[ALERT] (123) : config : parsing [FILE:LINE] : …" without its prefix. */
function saying(output: string): string {
  return telling(output, /\[ALERT\]/, /^\[ALERT\]\s*(?:\(\d+\)\s*)?:\s*(?:config\s*:\s*)?/);
}
