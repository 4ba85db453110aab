import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type BareGuest, newProgram, startBareGuest, treeChanges } from '../helpers/bare-guest.ts';
import { packagedFiles } from '../helpers/packaged-files.ts';
import { guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { until } from '../helpers/testbed/until.ts';

const impossible = process.env['CERTHERD_FULL'] === '1' ? guestsAreImpossible() : './scripts/test --full runs it';
/** They run beside each other: most of their time is waiting. */
const inGuest = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test(title, body) : test.skip(`${title} (${impossible})`, body);
/** The first one may have to build the image. */
const longMs = 900_000;
const installed = '/usr/bin/certherd-agent';
const patience = { deadlineMs: 60_000, everyMs: 200 };

inGuest(
  'from nothing: install enrols, starts and checks; a second run changes nothing; uninstall leaves nothing',
  async (t) => {
    t.timeout(longMs);
    const host = await startBareGuest(t, 'nothing');
    const { guest, run } = host;
    const { join } = await host.collector();
    const word = await join();
    const before = await host.tree();

    const planned = await run(newProgram, 'install', '--join', word, '--dry-run');
    t.is(planned.exit, 0, planned.stderr);
    t.regex(planned.stdout, /enrol with the collector at 127\.0\.0\.1:8443/);
    t.false(planned.stdout.includes(word.split('.').at(-1) ?? '?'), 'the token is not shown');
    t.deepEqual(treeChanges(before, await host.tree()), [], 'a dry run changes nothing');

    const first = await run(newProgram, 'install', '--join', word);
    t.is(first.exit, 0, first.stderr);
    t.regex(first.stdout, /is installed, runs as its own user, and observes/);
    t.regex(first.stdout, /The first check:[\s\S]*0 endpoints/);
    t.false(`${first.stdout}${await guest.journal('certherd-agent')}`.includes(word.slice(-20)), 'nor is it logged');
    t.is((await guest.run('systemctl', ['is-active', 'certherd-act.socket'])).stdout.trim(), 'inactive');
    t.is((await guest.run('systemctl', ['is-enabled', 'certherd-act.socket'])).stdout.trim(), 'disabled');
    t.is((await guest.run('systemctl', ['is-enabled', 'certherd-agent.service'])).stdout.trim(), 'enabled');
    const pid = (await guest.must('systemctl', 'show', '-P', 'MainPID', 'certherd-agent')).trim();
    t.regex(guest.read(`/proc/${pid}/status`), /^Uid:\t([1-9]\d*)\t\1\t\1\t\1$/m);
    const status = async () => JSON.parse((await run(installed, 'status', '--json')).stdout);
    await until('it is connected', async () => (await status()).collector.state === 'connected', patience);
    const state = await guest.must('stat', '--format=%U %a', '/var/lib/certherd-agent');
    t.is(state.trim(), 'certherd-agent 700');

    const settled = await host.tree();
    for (const program of [newProgram, installed]) {
      const again = await run(program, 'install', '--join', word);
      t.is(again.stdout, 'Nothing to change: certherd-agent 0.1.0 is installed, runs, and observes.\n');
      t.is(again.exit, 0);
    }
    t.deepEqual(treeChanges(settled, await host.tree()), []);
    t.is(
      (await guest.must('systemctl', 'show', '-P', 'MainPID', 'certherd-agent')).trim(),
      pid,
      'it was not even restarted',
    );

    const deploying = await run(installed, 'install', '--mode', 'deploy', '--no-check');
    t.is(deploying.exit, 0, deploying.stderr);
    t.is((await guest.run('systemctl', ['is-active', 'certherd-act.socket'])).stdout.trim(), 'active');
    t.is((await status()).mode, 'deploy');
    t.false(JSON.parse((await run(installed, 'install', '--mode', 'deploy', '--json')).stdout).changed);

    const kept = await run(installed, 'uninstall');
    t.is(kept.exit, 0, kept.stderr);
    t.regex(kept.stdout, /Left, for the next install: \/etc\/certherd\/agent\.toml, \/var\/lib\/certherd-agent\b/);
    t.deepEqual(
      treeChanges(before, await host.tree()).filter((line) => !/ {2}\/etc/.test(line)),
      [
        '+ /etc/certherd 0 0 755',
        `+ /etc/certherd/agent.toml 0 0 644 ${guest.read('/etc/certherd/agent.toml').length} `,
        '+ /var/lib/certherd-agent 0 0 700',
      ],
      'nobody gets the state with the number of the account',
    );
    t.regex((await guest.run('systemctl', ['list-units', '--all', 'certherd*'])).stdout, /^0 loaded units/m);

    const back = await run(newProgram, 'install', '--join', word, '--no-check');
    t.is(back.exit, 0, back.stderr);
    t.notRegex(back.stdout, /enrol/, 'it is the same host still');
    await until('it is connected again', async () => (await status()).collector.state === 'connected', patience);
    const purged = await run(installed, 'uninstall', '--purge');
    t.is(purged.exit, 0, purged.stderr);
    t.deepEqual(treeChanges(before, await host.tree()), []);
    t.is(
      (await run(newProgram, 'uninstall', '--purge')).stdout,
      'Nothing to remove: certherd-agent is not installed.\n',
    );
  },
);

for (const first of [1, 4]) {
  const which = `of its steps ${first}, ${first + 6}, ${first + 12} …`;
  inGuest(`an install that is killed after any ${which} is finished by the next, and an uninstall too`, async (t) => {
    t.timeout(longMs);
    const host = await startBareGuest(t, `killed-${first}`);
    const before = await host.tree();
    let killed = 0;
    for (let lines = first; await host.killAfter(lines, newProgram, 'install', '--no-check'); lines += 6) {
      killed += 1;
      const next = await host.run(newProgram, 'install', '--no-check');
      t.is(next.exit, 0, next.stderr);
      t.regex((await host.run(installed, 'install')).stdout, /^Nothing to change/);
      await host.killAfter(lines, installed, 'uninstall', '--purge');
      t.is((await host.run(newProgram, 'uninstall', '--purge')).exit, 0);
      t.deepEqual(treeChanges(before, await host.tree()), [], `killed after ${lines} lines`);
    }
    t.true(killed >= 2);
  });
}

/** What is wrong, what has to be done to a guest for it, and the one line that says so. */
const obstacles: [string, (host: BareGuest) => Promise<unknown>, string[], RegExp][] = [
  [
    'not root',
    async () => {},
    ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', newProgram, 'install'],
    /this needs root: type it again with sudo/,
  ],
  [
    'no systemd',
    async () => {},
    ['/usr/bin/unshare', '--mount', '/bin/sh', '-c', `mount -t tmpfs none /run/systemd; exec ${newProgram} install`],
    /systemd does not run here/,
  ],
  [
    'a read-only /usr',
    async () => {},
    [
      '/usr/bin/unshare',
      '--mount',
      '/bin/sh',
      '-c',
      `mount --bind /usr /usr; mount -o remount,ro,bind /usr; exec ${newProgram} install`,
    ],
    /a read-only file system \(\/usr\/bin: EROFS\)/,
  ],
  [
    'a disk that is full after the program was copied',
    ({ guest }) =>
      guest.must(
        '/bin/sh',
        '-c',
        'mount -t tmpfs -o size=4k none /usr/lib/sysusers.d; cat /dev/zero >/usr/lib/sysusers.d/all || true',
      ),
    [newProgram, 'install'],
    /cannot write \/usr\/lib\/sysusers\.d\/certherd-agent\.conf: .*no room is left .*ENOSPC.*The host is as it was\./,
  ],
  [
    'a directory in which not even root may write',
    ({ guest }) => guest.must('/bin/sh', '-c', 'umount /usr/lib/sysusers.d; chown 65534 /usr/lib/sysusers.d'),
    ['/usr/bin/setpriv', '--bounding-set=-dac_override', '--inh-caps=-dac_override', newProgram, 'install'],
    /the system refuses it even to root \(\/usr\/lib\/sysusers\.d: EACCES\): SELinux or AppArmor/,
  ],
  [
    'an account of that name that is a person',
    ({ guest }) =>
      guest.must('/bin/sh', '-c', 'chown 0 /usr/lib/sysusers.d; useradd --uid 1500 --shell /bin/bash certherd-agent'),
    [newProgram, 'install'],
    /there is an account certherd-agent that is not the agent's: its id is 1500/,
  ],
  [
    'a state directory of somebody else',
    ({ guest }) =>
      guest.must(
        '/bin/sh',
        '-c',
        'userdel certherd-agent; mkdir /var/lib/certherd-agent; chown 65534 /var/lib/certherd-agent',
      ),
    [newProgram, 'install'],
    /\/var\/lib\/certherd-agent belongs to nobody: move it away, or chown it to root/,
  ],
  [
    'a program that is a link into a clone',
    ({ guest }) =>
      guest.must(
        '/bin/sh',
        '-c',
        'rmdir /var/lib/certherd-agent; ln -s /opt/elsewhere/certherd/agent/main.ts /usr/bin/certherd-agent',
      ),
    [newProgram, 'install'],
    /\/usr\/bin\/certherd-agent is a link, and not of this install/,
  ],
  [
    'a unit that would hide ours',
    ({ guest }) =>
      guest.must('/bin/sh', '-c', 'rm /usr/bin/certherd-agent; touch /etc/systemd/system/certherd-agent.service'),
    [newProgram, 'install'],
    /\/etc\/systemd\/system\/certherd-agent\.service would hide the agent's own unit/,
  ],
  [
    'settings that are wrong',
    ({ guest }) =>
      guest.must(
        '/bin/sh',
        '-c',
        'rm /etc/systemd/system/certherd-agent.service; mkdir /etc/certherd; echo "mod = 1" >/etc/certherd/agent.toml',
      ),
    [newProgram, 'install'],
    /\/etc\/certherd\/agent\.toml:1: mod: unknown field; did you mean mode/,
  ],
  [
    'a join string that is cut off',
    ({ guest }) => guest.must('rm', '-r', '/etc/certherd'),
    [newProgram, 'install', '--join', 'certherd://127.0.0.1:8443/AAAA.BBBB'],
    /the join string cannot be used: it is cut off or altered: copy the whole word/,
  ],
];

inGuest('every obstacle is one line, and the host is as it was', async (t) => {
  t.timeout(longMs);
  const host = await startBareGuest(t, 'obstacles');
  for (const [what, make, [program = '', ...args], says] of obstacles) {
    await make(host);
    const before = await host.tree();
    const ran = await host.run(program, ...args);
    t.not(ran.exit, 0, what);
    t.regex(ran.stderr, says, what);
    t.is(ran.stderr.trim().split('\n').length, 1, `${what}: ${ran.stderr}`);
    t.deepEqual(treeChanges(before, await host.tree()), [], what);
  }
});

inGuest('a join string that was used, or is for another collector, leaves the host as it was', async (t) => {
  t.timeout(longMs);
  const host = await startBareGuest(t, 'joins');
  const { join } = await host.collector();
  const word = await join();
  const other = word.replace(/\/[\w-]{43}\./, `/${'A'.repeat(43)}.`);
  const before = await host.tree();
  const foreign = await host.run(newProgram, 'install', '--join', other);
  t.is(foreign.exit, 1);
  t.regex(
    foreign.stderr,
    /127\.0\.0\.1:8443 is not the collector of this join string .*The token was not sent.*The host is as it was\./,
  );
  t.deepEqual(treeChanges(before, await host.tree()), []);

  t.is((await host.run(newProgram, 'install', '--join', word, '--no-check')).exit, 0);
  t.is((await host.run(installed, 'uninstall', '--purge')).exit, 0);
  const used = await host.run(newProgram, 'install', '--join', word);
  t.is(used.exit, 1);
  t.regex(
    used.stderr,
    /cannot enrol with the collector at 127\.0\.0\.1:8443: the collector refused the token.* was used, has expired/,
  );
  t.is(used.stderr.trim().split('\n').length, 1, used.stderr);
  t.deepEqual(treeChanges(before, await host.tree()), []);
});

inGuest("a package's agent is left to the package manager", async (t) => {
  t.timeout(longMs);
  const host = await startBareGuest(t, 'packaged');
  const { deb } = await packagedFiles();
  host.guest.write('/tmp/agent.deb.base64', readFileSync(deb).toString('base64'));
  await host.guest.must('/bin/sh', '-c', 'base64 -d /tmp/agent.deb.base64 >/tmp/agent.deb && dpkg -i /tmp/agent.deb');
  const before = await host.tree();
  for (const args of [['install'], ['upgrade', newProgram], ['uninstall', '--purge']]) {
    const ran = await host.run(newProgram, ...args);
    t.is(ran.exit, 1);
    t.is(
      ran.stderr,
      'certherd-agent: a package owns the agent of this host: use apt install, apt upgrade or apt remove certherd-agent\n',
    );
  }
  t.deepEqual(treeChanges(before, await host.tree()), []);
});
