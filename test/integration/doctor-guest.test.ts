import test, { type ExecutionContext } from 'ava';
import { consultation } from '../helpers/doctor.ts';
import { type GuestHost, startGuestHost } from '../helpers/guest-host.ts';
import { commandsOf } from '../helpers/scenario.ts';
import { guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { until } from '../helpers/testbed/until.ts';

const impossible = guestsAreImpossible();
/** Where no guest can be made the reason is in the title. */
const inGuest = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test.serial(title, body) : test.skip(`${title} (${impossible})`, body);

const consult = async ({ agent }: GuestHost) => consultation(await agent('doctor', '--json'));

/** Types what was printed, in the guest. */
async function follow({ guest }: GuestHost, line: string): Promise<void> {
  for (const [program = '', ...argv] of commandsOf(line)) await guest.must(program, ...argv);
}

const fine = (host: GuestHost, check: string) =>
  until(`${check} is fine`, async () => (await consult(host)).of(check).verdict === 'ok', { deadlineMs: 60_000 });

inGuest('under systemd each printed command mends what doctor found of the units', async (t) => {
  // The first guest may have to build the image.
  t.timeout(900_000);
  const host = await startGuestHost(t, 'doctor');
  const { guest } = host;
  host.setMode('deploy');

  const stopped = await consult(host);
  t.is(stopped.exit, 1);
  await follow(host, stopped.wrong('daemon').fix);
  await fine(host, 'daemon');
  const [socket] = [(await consult(host)).wrong('act-socket')];
  t.is(socket.fix, 'systemctl enable --now certherd-act.socket');
  await follow(host, socket.fix);
  await fine(host, 'act');

  const well = await consult(host);
  t.deepEqual(
    well.checks.filter(({ verdict, area }) => verdict === 'wrong' && area !== 'clock'),
    [],
  );
  t.regex(well.of('rights').says, /^the daemon runs as uid \d+, with the right to read certificates and no other/);
  t.regex(well.of('daemon').says, /\(certherd-agent\.service\)/);

  await guest.must('systemctl', 'disable', 'certherd-agent.service');
  await follow(host, (await consult(host)).wrong('daemon-boot').fix);
  await fine(host, 'daemon');
  t.false((await consult(host)).checks.some(({ check }) => check === 'daemon-boot'));

  // A drop-in that takes a right away, and the lines that doctor prints against it.
  guest.write('/etc/systemd/system/certherd-agent.service.d/10-less.conf', '[Service]\nAmbientCapabilities=\n');
  await guest.must('systemctl', 'daemon-reload');
  await guest.must('systemctl', 'restart', 'certherd-agent.service');
  await fine(host, 'daemon');
  const { fix } = (await consult(host)).wrong('rights-read');
  const [, lines = ''] = /put under \[Service\]: (.*); then: /.exec(fix) ?? [];
  guest.write(
    '/etc/systemd/system/certherd-agent.service.d/override.conf',
    `[Service]\n${lines.replaceAll(', ', '\n')}\n`,
  );
  await guest.must('systemctl', 'daemon-reload');
  await follow(host, fix.slice(fix.indexOf('then: ') + 6));
  await fine(host, 'rights');

  // Settings that have certbot write where act may not.
  guest.write('/etc/certherd/agent.toml', `${guest.read('/etc/certherd/agent.toml')}work_directory = "/opt/acme"\n`);
  t.is(
    (await consult(host)).wrong('act-sandbox').fix,
    'In "systemctl edit certherd-act@.service" put under [Service]: ReadWritePaths=/opt/acme',
  );
  host.setMode('renew');
  const { fix: again } = (await consult(host)).wrong('daemon-settings');
  t.is(again, 'systemctl restart certherd-agent.service');
  await follow(host, again);
  await until(
    'it runs with them',
    async () => !(await consult(host)).checks.some(({ check }) => check === 'daemon-settings'),
  );

  const nobody = await guest.run('/usr/bin/setpriv', [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '/usr/bin/certherd-agent',
    'doctor',
    '--json',
  ]);
  const told = consultation(nobody);
  t.is(told.exit, 3, JSON.stringify(told.checks.filter(({ verdict }) => verdict === 'wrong')));
});
