import { type Config, defaultConfig, loadConfig } from '../config.ts';
import type { Files } from '../ports.ts';
import { systemFiles } from '../system/files.ts';
import { journalPrefix } from '../system/journal.ts';
import { rootedFiles } from '../system/rooted-files.ts';
import { systemPermissions } from '../system/permissions.ts';
import { type Machine, readMachine, readTree } from '../system/machine.ts';
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

/**
 * The settings and the machine, or the lines that say what is wrong with the settings. With `root`, a tree that is judged in this
 * host's place, neither this host's default file nor the tree's is read: only one that `configPath` names.
 */
export function openContext(
  configPath: string | undefined,
  root?: string,
): { ok: true; value: Context } | { ok: false; failure: string[] } {
  const files = systemFiles();
  const tree = root === undefined ? undefined : rootedFiles(root).files;
  const top = tree?.list('/');
  if (top && !top.ok)
    return { ok: false, failure: [`--root ${root}: no directory that can be read (${top.failure.reason})`] };
  const machine = tree ? readTree(tree, readMachine(), root ?? '') : readMachine();
  const config =
    tree && configPath === undefined
      ? { ok: true as const, value: defaultConfig(machine) }
      : loadConfig(files, configPath, machine);
  if (!config.ok) return config;
  const open = config.value.path && machine.isRoot ? openToOthers(config.value.path) : undefined;
  if (open) return { ok: false, failure: [open] };
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

/** What root obeys must be root's alone: the file is the policy of what may be done on this host. */
function openToOthers(file: string): string | undefined {
  const found = systemPermissions().of(file);
  if (!found.ok) return `${file}: its owner cannot be told (${found.failure.reason})`;
  const { mode, uid } = found.value;
  if (uid === 0 && (mode & 0o022) === 0) return undefined;
  const state = `owner ${uid}, mode ${mode.toString(8)}`;
  return `${file}: others than root may change it (${state}), so root does not obey it: chown root: ${file} && chmod go-w ${file}`;
}

export function writeLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function writeError(text: string): void {
  process.stderr.write(`${journalPrefix('error')}certherd-agent: ${text}\n`);
}
