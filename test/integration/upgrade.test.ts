import test, { type ExecutionContext } from 'ava';
import { type BareGuest, laterProgram, newProgram, startBareGuest, treeChanges } from '../helpers/bare-guest.ts';
import { breakableVersion, conductFile } from '../helpers/breakable-binary.ts';
import { guestsAreImpossible } from '../helpers/testbed/guest.ts';

const impossible = process.env['CERTHERD_FULL'] === '1' ? guestsAreImpossible() : './scripts/test --full runs it';
/** They run beside each other: most of their time is waiting. */
const inGuest = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test(title, body) : test.skip(`${title} (${impossible})`, body);
/** The first one may have to build the image. */
const longMs = 900_000;
const installed = '/usr/bin/certherd-agent';
const previous = `${installed}.previous`;
const unit = '/usr/lib/systemd/system/certherd-agent.service';

const killedWhileItProves = `
${installed} upgrade ${laterProgram} >/dev/null 2>&1 &
until [ "$(systemctl show -P NRestarts certherd-agent.service)" -ge 1 ]; do sleep 0.1; done
kill -KILL $!
`;

async function installedHost(t: ExecutionContext, name: string): Promise<BareGuest> {
  t.timeout(longMs);
  const host = await startBareGuest(t, name);
  const { exit, stderr } = await host.run(newProgram, 'install', '--no-check');
  t.is(exit, 0, stderr);
  return host;
}

/** What runs, by its own word, and that it is the program in place with the unit that systemd has read. */
async function running(t: ExecutionContext, { guest, run }: BareGuest): Promise<string> {
  const status = JSON.parse((await run(installed, 'status', '--json')).stdout);
  t.true(status.running);
  t.true(Date.parse(status.lookedAt) > 0);
  t.is((await guest.must('readlink', `/proc/${status.pid}/exe`)).trim(), installed);
  t.is((await guest.must('systemctl', 'show', '-P', 'NeedDaemonReload', 'certherd-agent.service')).trim(), 'no');
  t.is(guest.read(unit).includes(`# ${breakableVersion}`), status.agentVersion === breakableVersion);
  return status.agentVersion;
}

inGuest('an upgrade proves the new version, keeps the old one, and can be taken back by it', async (t) => {
  const host = await installedHost(t, 'upgrade');
  const { guest, run } = host;
  const planned = await run(installed, 'upgrade', laterProgram, '--dry-run');
  t.regex(planned.stdout, /^Would upgrade 0\.1\.0 to 9\.9\.9: /);
  const before = await host.tree();

  const upgraded = await run(installed, 'upgrade', laterProgram);
  t.is(upgraded.exit, 0, upgraded.stderr);
  t.regex(
    upgraded.stdout,
    /Upgraded 0\.1\.0 to 9\.9\.9\. The old program is \/usr\/bin\/certherd-agent\.previous\.\n$/,
  );
  t.is(await running(t, host), breakableVersion);
  t.is((await guest.run('cmp', [newProgram, previous])).exit, 0);
  const again = await run(installed, 'upgrade', laterProgram);
  t.deepEqual(
    [again.exit, again.stdout],
    [0, `Nothing to change: ${laterProgram} is the installed program (9.9.9).\n`],
  );
  t.regex((await run(newProgram, 'install')).stderr, /another version is installed: \/opt\/certherd-agent upgrade/);
  t.is(
    (await run(installed, 'upgrade')).stdout,
    'No upgrade was interrupted. To upgrade, name the FILE of the new version.\n',
  );

  const back = await run(installed, 'upgrade', previous, '--json');
  t.is(back.exit, 0, back.stderr);
  t.like(JSON.parse(back.stdout), { version: 1, changed: true, outcome: 'done' });
  t.is(await running(t, host), '0.1.0');
  t.deepEqual(
    treeChanges(before, await host.tree()).filter((line) => !line.includes(previous)),
    [],
  );
});

for (const [conduct, why] of [
  ['crashes', /systemd started it 3 times, and each time it ended/],
  ['ends', /systemd started it 3 times, and each time it ended/],
  ['hangs', /it (?:has not looked yet|said nothing of itself), 60 s after its start|systemd calls it activating/],
] as const) {
  inGuest(`of a new version that ${conduct} it goes back to the old one by itself`, async (t) => {
    const host = await installedHost(t, conduct);
    host.guest.write(conductFile, conduct);
    const before = await host.tree();
    const upgraded = await host.run(installed, 'upgrade', laterProgram);
    t.is(upgraded.exit, 1);
    t.regex(upgraded.stderr, /^certherd-agent: 9\.9\.9 is not well \(.*\): 0\.1\.0 is back in its place and runs\./);
    t.regex(upgraded.stderr, why);
    t.is(upgraded.stderr.trim().split('\n').length, 1, upgraded.stderr);
    t.is(await running(t, host), '0.1.0');
    t.deepEqual(treeChanges(before, await host.tree()), []);
  });
}

