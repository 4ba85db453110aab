import { resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import { breakableBinary } from './breakable-binary.ts';
import { packagedFiles } from './packaged-files.ts';
import { bootGuest, type Guest } from './testbed/guest.ts';
import { openSandbox } from './testbed/sandbox.ts';
import { until } from './testbed/until.ts';

/** The binaries as somebody downloaded them. */
export const newProgram = '/opt/certherd-agent';
export const laterProgram = '/opt/certherd-agent-later';

/** A guest with nothing of Certherd's but two binaries in /opt, and no Node where an agent could find it. */
export interface BareGuest {
  guest: Guest;
  /** Runs a program of ours as root. */
  run: (program: string, ...args: string[]) => Promise<{ exit: number | null; stdout: string; stderr: string }>;
  /** Runs it and kills it as soon as it has printed so many lines; false: it printed fewer and ended by itself. */
  killAfter: (lines: number, program: string, ...args: string[]) => Promise<boolean>;
  /** Paths, owners, modes and contents of all that is not the system's own business, and who has an account. */
  tree: () => Promise<string[]>;
  /** Starts a collector in it, and makes join strings for it. */
  collector: () => Promise<{ join: () => Promise<string> }>;
}

/** What is in one of two trees only. */
export function treeChanges(before: readonly string[], after: readonly string[]): string[] {
  const [then, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !then.has(line)).map((line) => `+ ${line}`),
  ];
}

const top = resolve(import.meta.dirname, '../..');
const node = '/opt/elsewhere/node';
const sources = '/opt/elsewhere/certherd/collector/main.ts';

export async function startBareGuest(t: Pick<ExecutionContext, 'teardown'>, name: string): Promise<BareGuest> {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { binary } = await packagedFiles();
  const guest = await bootGuest(sandbox, name, {
    [binary]: newProgram,
    [await breakableBinary()]: laterProgram,
    [top]: '/opt/elsewhere/certherd',
    [process.execPath]: node,
  });
  t.teardown(() => guest.close());
  const collector = [node, sources];
  return {
    guest,
    run: (program, ...args) => guest.run(program, args),
    async killAfter(lines, program, ...args) {
      const ran = await guest.run('/bin/bash', ['-c', killing, 'killing', String(lines), program, ...args]);
      return ran.stdout.includes('killed');
    },
    tree: async () => (await guest.must('/bin/sh', '-c', listing)).split('\n'),
    async collector() {
      await guest.must('systemd-run', '--unit=collector', ...collector, 'serve', '--data', '/tmp/collector');
      const making = ['token', 'create', '--data', '/tmp/collector', '--url', '127.0.0.1:8443'];
      const opened = async () => (await guest.run('/bin/bash', ['-c', ': </dev/tcp/127.0.0.1/8443'])).exit === 0;
      await until('the collector listens', opened);
      const made = async () => /certherd:\/\/\S+/.exec((await guest.run(node, [sources, ...making])).stdout)?.[0];
      return { join: async () => (await until('the collector makes a join string', made)) ?? '' };
    },
  };
}

const killing = `
coproc OURS { exec "\${@:2}" 2>/dev/null; }
pid=$OURS_PID
for (( n = 0; n < $1; n++ )); do read -r line <&"\${OURS[0]}" || exit 0; done
kill -KILL $pid && echo killed
wait $pid
`;

/** Left out: logs, the sizes of directories, what is in the state directory (it always changes), and what systemd and the programs for accounts keep for themselves. */
const listing = String.raw`
find /etc /usr /var/lib /opt /run/certherd* -xdev \
  ! -path '/opt/elsewhere/*' ! -path '/etc/.pwd.lock' ! -path '/etc/*-' ! -path '/var/lib/systemd/*' ! -path '/var/lib/certherd-agent/*' \
  ! -regex '/etc/\(passwd\|shadow\|group\|gshadow\)' \
  \( -type d -printf '%p %U %G %m\n' -o -printf '%p %U %G %m %s %l\n' \) 2>/dev/null | sort
sort /etc/passwd /etc/group
find /usr/bin /usr/lib/systemd/system /usr/lib/sysusers.d /etc/certherd -name '*certherd*' -type f -exec sha256sum {} + 2>/dev/null || true
`;
