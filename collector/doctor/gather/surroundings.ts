import { existsSync, readdirSync, statSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { type ClockKeeper, keeperAmong, synchronizedFile } from '@certherd/command-line/clock-keeper';
import type { Config } from '../../config.ts';
import { codeOf } from '../../failure.ts';
import type { Clock } from '../../ports.ts';
import type { SettingsFacts } from '../judge/settings-file.ts';
import { procText } from './serving.ts';

export function observeClock(): ClockKeeper {
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  const name = keeperAmong(new Set(pids.map((pid) => procText(`${pid}/comm`)?.trim() ?? '')));
  return {
    ...(name !== undefined && { name }),
    ...(name === 'systemd-timesyncd' && { synchronized: existsSync(synchronizedFile) }),
    hidden: procText('1/stat') === undefined,
  };
}

export function observeSettings(named: string | undefined, mistakes: readonly string[]): SettingsFacts {
  const path = named ?? '/etc/certherd/collector.toml';
  try {
    return { path, isRead: true, mistakes, mode: statSync(path).mode & 0o777 };
  } catch {
    return { path, isRead: false, mistakes };
  }
}

/** Of the serving process, where it may be told, else of this one. */
export function observeDescriptors(pid: number): { used?: number; most: number } | undefined {
  const [, most] = /^Max open files\s+(\d+)/m.exec(procText(`${pid}/limits`) ?? '') ?? [];
  if (most === undefined) return undefined;
  try {
    return { most: Number(most), used: readdirSync(`/proc/${pid}/fd`).length };
  } catch {
    return { most: Number(most) };
  }
}

const lookUpMs = 10_000;

/** The host that join strings name (token create); undefined for an address. Its addresses, or why there are none. */
export async function observeAddress(
  { publicAddress, agentListen }: Pick<Config, 'publicAddress' | 'agentListen'>,
  clock: Clock,
): Promise<{ host: string; field: string; found: string[] | string } | undefined> {
  const isEverywhere = ['0.0.0.0', '::'].includes(agentListen.host);
  const host = publicAddress?.host ?? (isEverywhere ? hostname() : agentListen.host);
  if (isIP(host) !== 0) return undefined;
  const field = publicAddress ? 'public_address' : 'agent_listen';
  let cancel = () => {};
  const late = new Promise<string>((resolve) => {
    cancel = clock.after(lookUpMs, () => resolve(`no resolver answers within ${lookUpMs / 1000} s`));
  });
  const found = await Promise.race([addressesOf(host), late]);
  cancel();
  return { host, field, found };
}

async function addressesOf(host: string): Promise<string[] | string> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOTFOUND' ? [] : `no resolver answers (${code})`;
  }
}
