import { type Config, loadConfig } from '../config.ts';
import type { Files } from '../ports.ts';
import { systemFiles } from '../system/files.ts';
import { type Machine, readMachine } from '../system/machine.ts';
import { agentVersion } from '../version.ts';
import type { Host } from '../agent.ts';

/** Exit codes of every command but `check` and `inspect`, after sysexits.h. */
export const exitCodes = { ok: 0, failed: 1, usage: 64, config: 78 } as const;

/** What each command starts from. */
export interface Context {
  config: Config;
  files: Files;
  machine: Machine;
  host: Host;
}

/** The settings and the machine, or the lines that say what is wrong with the settings. */
export function openContext(
  configPath: string | undefined,
): { ok: true; value: Context } | { ok: false; failure: string[] } {
  const files = systemFiles();
  const machine = readMachine();
  const config = loadConfig(files, configPath, machine);
  if (!config.ok) return config;
  const { platform, bootId } = machine;
  return {
    ok: true,
    value: {
      config: config.value,
      files,
      machine,
      host: { name: config.value.hostName, agentVersion, platform, bootId },
    },
  };
}

export function writeLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function writeError(text: string): void {
  process.stderr.write(`certherd-agent: ${text}\n`);
}
