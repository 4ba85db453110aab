import { copyFileSync, existsSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { fleetOf, type Played } from '../helpers/fleet.ts';
import { type GuestHost, startGuestHost } from '../helpers/guest-host.ts';
import { packagedFiles } from '../helpers/packaged-files.ts';
import { bootGuest, type Guest, guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

const impossible =
  guestsAreImpossible() ??
  (existsSync('/usr/bin/ansible-playbook') ? undefined : 'missing: ansible-core') ??
  (process.env.CERTHERD_FULL ? undefined : 'only with ./scripts/test --full');
const inGuests = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test.serial(title, body) : test.skip(`${title} (${impossible})`, body);
const patience = { deadlineMs: 60_000, everyMs: 200 };
const longMs = 900_000;
const hosts = ['web-1', 'web-2', 'web-3'];

inGuests(
  'three hosts get the agent over SSH, enrol each with a token of its own, and a second run changes nothing',
  async (t) => {
    t.timeout(longMs);
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const guests = new Map<string, Guest>();
    for (const name of ['collector', ...hosts]) guests.set(name, await bootGuest(sandbox, name));
    const fleet = await fleetOf(sandbox, guests);
    const [agent, collector] = [await packagedFiles(), await packagedFiles({ app: 'collector' })];
    const hub = guests.get('collector');
    if (!hub) return t.fail();
    const url = `${fleet.addressOf('collector')}:8443`;
    copyFileSync(collector.deb, `/proc/${hub.leader}/root/root/certherd-collector.deb`);
    await hub.must('dpkg', '-i', '/root/certherd-collector.deb');
    const given = [
      '-e',
      JSON.stringify({
        certherd_package: agent.deb,
        certherd_mode: 'deploy',
        certherd_collector: 'collector',
        certherd_collector_url: url,
        certherd_collector_command: 'certherd-collector',
        certherd_settings: { rescan_seconds: 60, certbot: { renewed_by: 'ansible' } },
        certherd_labels: { owner: 'web team', environment: 'production' },
      }),
    ];
    const play = (...options: string[]) => fleet.play('install-agents.yml', ...given, ...options);

    const tried = await play('--check');
    allWell(t, tried, (changed) => changed > 0);
    for (const name of hosts) t.false(guests.get(name)?.exists('/usr/bin/certherd-agent'), 'nothing was really done');

    allWell(t, await play(), (changed) => changed > 0);
    for (const name of hosts) {
      const guest = guests.get(name);
      if (!guest) return t.fail();
      const state = async () =>
        JSON.parse((await guest.run('certherd-agent', ['status', '--json'])).stdout).collector.state;
      await until(`${name} is connected`, async () => (await state()) === 'connected', patience);
      t.regex(
        guest.read('/etc/certherd/agent.toml'),
        /^mode = "deploy"\nrescan_seconds = 60\n\n\[certbot\]\nrenewed_by = "ansible"$/m,
      );
      t.is((await guest.must('systemctl', 'is-enabled', 'certherd-act.socket')).trim(), 'enabled');
    }
    const listed = JSON.parse(await hub.must('certherd-collector', 'host', 'list', '--json'));
    t.deepEqual(listed.items.map(({ name }: { name: string }) => name).sort(), hosts);
    for (const { labels } of listed.items) t.deepEqual(labels, { environment: 'production', owner: 'web team' });

    allWell(t, await play(), (changed) => changed === 0);
    allWell(t, await play('--check'), (changed) => changed === 0);

    allWell(t, await play('-e', 'certherd_mode=observe'), (changed) => changed > 0);
    for (const name of hosts) {
      const socket = await guests.get(name)?.run('systemctl', ['is-active', 'certherd-act.socket']);
      t.is(socket?.stdout.trim(), 'inactive', "without the mode nothing of root's can be asked for");
    }
  },
);

inGuests(
  'renewals are taken over from cron only once each was rehearsed, and the site is served all the while',
  async (t) => {
    t.timeout(longMs);
    const host = await startGuestHost(t, 'web-1', { agent: 'none' });
    const { guest } = host;
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const hub = await bootGuest(sandbox, 'collector');
    const fleet = await fleetOf(
      sandbox,
      new Map([
        ['collector', hub],
        ['web-1', guest],
      ]),
    );
    const { deb } = await packagedFiles();
    const settings = {
      extra_roots: ['/etc/pebble/root.pem'],
      rescan_seconds: 60,
      certbot: { ca_bundle: '/etc/pebble/ca.pem', name_servers: ['127.0.0.1:8053'] },
    };
    const given = JSON.stringify({ certherd_package: deb, certherd_settings: settings });
    const play = (...options: string[]) => fleet.play('take-over-from-cron.yml', '-e', given, ...options);
    const cron = '/etc/cron.d/renewals';
    const old = '# ours\nMAILTO=ops\n17 3 * * * root certbot -q renew && systemctl reload nginx\n';
    guest.write(cron, old);

    // Something is wrong that only a renewal would meet: the old line stays.
    await guest.must('chmod', '000', '/var/www/html');
    await guest.must('mv', '/var/www/html', '/var/www/moved');
    const refused = await play();
    t.is(refused.stats['web-1']?.failed, 1, refused.stdout);
    t.is(guest.read(cron), old);
    await guest.must('mv', '/var/www/moved', '/var/www/html');
    await guest.must('chmod', '755', '/var/www/html');

    const before = await host.served();
    allWell(t, await play('--check'), (changed) => changed > 0);
    t.is(guest.read(cron), old, 'nothing was really done');
    allWell(t, await play(), (changed) => changed > 0);
    t.is(guest.read(cron), old.replace('17 3', '# certherd-agent renews now: 17 3'));
    t.is(await host.served(), before);
    allWell(t, await play(), (changed) => changed === 0);

    // The agent does both halves of what the line did: an early end of the certificate's life is simulated by the CA's word alone.
    const renewed = await host.agent('renew', 'shop', '--json');
    t.is(renewed.exit, 0, renewed.stdout);
    t.is(await host.served(), host.issued());
    t.not(host.issued(), before);
    await quiet(t, host);
  },
);

async function quiet(t: ExecutionContext, host: GuestHost): Promise<void> {
  const ran = await host.agent('check', '--json');
  t.deepEqual(JSON.parse(ran.stdout).findings, []);
}

function allWell(t: ExecutionContext, { stats, stdout, stderr }: Played, isChanged: (changed: number) => boolean) {
  for (const [host, { failed, unreachable, changed }] of Object.entries(stats))
    t.true(failed === 0 && unreachable === 0 && isChanged(changed), `${host}: ${changed} changed\n${stdout}`);
  t.true(Object.keys(stats).length > 0, stderr);
}
