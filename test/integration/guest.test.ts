import test, { type ExecutionContext } from 'ava';
import { shellCommands } from '../../scripts/stage/shell-words.ts';
import { startGuestHost } from '../helpers/guest-host.ts';
import { type Guest, guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { until } from '../helpers/testbed/until.ts';

const impossible = guestsAreImpossible();
/** One after the other: each is a machine of its own. Where none can be made the reason is in the title. */
const inGuest = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test.serial(title, body) : test.skip(`${title} (${impossible})`, body);
/** The first one may have to build the image. */
const longMs = 900_000;
const collector = ['/usr/bin/node', '/usr/lib/certherd/collector/main.ts'];
const units = ['certherd-agent.service', 'certherd-act.socket', 'certherd-collector.service'];
const patience = { deadlineMs: 60_000, everyMs: 200 };

inGuest('in mode deploy the unprivileged agent heals the incident, with the units as they are shipped', async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'deploy');
  const { guest } = host;
  const verified = await guest.run('systemd-analyze', ['verify', '--man=no', ...units]);
  t.deepEqual([verified.exit, verified.stderr], [0, '']);
  host.setMode('deploy');
  await guest.must('systemctl', 'enable', '--now', 'certherd-act.socket', 'certherd-agent.service');
  await until('the agent has looked', () => looked(host), patience);

  const pid = (await guest.must('systemctl', 'show', '-P', 'MainPID', 'certherd-agent')).trim();
  const rights = guest.read(`/proc/${pid}/status`);
  t.regex(rights, /^Uid:\t([1-9]\d*)\t\1\t\1\t\1$/m, 'one user, which is not root');
  for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) t.regex(rights, new RegExp(`^${set}:\t0{15}4$`, 'm'));
  t.regex(rights, /^NoNewPrivs:\t1$/m);
  t.regex(rights, /^Seccomp:\t2$/m);
  t.deepEqual(await rootsProcesses(guest), [], "nothing of root's runs at rest");

  const before = host.issued();
  await host.renewByCertbot();
  t.not(host.issued(), before);
  await until('the new certificate is served', async () => (await host.served()) === host.issued(), patience);
  await until('act has ended', async () => (await rootsProcesses(guest)).length === 0, patience);
  const journal = await guest.journal('certherd-act@*');
  t.regex(journal, /asked for \{"verb":"reload","server":"nginx"\}/);
  t.regex(journal, /reload: done: 2 of 2 endpoints present what is configured/);

  await until('the finding has ended', async () => (await findings(host)).critical === 0, patience);
  const check = await host.agent('check', '--json');
  t.is(check.exit, 0, check.stdout);
  t.is((await host.agent('status')).exit, 0, "root sees another user's daemon");

  await guest.must('systemd-run', '--unit=collector', ...collector, 'serve', '--data', '/tmp/collector');
  const token = ['token', 'create', '--data', '/tmp/collector', '--url', '127.0.0.1:8443'];
  const [program = '', ...argv] = collector;
  const join = async () => /certherd:\/\/\S+/.exec(await guest.must(program, ...argv, ...token))?.[0];
  const word = (await until('the collector has its key', join, patience)) ?? '';
  // A join string can be made before the port is open; one that reaches nobody stays good.
  await until('the collector lets it in', async () => (await host.agent('enroll', word)).exit === 0, patience);
  const state = async () => JSON.parse((await host.agent('status', '--json')).stdout).collector.state;
  t.true(await until('what root enrolled connects', async () => (await state()) === 'connected', patience));
});

