import fs from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type GuestHost, startGuestHost } from '../helpers/guest-host.ts';
import { type Guest, guestsAreImpossible } from '../helpers/testbed/guest.ts';
import { until } from '../helpers/testbed/until.ts';

const impossible = guestsAreImpossible();
const inGuest = (title: string, body: (t: ExecutionContext) => Promise<void>) =>
  impossible === undefined ? test(title, body) : test.skip(`${title} (${impossible})`, body);
/** The first one may have to build the image. */
const longMs = 900_000;
const patience = { deadlineMs: 60_000, everyMs: 200 };
const installing = fs.readFileSync(new URL('../../docs/install.md', import.meta.url), 'utf8');
const agentUnit = 'certherd-agent.service';
const collectorUnit = 'certherd-collector.service';

inGuest('the agent is ready once it has looked, says what it found, and is started again when it hangs', async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'service');
  const { guest } = host;
  await watchClosely(guest, agentUnit);
  await guest.must('systemctl', 'start', agentUnit);
  t.truthy((await status(host)).lookedAt, 'the start ended after the first look');
  const first = await shown(guest, agentUnit);
  t.like(first, { ActiveState: 'active', NRestarts: '0', StatusText: '2 endpoints proved, no findings' });

  await host.renewByCertbot();
  const tells = (text: string) => async () => (await shown(guest, agentUnit)).StatusText === text;
  await until('the drift is told', tells('0 of 2 endpoints proved, 2 findings (2 critical)'), patience);

  await guest.must('kill', '-KILL', first.MainPID);
  const second = await restarted(guest, agentUnit, first);
  await guest.must('kill', '-STOP', second.MainPID);
  const third = await restarted(guest, agentUnit, second);
  t.is(third.StatusText, '0 of 2 endpoints proved, 2 findings (2 critical)', 'and it is told again');
  t.regex(await guest.journal(agentUnit), /Watchdog timeout/);

  // Longer than the watchdog's time: a loop that goes on is left alone.
  const isOlder = async () => Date.now() - Date.parse((await status(host)).startedAt) > 25_000;
  await until('it has run for longer than the watchdog waits', isOlder, { ...patience, everyMs: 1000 });
  t.is((await shown(guest, agentUnit)).MainPID, third.MainPID);

  await guest.must('systemctl', 'stop', agentUnit);
  t.like(await shown(guest, agentUnit), { ActiveState: 'inactive', Result: 'success' });
  guest.write('/etc/certherd/agent.toml', 'mode = "loud"\n');
  t.not((await guest.run('systemctl', ['start', agentUnit])).exit, 0);
  t.like(await shown(guest, agentUnit), { ActiveState: 'failed', ExecMainStatus: '78' }, 'it is not tried again');

  const lines = await journal(guest, agentUnit);
  const ours = lines.filter(({ SYSLOG_IDENTIFIER }) => SYSLOG_IDENTIFIER === 'certherd-agent');
  const priorityOf = (text: RegExp) => ours.find(({ MESSAGE }) => text.test(MESSAGE))?.PRIORITY;
  t.is(priorityOf(/^certherd-agent starts \(host=service, version=\S+ mode=observe, config=\S+\)$/), '6');
  t.is(priorityOf(/^not-served: .+ \(kind=finding-opened, subject=\S+\)$/), '4');
  t.is(priorityOf(/^certherd-agent: \/etc\/certherd\/agent.toml:1: mode: /), '3');
  t.deepEqual(
    ours.filter(({ MESSAGE }) => /^[<{\d]/.test(MESSAGE)),
    [],
    'the journal has times and priorities itself',
  );
});

