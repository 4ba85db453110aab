import test, { type ExecutionContext } from 'ava';
import { packagedFiles } from '../helpers/packaged-files.ts';
import { bootGuest, type Guest, guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

// rpm itself runs the scriptlets, under a real systemd. The guest is Debian's, so that rpm knows of no glibc: --nodeps.

const impossible = process.env['CERTHERD_FULL'] === '1' ? guestsAreImpossible() : './scripts/test --full runs it';
const inGuest = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test.serial(title, body) : test.skip(`${title} (${impossible})`, body);
const patience = { deadlineMs: 60_000, everyMs: 200 };
const settings = '/etc/certherd/agent.toml';

inGuest(
  'the agent’s .rpm starts an observer, an upgrade restarts it, erased it leaves state and account',
  async (t) => {
    t.timeout(900_000);
    const own = await packagedFiles();
    const next = await packagedFiles({ version: '9.0.0' });
    const host = await startGuest(t, 'rpm-agent', { [own.rpm]: '/opt/own.rpm', [next.rpm]: '/opt/next.rpm' });
    const { guest, rpm, told, everything } = host;
    const before = await everything();
    const runs = async () => (await guest.run('certherd-agent', ['status'])).exit === 0;
    const pid = () => host.pidOf('certherd-agent');

    await guest.must('useradd', '--system', '--uid', '1500', 'certherd-agent');
    const refused = await guest.run('/usr/bin/rpm', ['--install', '/opt/own.rpm', '--nodeps', '--force-debian']);
    t.not(refused.exit, 0);
    t.regex(
      refused.stderr,
      /^certherd-agent: there is an account certherd-agent .*: its id is 1500\. Rename or remove it$/m,
    );
    await guest.must('userdel', 'certherd-agent');
    t.deepEqual(added(before, await everything()), []);

    await rpm('--install', '/opt/own.rpm');
    t.is(await told('is-enabled', 'certherd-agent.service'), 'enabled');
    t.is(await told('is-active', 'certherd-agent.service'), 'active');
    t.is(await told('is-enabled', 'certherd-act.socket'), 'disabled');
    t.is(await told('is-active', 'certherd-act.socket'), 'inactive');
    await until('the agent runs', runs, patience);
    t.regex(guest.read(`/proc/${await pid()}/status`), /^Uid:\t([1-9]\d*)\t\1\t\1\t\1$/m);
    t.regex(guest.read('/etc/passwd'), /^certherd-agent:.*:\/var\/lib\/certherd-agent:/m);
    await rpm('--verify', '--nodeps', 'certherd-agent');

    const old = await pid();
    guest.write(settings, `${guest.read(settings)}\n# of this host\n`);
    await rpm('--upgrade', '/opt/next.rpm');
    await until('the new one runs', async () => (await runs()) && (await pid()) !== old, patience);
    t.regex(await guest.must('certherd-agent', 'version'), /^certherd-agent 9\.0\.0\n/);
    t.is((await guest.must('readlink', `/proc/${await pid()}/exe`)).trim(), '/usr/bin/certherd-agent');
    t.is(await told('is-enabled', 'certherd-agent.service'), 'enabled');
    t.regex(guest.read(settings), /# of this host/);
    t.is((await guest.must('systemctl', 'show', '-P', 'NeedDaemonReload', 'certherd-agent')).trim(), 'no');

    await guest.must('systemctl', 'disable', '--now', 'certherd-agent.service');
    await rpm('--upgrade', '--oldpackage', '/opt/own.rpm');
    t.is(await told('is-enabled', 'certherd-agent.service'), 'disabled', 'what was disabled stays so');
    t.is(await told('is-active', 'certherd-agent.service'), 'inactive', 'what was stopped stays so');

    await guest.must('systemctl', 'enable', '--now', 'certherd-agent.service', 'certherd-act.socket');
    await until('it runs again', runs, patience);
    await rpm('--erase', 'certherd-agent');
    for (const unit of ['certherd-agent.service', 'certherd-act.socket'])
      t.is(await told('is-active', unit), 'inactive');
    t.regex(await guest.must('systemctl', 'list-units', '--all', 'certherd*'), /^0 loaded units/m);
    const stays = ['/etc/certherd', `${settings}.rpmsave`, '/var/lib/certherd-agent'];
    t.deepEqual(added(before, await everything()), stays);
    t.regex(guest.read('/etc/passwd'), /^certherd-agent:/m);

    await rpm('--install', '/opt/next.rpm');
    await until('installed again, it runs', runs, patience);
    await rpm('--erase', 'certherd-agent');

    guest.write('/etc/systemd/system-preset/00-mine.preset', 'disable *\n');
    await rpm('--install', '/opt/own.rpm');
    t.is(await told('is-enabled', 'certherd-agent.service'), 'disabled', 'the administrator’s preset counts');
    t.is(await told('is-active', 'certherd-agent.service'), 'inactive');
  },
);

inGuest('the collector’s .rpm serves, an upgrade restarts it, erased it keeps the history', async (t) => {
  t.timeout(900_000);
  const own = await packagedFiles({ app: 'collector' });
  const next = await packagedFiles({ app: 'collector', version: '9.0.0' });
  const host = await startGuest(t, 'rpm-collector', { [own.rpm]: '/opt/own.rpm', [next.rpm]: '/opt/next.rpm' });
  const { guest, rpm, told, everything } = host;
  const before = await everything();
  const serves = async () => (await guest.run('certherd-collector', ['health'])).exit === 0;
  const pid = () => host.pidOf('certherd-collector');

  await rpm('--install', '/opt/own.rpm');
  t.is(await told('is-enabled', 'certherd-collector.service'), 'enabled');
  await until('it serves', serves, patience);
  await rpm('--verify', '--nodeps', 'certherd-collector');
  const old = await pid();
  await rpm('--upgrade', '/opt/next.rpm');
  await until('the new one serves', async () => (await pid()) !== old && (await serves()), patience);
  t.regex(await guest.must('certherd-collector', 'version'), /^certherd-collector 9\.0\.0\n/);

  await rpm('--erase', 'certherd-collector');
  t.false(await serves());
  t.is(await told('is-active', 'certherd-collector.service'), 'inactive');
  t.true(guest.exists('/var/lib/private/certherd-collector/certherd.db'));
  t.deepEqual(added(before, await everything()), ['/var/lib/certherd-collector']);
  await rpm('--install', '/opt/own.rpm');
  await until('installed again, it serves', serves, patience);
});

async function startGuest(t: ExecutionContext, name: string, bindings: Record<string, string>) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const guest = await bootGuest(sandbox, name, bindings);
  t.teardown(() => guest.close());
  return {
    guest,
    /** Nothing may be said where all went well: a scriptlet that failed is a warning, and no failure. */
    rpm: async (...argv: string[]): Promise<void> => {
      const options = argv[0] === '--verify' ? [] : ['--nodeps', '--force-debian'];
      const { exit, stdout, stderr } = await guest.run('/usr/bin/rpm', [...argv, ...options]);
      t.is(exit, 0, `${argv.join(' ')}: ${stdout}${stderr}`);
      const expected = /^Creating (?:group|user) 'certherd-agent' .*$|^warning: \S+ saved as \S+\.rpmsave$/gm;
      t.is(`${stdout}${stderr}`.replaceAll(expected, '').trim(), '', argv.join(' '));
    },
    told: async (what: string, unit: string) => (await guest.run('systemctl', [what, unit])).stdout.trim(),
    pidOf: async (unit: string) => (await guest.must('systemctl', 'show', '-P', 'MainPID', unit)).trim(),
    everything: () => everything(guest),
  };
}

/** All paths on the guest's disk, but what is in a state directory, logs, and what systemd and rpm note for themselves. */
async function everything(guest: Guest): Promise<string[]> {
  const listed = await guest.must('find', '/', '-xdev', '-not', '-path', '/proc/*');
  const own =
    /^\/(?:var\/(?:log|cache|lib\/(?:rpm|systemd|private)|tmp|backups)|root|run|tmp|sys|dev)(?:\/|$)|^\/var\/lib\/certherd-agent\/|^\/etc\/(?:passwd|group|shadow|gshadow)-$|^\/etc\/\.pwd\.lock$/;
  return listed.split('\n').filter((path) => path !== '' && !own.test(path));
}

function added(before: readonly string[], after: readonly string[]): string[] {
  const had = new Set(before);
  return after.filter((path) => !had.has(path)).toSorted();
}
