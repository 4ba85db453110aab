import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { packagedFiles } from '../helpers/packaged-files.ts';
import { bootGuest, type Guest, guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { machinesCanBeMade, openMachine } from '../helpers/testbed/machine.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

// Debian's own tools judge and install what is built. Slow: ./scripts/test --full.

const isFull = process.env['CERTHERD_FULL'] === '1';
const full = (title: string, why: string | false, body: (t: ExecutionContext) => Promise<void>) =>
  isFull && why === false ? test.serial(title, body) : test.skip(`${title} (${why || 'only with --full'})`, body);
const noGuest = guestsAreImpossible() ?? false;
const noMachine = !machinesCanBeMade && 'only as root';
const quiet = { DEBIAN_FRONTEND: 'noninteractive' };

full('lintian finds no error in either package', !existsSync('/usr/bin/lintian') && 'lintian is missing', async (t) => {
  t.timeout(600_000);
  for (const app of ['agent', 'collector'] as const) {
    const { deb } = await packagedFiles({ app });
    const argv = ['--fail-on', 'error,warning', '--allow-root', deb];
    t.notThrows(() => execFileSync('/usr/bin/lintian', argv, { encoding: 'utf8', stdio: 'pipe' }));
  }
});

full(
  'rpm reads both packages, whose files are root’s',
  !existsSync('/usr/bin/rpmbuild') && 'rpm is missing',
  async (t) => {
    t.timeout(600_000);
    for (const app of ['agent', 'collector'] as const) {
      const { rpm } = await packagedFiles({ app });
      const ask = (...argv: string[]) => execFileSync('/usr/bin/rpm', argv, { encoding: 'utf8' });
      t.regex(ask('-K', '--nosignature', rpm), /digests OK/);
      const files = ask('-qp', '--queryformat', '[%{FILENAMES} %{FILEUSERNAME} %{FILEGROUPNAME}\n]', rpm)
        .trim()
        .split('\n');
      for (const line of files) t.regex(line, / root root$/);
      t.true(files.some((line) => line.startsWith(`/usr/bin/certherd-${app} `)));
      t.regex(ask('-qp', '--requires', rpm), /libc\.so\.6\(GLIBC_2\.28\)/);
    }
  },
);

full('in a chroot without systemd both packages go in and out, and nothing fails', noMachine, async (t) => {
  t.timeout(600_000);
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const machine = await openMachine(sandbox);
  t.teardown(() => machine.close());
  for (const program of ['systemctl', 'systemd-sysusers', 'deb-systemd-invoke'])
    await machine.run('mv', [`/usr/bin/${program}`, `/usr/bin/${program}.away`]);
  for (const app of ['agent', 'collector'] as const) {
    const { deb, identity } = await packagedFiles({ app });
    await machine.must('cp', deb, '/root/it.deb');
    const dpkg = async (...argv: string[]) => {
      const ran = await machine.run('/usr/bin/dpkg', argv, quiet);
      t.is(ran.exit, 0, ran.stderr);
      // A directory that this machine has of other packages may stay.
      t.notRegex(ran.stderr.replaceAll(/^.*not empty so not removed$/gm, ''), /warning|error/, ran.stderr);
    };
    await dpkg('--install', '/root/it.deb');
    t.is(
      (await machine.must(`/usr/bin/certherd-${app}`, 'version')).split('\n')[0],
      `certherd-${app} ${identity.version}`,
    );
    await dpkg('--install', '/root/it.deb');
    await dpkg('--remove', `certherd-${app}`);
    await dpkg('--purge', `certherd-${app}`);
    t.not((await machine.run('/usr/bin/dpkg', ['--status', `certherd-${app}`])).exit, 0);
  }
});

full(
  'under systemd the agent’s package starts an observer, upgrades it in place, and purged leaves nothing',
  noGuest,
  async (t) => {
    t.timeout(900_000);
    const own = await packagedFiles();
    const next = await packagedFiles({ version: '9.0.0' });
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const guest = await bootGuest(sandbox, 'packaged', { [own.deb]: '/opt/own.deb', [next.deb]: '/opt/next.deb' });
    const before = await everything(guest);

    await guest.must('useradd', '--system', '--uid', '1500', 'certherd-agent');
    const refused = await guest.run('dpkg', ['--install', '/opt/own.deb']);
    t.not(refused.exit, 0);
    t.regex(
      refused.stderr,
      /^certherd-agent: there is an account certherd-agent .*: its id is 1500\. Rename or remove it$/m,
    );
    await guest.must('userdel', 'certherd-agent');
    t.deepEqual((await everything(guest)).toSorted(), before.toSorted());

    await guest.must('dpkg', '--install', '/opt/own.deb');
    const told = async (what: string, unit: string) => (await guest.run('systemctl', [what, unit])).stdout.trim();
    t.is(await told('is-enabled', 'certherd-agent.service'), 'enabled');
    t.is(await told('is-enabled', 'certherd-act.socket'), 'disabled');
    t.is(await told('is-active', 'certherd-act.socket'), 'inactive');
    const runs = async () => (await guest.run('certherd-agent', ['status'])).exit === 0;
    await until('the agent runs', runs, { deadlineMs: 60_000 });
    const rights = guest.read(`/proc/${await pidOf(guest)}/status`);
    t.regex(rights, /^Uid:\t[1-9]/m, 'not as root');
    t.regex(await guest.must('certherd-agent', 'version'), new RegExp(`^certherd-agent ${own.identity.version}\n`));

    const old = await pidOf(guest);
    await guest.must('dpkg', '--install', '/opt/next.deb');
    await until('the new one runs', runs, { deadlineMs: 60_000 });
    t.not(await pidOf(guest), old);
    t.regex(await guest.must('readlink', `/proc/${await pidOf(guest)}/exe`), /^\/usr\/bin\/certherd-agent$/m);
    t.regex(await guest.must('certherd-agent', 'version'), /^certherd-agent 9\.0\.0\n/);

    await guest.must('systemctl', 'disable', '--now', 'certherd-agent.service');
    await guest.must('dpkg', '--install', '/opt/own.deb');
    t.is(await told('is-enabled', 'certherd-agent.service'), 'disabled', 'what was disabled stays so');
    t.is(await told('is-active', 'certherd-agent.service'), 'inactive', 'what was stopped stays so');

    await guest.must('systemctl', 'enable', '--now', 'certherd-agent.service', 'certherd-act.socket');
    await until('it runs again', runs, { deadlineMs: 60_000 });
    await guest.must('dpkg', '--remove', 'certherd-agent');
    t.is(await told('is-active', 'certherd-agent.service'), 'inactive');
    t.true(guest.exists('/var/lib/certherd-agent'), 'removed, its state stays');
    await guest.must('dpkg', '--install', '/opt/own.deb');
    await until('installed again, it runs', runs, { deadlineMs: 60_000 });
    t.is(await told('is-active', 'certherd-act.socket'), 'inactive');
    await guest.must('systemctl', 'stop', 'certherd-agent.service');
    await guest.must('dpkg', '--install', '/opt/next.deb');
    t.is(await told('is-active', 'certherd-agent.service'), 'inactive', 'the upgrade after that starts nothing');

    const slow = '/etc/systemd/system/certherd-agent.service.d/slow.conf';
    guest.write(slow, '[Service]\nExecStartPre=/usr/bin/sleep 60\n');
    await guest.must('systemctl', 'daemon-reload');
    await guest.must('systemctl', 'start', '--no-block', 'certherd-agent.service');
    const starting = async () => (await told('is-active', 'certherd-agent.service')) === 'activating';
    await until('it is starting', starting, { deadlineMs: 60_000 });
    await guest.must('rm', '-r', '/etc/systemd/system/certherd-agent.service.d');
    await guest.must('dpkg', '--install', '/opt/own.deb');
    t.is(await told('is-active', 'certherd-agent.service'), 'active', 'what was starting was started again');
    await guest.must('dpkg', '--remove', 'certherd-agent');
    await guest.must('dpkg', '--purge', 'certherd-agent');
    const left = (await everything(guest)).filter((path) => !before.includes(path));
    t.deepEqual(left, []);
    t.notRegex(guest.read('/etc/passwd'), /certherd/);
  },
);

full(
  'under systemd the collector’s package serves, keeps its history when removed, and purged leaves nothing',
  noGuest,
  async (t) => {
    t.timeout(900_000);
    const { deb } = await packagedFiles({ app: 'collector' });
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const guest = await bootGuest(sandbox, 'collecting', { [deb]: '/opt/it.deb' });
    const before = await everything(guest);
    await guest.must('dpkg', '--install', '/opt/it.deb');
    const page =
      'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8480/", timeout=2).read().decode())';
    const shown = async () => (await guest.run('/usr/bin/python3', ['-c', page])).stdout.includes('<script');
    await until('the page is served', shown, { deadlineMs: 60_000 });
    t.notRegex(await guest.must('ls', '-a', '/tmp', '/var/lib/certherd-collector/'), /certherd-sqlite/);
    await guest.must('dpkg', '--remove', 'certherd-collector');
    t.false(await shown());
    t.true(guest.exists('/var/lib/private/certherd-collector/certherd.db'));
    await guest.must('dpkg', '--install', '/opt/it.deb');
    await until('installed again, it serves', shown, { deadlineMs: 60_000 });
    await guest.must('dpkg', '--remove', 'certherd-collector');
    await guest.must('dpkg', '--purge', 'certherd-collector');
    const left = (await everything(guest)).filter((path) => !before.includes(path));
    t.deepEqual(left, []);
  },
);

async function pidOf(guest: Guest): Promise<string> {
  return (await guest.must('systemctl', 'show', '-P', 'MainPID', 'certherd-agent')).trim();
}

/** All paths on the guest's disk but logs, and what systemd and dpkg note for themselves. */
async function everything(guest: Guest): Promise<string[]> {
  const listed = await guest.must('find', '/', '-xdev', '-not', '-path', '/proc/*');
  const own =
    /^\/(?:var\/(?:log|cache|lib\/(?:dpkg|systemd|private$)|tmp|backups)|run|tmp|sys|dev)(?:\/|$)|^\/etc\/(?:passwd|group|shadow|gshadow)-$|^\/etc\/\.pwd\.lock$/;
  return listed.split('\n').filter((path) => path !== '' && !own.test(path));
}