for (const steps of [
  [1, 2],
  [3, 4],
]) {
  inGuest(`an upgrade that is killed after its step ${steps.join(' or ')} is finished by the next run`, async (t) => {
    const host = await installedHost(t, `cut-off-${steps[0]}`);
    const programs = [laterProgram, newProgram];
    for (const lines of steps) {
      const [file = ''] = programs;
      t.true(await host.killAfter(lines, installed, 'upgrade', file));
      t.is((await host.guest.run(installed, ['version'])).exit, 0, 'a whole program is in place');
      const next = await host.run(installed, 'upgrade', file);
      t.is(next.exit, 0, next.stderr);
      t.is((await host.guest.run('cmp', [file, installed])).exit, 0);
      t.is(await running(t, host), file === laterProgram ? breakableVersion : '0.1.0');
      t.deepEqual(
        (await host.tree()).filter((line) => /^\/usr\/bin\/\.?certherd/.test(line)).map((line) => line.split(' ')[0]),
        [installed, previous],
      );
      programs.reverse();
    }
  });
}

inGuest(
  'an upgrade to a version that crashes, killed before it was proved, is told by doctor and taken back',
  async (t) => {
    const host = await installedHost(t, 'cut-off-bad');
    host.guest.write(conductFile, 'crashes');
    // The install that it began is waiting for the first look by then, and goes on.
    await host.guest.must('/bin/bash', '-c', killedWhileItProves);
    const { stdout } = await host.run(newProgram, 'doctor', '--json');
    const { checks } = JSON.parse(stdout) as { checks: { check: string; fix: string }[] };
    t.regex(checks.find(({ check }) => check === 'upgrade')?.fix ?? '', /^certherd-agent upgrade \(/);
    const back = await host.run(installed, 'upgrade');
    t.is(back.exit, 1);
    t.regex(back.stdout, /^ {2}wait for the end of an install that is under way$/m);
    t.regex(back.stderr, /^certherd-agent: 9\.9\.9 is not well \(.*\): 0\.1\.0 is back in its place and runs\..*\n$/);
    t.is(await running(t, host), '0.1.0');
  },
);

inGuest('what cannot be the agent of this host is told apart, and nothing changes', async (t) => {
  const host = await installedHost(t, 'unfit');
  const { guest } = host;
  const make = (script: string) => guest.must('/bin/sh', '-c', script);
  await make('head -c 40000000 /opt/certherd-agent >/tmp/cut; chmod +x /tmp/cut');
  await make(
    `cp /opt/certherd-agent /tmp/arm; printf '\\267\\000' | dd of=/tmp/arm bs=1 seek=18 conv=notrunc status=none`,
  );
  await make("sed 's/GLIBC_2\\.34/GLIBC_9.99/' /usr/bin/true >/tmp/libc");
  const before = await host.tree();
  for (const [file, says] of [
    ['/tmp/nothing', /\/tmp\/nothing cannot be read\. Nothing was changed\./],
    ['/etc/passwd', /\/etc\/passwd is no Linux program, or not all of one\./],
    ['/usr/bin', /\/usr\/bin cannot be read\./],
    ['/tmp/arm', /\/tmp\/arm is for another processor than this host's \(x64\)\./],
    ['/tmp/libc', /\/tmp\/libc does not start here: it needs glibc 9\.99, which this host's system does not have\./],
    ['/usr/bin/true', /\/usr\/bin\/true does not say that it is a certherd-agent\./],
    ['/tmp/cut', /\/tmp\/cut does not start here: /],
  ] as const) {
    const ran = await host.run(installed, 'upgrade', file);
    t.is(ran.exit, 1, file);
    t.regex(ran.stderr, says);
    t.is(ran.stderr.trim().split('\n').length, 1, ran.stderr);
    t.deepEqual(treeChanges(before, await host.tree()), [], file);
  }
  const closed = 'mount --bind /usr /usr; mount -o remount,ro,bind /usr; exec /usr/bin/certherd-agent "$@"';
  for (const words of [
    ['upgrade', laterProgram],
    ['uninstall', '--purge'],
  ]) {
    const ran = await host.run('/usr/bin/unshare', '--mount', '/bin/sh', '-c', closed, 'sh', ...words);
    t.is(ran.exit, 1);
    t.regex(ran.stderr, /^certherd-agent: a read-only file system \(\/usr\/\S+: EROFS\): .*\n$/);
    t.deepEqual(treeChanges(before, await host.tree()), [], words[0]);
    t.is(await running(t, host), '0.1.0');
  }
});