inGuest('in mode renew act renews through certbot, whose hook with sudo runs in its sandbox', async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'renew', { validitySeconds: 24 });
  const { guest } = host;
  const hook = '#!/bin/sh\nset -e\nsudo -n systemctl is-active nginx >/run/hooked\n';
  guest.write('/etc/letsencrypt/renewal-hooks/deploy/tell', hook, 0o755);
  const before = host.issued();
  host.setMode('renew');
  await guest.must('systemctl', 'start', 'certherd-act.socket', 'certherd-agent.service');
  await until('certbot has renewed', () => host.issued() !== before, patience);
  await until('and that is served', async () => (await host.served()) !== before, patience);
  t.is(guest.read('/run/hooked').trim(), 'active');
  const journal = await guest.journal('certherd-act@*');
  t.regex(journal, /asked for \{"verb":"renew","lineage":"shop"\}/);
  t.regex(journal, /renew: done: shop was renewed/);
  t.notRegex(journal, /sandbox-blocked|Read-only file system|Permission denied/);
});

inGuest('what nginx refuses for reasons of its own is told with its words, and nothing is reloaded', async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'refused');
  const { guest } = host;
  const before = host.issued();
  guest.write('/etc/nginx/conf.d/odd.conf', 'server { listen 127.0.0.1:1; root /x; no_such_directive on; }\n');
  host.setMode('deploy');
  await guest.must('systemctl', 'start', 'certherd-act.socket', 'certherd-agent.service');
  await host.renewByCertbot();
  const refused = async () => /reload: config-test-failed: (.*)/.exec(await guest.journal('certherd-act@*'))?.[1];
  t.regex((await until('the reload is refused', refused, patience)) ?? '', /unknown directive "no_such_directive"/);
  t.is(await host.served(), before);
});

inGuest(
  'a key that does not fit leaves nginx alone under systemd too, and the remedy as it is printed mends it',
  async (t) => {
    t.timeout(longMs);
    const host = await startGuestHost(t, 'mismatch');
    const { guest } = host;
    host.setMode('renew');
    const before = host.issued();
    const workers = async () => (await guest.must('ps', '-C', 'nginx', '-o', 'pid=')).trim();
    const running = await workers();
    await host.renewByCertbot();
    await guest.must(
      'openssl',
      'genpkey',
      '-algorithm',
      'EC',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-out',
      foreignKey,
    );
    await guest.must('systemctl', 'start', 'certherd-act.socket', 'certherd-agent.service');
    for (let look = 1; look <= 3; look += 1) {
      const lookedAt = async () =>
        JSON.parse((await host.agent('status', '--json')).stdout).lookedAt as string | undefined;
      const last = look === 1 ? undefined : await lookedAt();
      await guest.must('touch', '/etc/letsencrypt/renewal/shop.conf');
      await until('the agent looks again', async () => (await lookedAt()) !== last, patience);
    }
    t.true((await findings(host)).critical > 0);
    t.is(await guest.journal('certherd-act@*'), '', 'nothing was asked of act');
    t.deepEqual([await host.served(), await workers()], [before, running]);

    const told = JSON.parse((await host.agent('check', '--json')).stdout).findings as {
      code: string;
      remedy: string;
    }[];
    const remedy = shellCommands(told.find(({ code }) => code === 'key-mismatch')?.remedy ?? '');
    if (!remedy.ok) return t.fail(remedy.why);
    for (const [program = '', ...argv] of remedy.commands) await guest.must(program, ...argv);
    t.not(host.issued(), before);
    await until('what was renewed is served', async () => (await host.served()) === host.issued(), patience);
    await until('the finding has ended', async () => (await findings(host)).critical === 0, patience);
  },
);

inGuest("what only act's sandbox refuses is blamed on its unit, and the remedy mends it", async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'blocked');
  const { guest } = host;
  guest.write('/etc/nginx/conf.d/log.conf', 'access_log /opt/logs/access.log;\n');
  await guest.must('mkdir', '/opt/logs');
  await guest.must('systemctl', 'reload', 'nginx');
  host.setMode('deploy');
  await guest.must('systemctl', 'start', 'certherd-act.socket', 'certherd-agent.service');
  const before = host.issued();
  await host.renewByCertbot();
  const told = async () => (await findings(host)).unknown === 1;
  await until('that is told', told, patience);
  const memory = guest.read('/var/lib/certherd-agent/memory.json');
  t.regex(memory, /certherd-agent may not write files here, and the server may: \/ is mounted read-only/);
  const [, unit = '', line = ''] =
    /systemctl edit (\S+?)\\" put under \[Service\]: (ReadWritePaths=\S+?)"/.exec(memory) ?? [];
  t.deepEqual([unit, line], ['certherd-act@.service', 'ReadWritePaths=/opt/logs']);
  t.is(await host.served(), before);
  guest.write(`/etc/systemd/system/${unit}.d/override.conf`, `[Service]\n${line}\n`);
  await guest.must('systemctl', 'daemon-reload');
  t.regex(await ask(guest, 'certherd-agent', '{"verb":"reload","server":"nginx"}'), /"reason":"done"/);
  t.is(await host.served(), host.issued());
});

