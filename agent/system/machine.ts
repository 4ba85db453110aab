import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Files } from '../ports.ts';

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

/** The machine whose tree these files are, as far as they tell; `root` names it where they do not. */
export function readTree(files: Files, machine: Machine, root: string): Machine {
  const text = (path: string) => {
    const content = files.read(path);
    return content.ok ? new TextDecoder().decode(content.value.bytes) : '';
  };
  const [hostName = ''] = text('/etc/hostname').trim().split('\n');
  return {
    ...machine,
    hostName: hostName.slice(0, 253) || root.slice(0, 253),
    platform: `${distributionIn(text('/etc/os-release')) ?? 'unknown'}, in a tree`,
  };
}

function distribution(): string {
  return distributionIn(textOf('/etc/os-release') ?? '') ?? `${os.type()} ${os.release()}`;
}

function distributionIn(osRelease: string): string | undefined {
  return /^PRETTY_NAME="?([^"\n]+)"?/m.exec(osRelease)?.[1]?.slice(0, 200);
}

function textOf(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
