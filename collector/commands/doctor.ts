import { diagnose } from '@certherd/command-line/diagnose';
import { doctorCode } from '@certherd/command-line/diagnosis';
import { diagnosisReport, diagnosisView } from '@certherd/command-line/diagnosis-view';
import { printableJson } from '@certherd/command-line/printable';
import { terminalOf } from '@certherd/command-line/terminal';
import { hostname } from 'node:os';
import { loadConfig, parseConfig } from '../config.ts';
import { collectorAreas } from '../doctor/doctor.ts';
import { collectorVersion } from '../version.ts';
import { type CommonOptions, type Console, homeHere, placesOf } from './command.ts';
import { programName } from './command-table.ts';

/** `doctor`: what is wrong with this installation, and what mends it. With wrong settings it goes on with the defaults, and says so. */
export async function showDoctor(options: CommonOptions & { json: boolean }, console: Console): Promise<number> {
  const surroundings = { env: process.env, home: homeHere(), isRoot: process.getuid?.() === 0 };
  const loaded = loadConfig({ file: options.config, dataDirectory: options.data }, surroundings);
  const usual = loaded.ok ? loaded : parseConfig('', '', options.data, surroundings);
  if (!usual.ok) throw new Error('the defaults are wrong');
  const mistakes = loaded.ok ? [] : loaded.failure;
  const { clock } = console;
  const own = { version: collectorVersion, pid: process.pid };
  const isWatched = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  const diagnosed = await diagnose(
    collectorAreas({ path: options.config, mistakes, config: usual.value, options: placesOf(options) }, clock, own),
    (ms, task) => clock.after(ms, task),
    isWatched ? (text) => void process.stderr.write(text) : undefined,
  );
  const title = `${programName} ${collectorVersion} on ${hostname()}`;
  console.print(
    options.json
      ? printableJson(diagnosisReport({ name: programName, version: collectorVersion }, diagnosed, clock.now()))
      : diagnosisView({ title, diagnosed }, terminalOf(process.stdout, process.env)),
  );
  return doctorCode(diagnosed);
}
