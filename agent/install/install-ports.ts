import type { HostFiles } from '../host-ports.ts';
import type { Clock, Proc, Programs } from '../ports.ts';
import type { Processor } from '../formats/elf.ts';

/** What installing asks of the machine. */
export interface InstallPorts {
  files: HostFiles;
  programs: Programs;
  proc: Proc;
  clock: Clock;
  isRoot: boolean;
  processor: Processor;
  /** The program of this process; `isSingle`: it holds all that it needs. */
  own: { path: string; version: string; isSingle: boolean };
  /** The text of a file that comes with the program, by its path in the repository. */
  readonly shipped: (path: string) => string;
  /** Another process upgrades now. */
  isUpgrading(): boolean;
  /** Another process installs now: typed by somebody, or begun by an upgrade that was killed. */
  isInstalling(): boolean;
}
