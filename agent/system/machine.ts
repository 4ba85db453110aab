import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What the machine says of itself. */
export interface Machine {
  hostName: string;
  isRoot: boolean;
  /** Where an ordinary user's programs keep state (XDG base directories). */
  stateHome: string;
  /** "Debian GNU/Linux 12 (bookworm), x64" */
  platform: string;
  /** Changes at each boot; a cloned VM has another one. */
  bootId: string;
}

export function readMachine(): Machine {
  return {
    hostName: os.hostname(),
    isRoot: process.getuid?.() === 0,
    stateHome: process.env.XDG_STATE_HOME ?? path.join(os.homedir(), '.local', 'state'),
    platform: `${distribution()}, ${process.arch}`,
    bootId: (textOf('/proc/sys/kernel/random/boot_id') ?? 'unknown').trim(),
  };
}

function distribution(): string {
  return /^PRETTY_NAME="?([^"\n]+)"?/m.exec(textOf('/etc/os-release') ?? '')?.[1] ?? `${os.type()} ${os.release()}`;
}

function textOf(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
