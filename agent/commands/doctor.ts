import { diagnose } from '@certherd/command-line/diagnose';
import { doctorCode } from '@certherd/command-line/diagnosis';
import { diagnosisReport, diagnosisView } from '@certherd/command-line/diagnosis-view';
import { printableJson } from '@certherd/command-line/printable';
import { terminalOf } from '@certherd/command-line/terminal';
import { defaultConfig, loadConfig } from '../config.ts';
import { agentAreas } from '../doctor/doctor.ts';
import { systemDiagnosing } from '../system/diagnosing.ts';
import { systemFiles } from '../system/files.ts';
import { type Machine, readMachine } from '../system/machine.ts';
import { agentVersion } from '../version.ts';
import { observeUnit } from '../doctor/gather/units.ts';
import { serviceName } from '../doctor/gather/installation.ts';
import { writeLine } from './context.ts';
import { programName } from './command-table.ts';

/** What is wrong with this installation, and what mends it; changes nothing. With wrong settings it goes on with the defaults, and says so. */
export async function doctorCommand(options: { config: string | undefined; json: boolean }): Promise<number> {
  const machine = whereItsUnitRuns(readMachine());
  const loaded = loadConfig(systemFiles(), options.config, machine);
  const config = loaded.ok ? loaded.value : defaultConfig(machine);
  const ports = systemDiagnosing(config);
  const { clock } = ports;
  const areas = agentAreas(
    ports,
    { path: options.config, mistakes: loaded.ok ? [] : loaded.failure, config },
    { agent: agentVersion, node: process.versions.node },
  );
  const isWatched = process.stderr.isTTY && process.env.TERM !== 'dumb';
  const diagnosed = await diagnose(
    areas,
    (ms, task) => clock.after(ms, task),
    isWatched ? (text) => void process.stderr.write(text) : undefined,
  );
  const title = `${programName} ${agentVersion} on ${config.hostName}`;
  writeLine(
    options.json
      ? printableJson(diagnosisReport({ name: programName, version: agentVersion }, diagnosed, clock.now()))
      : diagnosisView({ title, diagnosed }, terminalOf(process.stdout, process.env)),
  );
  return doctorCode(diagnosed);
}

/** The state directory that is looked at is the daemon's, whoever asks: where a unit is installed, its environment says where that is. */
function whereItsUnitRuns(machine: Machine): Machine {
  const environment = observeUnit(systemFiles(), serviceName)?.settings.get('Service.Environment') ?? [];
  const [, stateHome] = /(?:^|\s)"?XDG_STATE_HOME=([^\s"]+)/.exec(environment.join(' ')) ?? [];
  return stateHome === undefined ? machine : { ...machine, stateHome };
}
