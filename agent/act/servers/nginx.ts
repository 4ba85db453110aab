import type { Config } from '../../config.ts';
import { nginxReload, nginxTest } from '../../decide/command-line.ts';
import { missingByWords } from '../../decide/missing-right.ts';
import { observeNginxProcesses } from '../../observe/nginx-process.ts';
import { observeOwnRights } from '../../observe/own-rights.ts';
import type { ActPorts, Ended } from '../act.ts';
import { runCommand, type ServerControl, telling } from './control.ts';

/** nginx through its own program, which finds the master by its pid file: no service manager is needed. */
export function nginxControl(config: Config, ports: ActPorts): ServerControl {
  const remedy = `install nginx, or set binary under [nginx] (now ${config.nginx.binary})`;
  const run = async (argv: string[], reason: 'config-test-failed' | 'reload-failed') => {
    const refused = await runCommand(ports, argv, { reason, saying: emergency, remedy });
    return refused && blamed(refused, ports);
  };
  const reload = () => run(nginxReload(config), 'reload-failed');
  return {
    names: { test: 'nginx -t', reload: 'nginx -s reload' },
    test: () => run(nginxTest(config), 'config-test-failed'),
    reload,
    // a master keeps what it loaded whatever the next config is
    revive: reload,
  };
}

/** nginx under our sandbox may fail where the server itself would not: that is our fault to tell, and not nginx's. */
function blamed(refused: Ended, { proc, clock }: ActPorts): Ended {
  const rights = observeOwnRights(proc);
  const masters = observeNginxProcesses(proc, clock.now())?.masters ?? [];
  const hasSameRights = rights?.uid !== 0 && masters.some(({ uid }) => uid === rights?.uid);
  const missing = rights && !hasSameRights ? missingByWords(refused.detail, rights) : undefined;
  if (!missing) return refused;
  const detail = `${refused.detail}: certherd-agent may not ${missing.right} here (${missing.because})`;
  return { reason: 'sandbox-blocked', detail };
}

/** nginx's own reason: its first [emerg] line without the prefix, else its last line. */
function emergency(output: string): string {
  const [line = ''] = output.split('\n').filter((candidate) => candidate.includes('[emerg]'));
  return telling(line || output, /\[emerg\]/, /^.*\[emerg\]\s*(?:\d+#\d+:\s*)?/) || 'nginx printed nothing';
}
