import type { Config } from '../../config.ts';
import { apacheGraceful, apacheTest, systemctl } from '../../decide/command-line.ts';
import { readEnvvars } from '../../formats/apache-envvars.ts';
import { observeRunningServer } from '../../observe/server-processes.ts';
import type { ActPorts, Ended } from '../act.ts';
import { runCommand, type ServerControl, telling } from './control.ts';

const places = ['/usr/sbin/apache2', '/usr/sbin/httpd'];

/**
 * Apache through its own program with the variables of its envvars file, or through systemd where that runs it. Its test
 * reads no certificate, and where a certificate does not load at a graceful restart the whole server ends (AH00020): so what
 * `revive` runs starts it too.
 */
export function apacheControl(configFile: string, config: Config, ports: ActPorts): ServerControl {
  const { files, proc } = ports;
  const binary = config.apache.binary ?? places.find((place) => files.resolve(place).ok) ?? '/usr/sbin/apache2';
  const environment = environmentOf(configFile, ports);
  const remedy = `install Apache, or set binary under [apache] (now ${binary})`;
  const unit = observeRunningServer(proc, { server: 'apache', configFile })?.unit;
  const run = (argv: string[], reason: 'config-test-failed' | 'reload-failed') =>
    runCommand(ports, argv, { reason, saying, remedy, environment });
  const graceful = () => run(apacheGraceful(binary, configFile), 'reload-failed');
  return {
    names: { test: 'apache2 -t', reload: unit ? `systemctl reload ${unit}` : 'apache2 -k graceful' },
    test: () => run(apacheTest(binary, configFile), 'config-test-failed'),
    reload: async () => {
      if (!observeRunningServer(proc, { server: 'apache', configFile })) return absent(configFile);
      return unit ? run(systemctl('reload', unit), 'reload-failed') : graceful();
    },
    revive: () => (unit ? run(systemctl('reload-or-restart', unit), 'reload-failed') : graceful()),
  };
}

function absent(configFile: string): Ended {
  return {
    reason: 'reload-failed',
    detail: `one process of Apache that runs ${configFile} was looked for, and not found: start it, and it loads what is there`,
  };
}

function environmentOf(configFile: string, { files }: Pick<ActPorts, 'files'>): Record<string, string> {
  const envvars = files.read(`${configFile.slice(0, configFile.lastIndexOf('/'))}/envvars`);
  return envvars.ok ? Object.fromEntries(readEnvvars(new TextDecoder().decode(envvars.value.bytes))) : {};
}

/** "AH00526: Syntax error on line 3 of FILE:" and its next line, or the errors of mod_ssl. */
function saying(output: string): string {
  const joined = output.replace(/(Syntax error on line \d+ of [^\n]*):\n/g, '$1: ');
  return telling(joined, /Syntax error|\bAH\d{5}: (?!.*ServerName)/, /^\[[^\]]*\] (?:\[[^\]]*\] )*/);
}