inGuest('a host enrols itself with the join string of its image, with a collector that is its own user', async (t) => {
  t.timeout(longMs);
  const host = await startGuestHost(t, 'credential');
  const { guest } = host;
  await watchClosely(guest, collectorUnit);
  await guest.must('systemctl', 'start', collectorUnit);
  const collector = await shown(guest, collectorUnit);
  t.like(collector, {
    ActiveState: 'active',
    StatusText: 'no host enrolled, agents at 0.0.0.0:8443, page at 127.0.0.1:8480',
  });
  t.regex(guest.read(`/proc/${collector.MainPID}/status`), /^Uid:\t([1-9]\d*)\t\1\t\1\t\1$/m, 'and not root');
  t.regex(await fetched(guest, 'http://127.0.0.1:8480/'), /<title>/);

  const create = ['token', 'create', '--data', '/var/lib/certherd-collector', '--url', '127.0.0.1:8443'];
  const [join = ''] = /certherd:\/\/\S+/.exec(await guest.must('certherd-collector', ...create)) ?? [];
  const [, token = ''] = /\.([\w-]{43})$/.exec(join) ?? [];
  t.is(token.length, 43);
  guest.write('/etc/credstore/certherd.join', `${join}\n`, 0o600);
  await guest.must('systemctl', 'start', agentUnit);
  const isConnected = async () => (await status(host)).collector.state === 'connected';
  await until('it is connected', isConnected, patience);
  const connected = '1 of 1 host connected, agents at 0.0.0.0:8443, page at 127.0.0.1:8480';
  await until(
    'the collector says so',
    async () => (await shown(guest, collectorUnit)).StatusText === connected,
    patience,
  );

  await guest.must('kill', '-STOP', collector.MainPID);
  await restarted(guest, collectorUnit, collector);
  await until('the agent is back', isConnected, patience);

  await guest.must('systemctl', 'stop', agentUnit);
  await guest.must('rm', '/var/lib/certherd-agent/enrolment.json', '/var/lib/certherd-agent/agent-key.pem');
  // From here on as an older systemd needs it.
  const [, dropIn = '', lines = ''] = /^ {4}# (\S+\/join\.conf)\n((?: {4}.+\n)+)/m.exec(installing) ?? [];
  guest.write(dropIn, lines.replaceAll(/^ {4}/gm, ''));
  await guest.must('systemctl', 'daemon-reload');
  t.regex(await guest.must('systemctl', 'show', '--property=DropInPaths', agentUnit), /\/join\.conf\b/);
  await guest.must('systemctl', 'start', agentUnit);
  const warnings = async () => (await journal(guest, agentUnit)).filter(({ PRIORITY }) => PRIORITY === '4');
  await until('the spent one is refused', async () => (await warnings()).length > 0, patience);
  t.deepEqual(
    (await warnings()).map(({ MESSAGE }) => MESSAGE),
    [
      'not enrolled, and so alone: the collector refused the token, which was used, has expired, or is unknown. Make a new one with: certherd-collector token create',
    ],
  );
  t.like(await shown(guest, agentUnit), { ActiveState: 'active', NRestarts: '0' });
  const enrolled = (await journal(guest, agentUnit)).filter(({ MESSAGE }) => MESSAGE.startsWith('enrolled with'));
  t.is(enrolled.length, 1);
  t.false((await guest.must('journalctl', '--output=export', '--no-pager')).includes(token), 'the token is in no log');
});

/** The watchdog as it is shipped takes minutes. */
async function watchClosely(guest: Guest, unit: string): Promise<void> {
  guest.write(`/etc/systemd/system/${unit}.d/test.conf`, '[Service]\nWatchdogSec=20\n');
  await guest.must('systemctl', 'daemon-reload');
}

interface Shown {
  ActiveState: string;
  MainPID: string;
  NRestarts: string;
  StatusText: string;
  Result: string;
  ExecMainStatus: string;
}

async function shown(guest: Guest, unit: string): Promise<Shown> {
  const names = ['ActiveState', 'MainPID', 'NRestarts', 'StatusText', 'Result', 'ExecMainStatus'];
  const told = await guest.must('systemctl', 'show', '-p', names.join(','), unit);
  const pairs = told
    .trim()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs) as Shown;
}

/** The unit once systemd has started it again, after it was ready. */
async function restarted(guest: Guest, unit: string, before: Shown): Promise<Shown> {
  const again = async () => {
    const now = await shown(guest, unit);
    return Number(now.NRestarts) > Number(before.NRestarts) && now.ActiveState === 'active' && now;
  };
  return until(`${unit} is started again`, again, patience);
}

async function status({ agent }: GuestHost) {
  return JSON.parse((await agent('status', '--json')).stdout) as {
    lookedAt?: string;
    startedAt: string;
    collector: { state: string };
  };
}

async function journal(guest: Guest, unit: string) {
  const lines = await guest.must('journalctl', '--unit', unit, '--output', 'json', '--no-pager');
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { MESSAGE: string; PRIORITY: string; SYSLOG_IDENTIFIER: string });
}

async function fetched(guest: Guest, url: string): Promise<string> {
  const program = 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())';
  return guest.must('/usr/bin/python3', '-c', program, url);
}