for (const [title, end] of [
  ['the agent restarts', ['systemctl', 'restart', '--no-block', 'certherd-agent.service']],
  ['the agent is killed', ['systemctl', 'kill', '--signal=KILL', 'certherd-agent.service']],
  ['systemd stops act itself', ['systemctl', 'stop', '--no-block', 'certherd-act@*.service']],
] as const) {
  inGuest(`a renewal goes on to its end, and into service, when ${title} in its middle`, async (t) => {
    t.timeout(longMs);
    const host = await startGuestHost(t, 'ended', { validitySeconds: 24 });
    const { guest } = host;
    // certbot waits in a hook before it asks the CA.
    const hook = '#!/bin/sh\ntouch /run/began\nwhile [ ! -e /run/go-on ]; do sleep 0.1; done\n';
    guest.write('/etc/letsencrypt/renewal-hooks/pre/wait', hook, 0o755);
    const before = host.issued();
    host.setMode('renew');
    await guest.must('systemctl', 'start', 'certherd-act.socket', 'certherd-agent.service');
    await until('certbot waits', () => guest.exists('/run/began'), patience);
    const pid = (await guest.must('systemctl', 'show', '-P', 'MainPID', 'certherd-agent')).trim();
    const [program = '', ...argv] = end;
    await guest.must(program, ...argv);
    const told = async () =>
      /certherd-agent stops|status=9\/KILL/.test(await guest.journal('certherd-agent')) ||
      (await guest.must('systemctl', 'list-units', '--no-legend', 'certherd-act@*')).includes('deactivating');
    await until('the end has been asked for', told, patience);
    t.is(host.issued(), before);
    guest.write('/run/go-on', '');
    await until('certbot has renewed', () => host.issued() !== before, patience);
    await until('and that is served', async () => (await host.served()) !== before, patience);
    t.regex(await guest.journal('certherd-act@*'), /renew: done: shop was renewed/);
    const isRunning = async () =>
      (await guest.must('systemctl', 'show', '-P', 'ActiveState', 'certherd-agent')).trim() === 'active';
    t.true(await until('the agent runs', isRunning, patience));
    if (title !== 'systemd stops act itself')
      t.not((await guest.must('systemctl', 'show', '-P', 'MainPID', 'certherd-agent')).trim(), pid);
    t.notRegex(await guest.journal('certherd-*'), /State 'stop-sigterm' timed out|Killing process/);
  });
}

inGuest("act's socket is the agent's alone, and its policy is root's", async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'socket');
  const { guest } = host;
  await guest.must('systemctl', 'start', 'certherd-act.socket');
  const before = host.issued();
  for (const request of ['{"verb":"renew","lineage":"shop"}', '{"verb":"reload","server":"nginx"}'])
    t.regex(await ask(guest, 'certherd-agent', request), /"reason":"not-allowed"/);
  t.regex(await ask(guest, 'nobody', '{"verb":"reload","server":"nginx"}'), /PermissionError/);
  t.is(await ask(guest, 'certherd-agent', '{"verb":"reload","server":"; id"}'), '');
  t.is(host.issued(), before);

  host.setMode('deploy');
  t.regex(await ask(guest, 'certherd-agent', '{"verb":"renew","lineage":"shop"}'), /"reason":"not-allowed"/);
  t.regex(await ask(guest, 'certherd-agent', '{"verb":"reload","server":"nginx"}'), /"reason":"done"/);
  t.is(host.issued(), before);
  t.regex(await guest.must('stat', '-c', '%U %a', '/var/lib/certherd-act'), /^root 700$/m);
});

