import fs from 'node:fs';
import path from 'node:path';
import type { Ran } from './testbed/children.ts';
import type { Guest } from './testbed/guest.ts';
import type { Sandbox } from './testbed/sandbox.ts';

/** Guests on a network of their own, and Ansible on this machine, which reaches each by a real SSH session. */
export interface Fleet {
  /** Runs a playbook of deploy/ansible on the hosts. */
  play: (playbook: string, ...options: string[]) => Promise<Played>;
  /** By which the others reach it. */
  addressOf: (name: string) => string;
}

export interface Played extends Ran {
  /** By host, as the recap counts. What changed and what failed is in `stdout`. */
  stats: Record<string, Record<'ok' | 'changed' | 'failed' | 'unreachable', number>>;
}

const ansible = path.resolve(import.meta.dirname, '../../deploy/ansible');
/** Kept for documentation (RFC 5737). */
const network = '198.51.100';

/**
 * Links the guests to the first one, which is the collectors' group: a veth pair each between their network namespaces, so that this
 * machine's own network has no part in it. SSH needs no port: sshd answers over the standard input of a process in the guest.
 */
export async function fleetOf(sandbox: Sandbox, guests: ReadonlyMap<string, Guest>): Promise<Fleet> {
  const [hub, ...others] = [...guests.values()];
  if (!hub) throw new Error('a fleet has at least one guest');
  await hub.must('ip', 'link', 'add', 'lan', 'type', 'bridge');
  await hub.must('ip', 'address', 'add', `${network}.1/24`, 'dev', 'lan');
  await hub.must('ip', 'link', 'set', 'lan', 'up');
  for (const [index, guest] of others.entries()) {
    const port = `port${index}`;
    // made where both ends can be seen by their process numbers
    const pair = ['link', 'add', port, 'type', 'veth', 'peer', 'name', 'lan0', 'netns', String(guest.leader)];
    const within = ['--target', String(hub.leader), '--net', '--'];
    const made = await sandbox.run('/usr/bin/nsenter', [...within, '/usr/sbin/ip', ...pair]);
    if (made.exit !== 0) throw new Error(made.stderr);
    await hub.must('ip', 'link', 'set', port, 'master', 'lan', 'up');
    await guest.must('ip', 'address', 'add', `${network}.${index + 2}/24`, 'dev', 'lan0');
    await guest.must('ip', 'link', 'set', 'lan0', 'up');
  }
  const key = path.join(sandbox.directory, 'ssh-key');
  const keyed = await sandbox.run('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  if (keyed.exit !== 0) throw new Error(keyed.stderr);
  for (const guest of guests.values()) {
    await guest.must('mkdir', '-p', '-m', '700', '/root/.ssh', '/run/sshd');
    guest.write('/root/.ssh/authorized_keys', fs.readFileSync(`${key}.pub`, 'utf8'), 0o600);
  }
  const inventory = path.join(sandbox.directory, 'inventory');
  fs.writeFileSync(inventory, inventoryOf(guests, key));
  return {
    addressOf: (name) => `${network}.${[...guests.keys()].indexOf(name) + 1}`,
    play: async (playbook, ...options) => {
      const ran = await sandbox.run(
        '/usr/bin/ansible-playbook',
        ['-i', inventory, path.join(ansible, playbook), ...options],
        {
          env: {
            PATH: '/usr/bin:/bin',
            HOME: sandbox.directory,
            LANG: 'C.UTF-8',
            ANSIBLE_CONFIG: path.join(ansible, 'ansible.cfg'),
            ANSIBLE_DISPLAY_OK_HOSTS: 'no',
            ANSIBLE_DISPLAY_SKIPPED_HOSTS: 'no',
            ANSIBLE_LOCAL_TEMP: path.join(sandbox.directory, 'ansible'),
          },
          timeoutMs: 600_000,
        },
      );
      return { ...ran, stats: recapOf(ran.stdout) };
    },
  };
}

/** "web-1 : ok=10 changed=3 unreachable=0 failed=0 …" */
function recapOf(stdout: string): Played['stats'] {
  const [, recap = ''] = stdout.split('PLAY RECAP');
  return Object.fromEntries(
    [...recap.matchAll(/^(\S+)\s+: (.*)$/gm)].map(([, host = '', counts = '']) => {
      const count = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(counts)?.[1] ?? Number.NaN);
      return [
        host,
        { ok: count('ok'), changed: count('changed'), failed: count('failed'), unreachable: count('unreachable') },
      ];
    }),
  );
}

function inventoryOf(guests: ReadonlyMap<string, Guest>, key: string): string {
  const [hub = '', ...others] = guests.keys();
  const options = ['UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking=no', 'LogLevel=ERROR'];
  const line = (name: string) => {
    const proxy = [...(guests.get(name)?.entering ?? []), '/usr/sbin/sshd', '-i'].join(' ');
    const words = [...options.map((one) => `-o ${one}`), `-o ProxyCommand="${proxy}"`].join(' ');
    return `${name} ansible_user=root ansible_python_interpreter=/usr/bin/python3 ansible_ssh_private_key_file=${key} ansible_ssh_common_args='${words}'`;
  };
  return `[web]\n${others.map(line).join('\n')}\n\n[collectors]\n${line(hub)}\n`;
}