inGuest('Apache and HAProxy are reloaded, and a lineage is restored, within the sandbox of act', async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'others');
  const { guest } = host;
  const live = '/etc/letsencrypt/live/shop';
  const combine = () =>
    guest.write(
      '/etc/haproxy/shop.pem',
      guest.read(`${live}/fullchain.pem`) + guest.read(`${live}/privkey.pem`),
      0o600,
    );
  guest.write('/etc/apache2/ports.conf', 'Listen 127.0.0.1:8443\n');
  guest.write('/etc/apache2/sites-enabled/shop.conf', apacheSite);
  await guest.must('rm', '/etc/apache2/sites-enabled/000-default.conf');
  await guest.must('a2enmod', 'ssl');
  guest.write('/etc/haproxy/haproxy.cfg', `${guest.read('/etc/haproxy/haproxy.cfg')}\n${haproxySite}`);
  combine();
  await guest.must('systemctl', 'start', 'apache2', 'haproxy', 'certherd-act.socket');
  host.setMode('deploy');
  const before = host.issued();
  for (const port of [8443, 9443])
    await until(`${port} is served`, async () => (await host.served(port)) === before, patience);
  await host.renewByCertbot();
  combine();
  const after = host.issued();
  for (const [server, port] of [
    ['apache', 8443],
    ['haproxy', 9443],
  ] as const) {
    t.is(await host.served(port), before);
    t.regex(await ask(guest, 'certherd-agent', `{"verb":"reload","server":"${server}"}`), /"reason":"done"/);
    t.is(await host.served(port), after);
  }
  t.regex(await ask(guest, 'certherd-agent', '{"verb":"restore","lineage":"shop"}'), /"reason":"done"/);
  t.is(host.issued(), before);
  t.deepEqual([await host.served(), await host.served(8443)], [before, before]);
});

const foreignKey = '/etc/letsencrypt/archive/shop/privkey2.pem';
const apacheSite = `<VirtualHost 127.0.0.1:8443>
  ServerName shop.example.test
  SSLEngine on
  SSLCertificateFile /etc/letsencrypt/live/shop/fullchain.pem
  SSLCertificateKeyFile /etc/letsencrypt/live/shop/privkey.pem
</VirtualHost>
`;
const haproxySite = `frontend shop
  bind 127.0.0.1:9443 ssl crt /etc/haproxy/shop.pem
  http-request return status 200
`;

async function looked({ agent }: { agent: (...args: string[]) => Promise<{ stdout: string }> }): Promise<boolean> {
  return JSON.parse((await agent('status', '--json')).stdout).lookedAt !== undefined;
}

async function findings({ agent }: { agent: (...args: string[]) => Promise<{ stdout: string }> }) {
  return JSON.parse((await agent('status', '--json')).stdout).findings as { critical: number; unknown: number };
}

/** Processes of the agent's that root owns. */
async function rootsProcesses(guest: Guest): Promise<string[]> {
  const listed = await guest.must('ps', '-eo', 'user,pid,args', '--no-headers');
  return listed.split('\n').filter((line) => line.startsWith('root ') && line.includes('certherd-agent'));
}

/** What act answers to a user at its socket, or why it does not. */
async function ask(guest: Guest, user: string, request: string): Promise<string> {
  const argv = ['-u', user, '--', '/usr/bin/python3', '-c', asking, request];
  const { stdout, stderr } = await guest.run('runuser', argv);
  return stdout + stderr;
}

const asking = `
import socket, sys
one = socket.socket(socket.AF_UNIX)
one.connect("/run/certherd-agent/act.sock")
one.sendall(sys.argv[1].encode() + b"\\n")
while part := one.recv(65536):
    print(part.decode(), end="")
`;
