import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { observeRenewalMachinery } from '../../../agent/observe/renewal-machinery.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemLogEnd } from '../../../agent/system/log-end.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { config, day, lineage, noon, observed, upkeep } from '../../helpers/observed.ts';
import { judgeUpkeep } from '../../helpers/upkeep.ts';

const timer =
  '[Unit]\nDescription=Run certbot twice daily\n\n[Timer]\nOnCalendar=*-*-* 00,12:00:00\nRandomizedDelaySec=43200\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n';
const service =
  '[Unit]\nDescription=Certbot\n[Service]\nType=oneshot\nExecStart=/usr/bin/certbot -q renew --no-random-sleep-on-renew\nPrivateTmp=true\n';
const cronLine =
  "0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew --no-random-sleep-on-renew\n";

/** The tree of a Debian host with certbot installed, systemd running, and nothing altered. */
function debian(t: ExecutionContext) {
  const root = testDirectory(t);
  const write = (name: string, text: string, mode = 0o644) => {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text, { mode });
  };
  write('lib/systemd/system/certbot.timer', timer);
  write('lib/systemd/system/certbot.service', service);
  fs.mkdirSync(path.join(root, 'usr/lib'), { recursive: true });
  fs.symlinkSync('../../lib/systemd', path.join(root, 'usr/lib/systemd'));
  write('etc/cron.d/certbot', `# a comment\nSHELL=/bin/sh\nPATH=/usr/bin:/bin\n\n${cronLine}`);
  write('usr/sbin/cron', '');
  fs.mkdirSync(path.join(root, 'run/systemd/system'), { recursive: true });
  fs.mkdirSync(path.join(root, 'etc/systemd/system'), { recursive: true });
  const systemctl = (...args: string[]) => execFileSync('systemctl', [`--root=${root}`, ...args], { stdio: 'pipe' });
  systemctl('enable', 'certbot.timer');
  const look = (configDirectory = '/etc/letsencrypt') =>
    observeRenewalMachinery(
      { files: systemFiles(), logEnd: systemLogEnd() },
      {
        root,
        configDirectory,
        logsDirectory: path.join(root, 'var/log/letsencrypt'),
      },
    );
  const judge = (now = noon, of = config()) =>
    judgeUpkeep({ ...observed(), ...upkeep({ machinery: look() }) }, { now, config: of });
  /** Runs the remedy as printed, on this tree. --now would ask a running systemd. */
  const mend = (remedy: string) => {
    for (const command of remedy.split(' && ')) {
      const [program, ...args] = command.split(' ');
      t.is(program, 'systemctl');
      systemctl(...args.filter((word) => word !== '--now'));
    }
  };
  return { root, write, systemctl, look, judge, mend };
}

test("Debian's own layout is alive: the timer runs certbot, the cron job stands back for it", (t) => {
  const { look, judge } = debian(t);
  const { runners, systemd } = look();
  t.true(systemd);
  t.deepEqual(
    runners.map(({ kind, state }) => `${kind} ${state}`),
    ['timer active', 'cron stands-back'],
  );
  t.is(runners[1]?.name.endsWith('/etc/cron.d/certbot:5'), true);
  t.deepEqual(judge(), []);
});

test("a look that follows a change of files takes who renews as it was, and reads certbot's log anew", (t) => {
  const { root, systemctl, look, write } = debian(t);
  const before = look();
  systemctl('disable', 'certbot.timer');
  write(
    'var/log/letsencrypt/letsencrypt.log',
    '2026-11-01 10:00:00,000:DEBUG:certbot._internal.main:certbot version: 2.1.0\n2026-11-01 10:00:01,000:DEBUG:certbot._internal.display.obj:Notifying user: No renewals were attempted.\n',
  );
  const places = { root, configDirectory: '/etc/letsencrypt', logsDirectory: path.join(root, 'var/log/letsencrypt') };
  const after = observeRenewalMachinery({ files: systemFiles(), logEnd: systemLogEnd() }, places, before);
  t.deepEqual(after.runners, before.runners);
  t.is(before.lastRun, undefined);
  t.is(after.lastRun?.result, 'none-due');
  t.is(look().runners[0]?.state, 'not-enabled');
});

test('a timer that was disabled is a finding until the printed remedy ran', (t) => {
  const { systemctl, judge, mend } = debian(t);
  systemctl('disable', 'certbot.timer');
  const [finding, ...more] = judge();
  t.deepEqual(more, []);
  t.is(finding?.code, 'renewal-timer-dead');
  t.is(finding?.severity, 'warning');
  t.regex(finding?.cause ?? '', /certbot\.timer is not enabled: nobody renews lineage shop on this host/);
  t.is(finding?.remedy, 'systemctl enable --now certbot.timer');
  mend(finding?.remedy ?? '');
  t.deepEqual(judge(), []);
});

test('a masked timer, and a masked service under a live timer, are findings until the printed remedy ran', (t) => {
  for (const unit of ['certbot.timer', 'certbot.service']) {
    const { systemctl, judge, mend } = debian(t);
    systemctl('mask', unit);
    const [finding] = judge();
    t.is(finding?.cause.startsWith(`${unit} is masked`), true, finding?.cause);
    t.is(finding?.remedy, `systemctl unmask ${unit} && systemctl enable --now certbot.timer`);
    mend(finding?.remedy ?? '');
    t.deepEqual(judge(), []);
  }
});

test('a drop-in that takes the times away is a finding until it is reverted', (t) => {
  const { root, write, judge, mend } = debian(t);
  write('etc/systemd/system/certbot.timer.d/never.conf', '[Timer]\nOnCalendar=\n');
  const [finding] = judge();
  t.regex(finding?.cause ?? '', /has no time left at which it would run/);
  t.is(finding?.remedy, 'systemctl revert certbot.timer');
  mend(finding?.remedy ?? '');
  t.false(fs.existsSync(path.join(root, 'etc/systemd/system/certbot.timer.d')));
  t.deepEqual(judge(), []);
  write('etc/systemd/system/certbot.timer.d/weekly.conf', '[Timer]\nOnCalendar=\nOnCalendar=weekly\n');
  t.deepEqual(judge(), []);
});

test("without systemd Debian's cron job is alive where there is a cron", (t) => {
  const { root, look, judge } = debian(t);
  fs.rmSync(path.join(root, 'run'), { recursive: true });
  t.deepEqual(
    look().runners.map(({ kind, state }) => `${kind} ${state}`),
    ['timer no-daemon', 'cron active'],
  );
  t.deepEqual(judge(), []);
  fs.rmSync(path.join(root, 'usr/sbin/cron'));
  t.regex(judge()[0]?.cause ?? '', /neither systemd nor a cron daemon/);
});

test("the operator's own timers, scripts and crontabs count, and those for another config directory do not", (t) => {
  const runners = (name: string, text: string, mode?: number, directory?: string) => {
    const { root, write, look } = debian(t);
    fs.rmSync(path.join(root, 'etc/systemd'), { recursive: true });
    fs.rmSync(path.join(root, 'lib'), { recursive: true });
    fs.rmSync(path.join(root, 'etc/cron.d'), { recursive: true });
    write('opt/renew.sh', '#!/bin/sh\n# certbot renew\n/snap/bin/certbot renew --quiet\n', 0o755);
    write('etc/systemd/system/tls.service', '[Service]\nExecStart=-/opt/renew.sh all\n');
    write(name, text, mode);
    return look(directory).runners.map(({ kind, name, state }) => `${kind} ${path.basename(name)} ${state}`);
  };
  t.deepEqual(runners('etc/systemd/system/tls.timer', timer), ['timer tls.timer not-enabled']);
  t.deepEqual(runners('etc/systemd/system/timers.target.wants/tls.timer', timer), [], 'a link to a unit that is gone');
  t.deepEqual(runners('etc/crontab', '7 3 * * 1 root /opt/renew.sh\n'), ['cron crontab:1 active']);
  t.deepEqual(runners('var/spool/cron/crontabs/root', 'MAILTO=a\n@daily certbot renew\n'), ['cron root:2 active']);
  t.deepEqual(runners('var/spool/cron/crontabs/root', '#@daily certbot renew\n'), []);
  t.deepEqual(runners('etc/cron.daily/tls', '#!/bin/sh\ncertbot renew -q\n', 0o755), ['cron tls active']);
  t.deepEqual(runners('etc/cron.daily/tls', '#!/bin/sh\ncertbot renew -q\n', 0o644), [], 'run-parts passes it over');
  t.deepEqual(runners('etc/cron.d/tls.dpkg-old', '7 3 * * 1 root certbot renew\n'), []);
  t.deepEqual(runners('etc/crontab', '7 3 * * 1 root certbot certificates\n'), []);
  const other = '7 3 * * 1 root certbot renew --config-dir /srv/tls\n';
  t.deepEqual(runners('etc/crontab', other), []);
  t.deepEqual(runners('etc/crontab', other, 0o644, '/srv/tls/'), ['cron crontab:1 active']);
});

test("snap's timer is known", (t) => {
  const { root, write, look } = debian(t);
  fs.rmSync(path.join(root, 'lib'), { recursive: true });
  fs.rmSync(path.join(root, 'etc/cron.d'), { recursive: true });
  const unit = 'etc/systemd/system/snap.certbot.renew';
  write(`${unit}.timer`, '[Timer]\nUnit=snap.certbot.renew.service\nOnCalendar=*-*-* 05:07\n');
  write(
    `${unit}.service`,
    '[Service]\nExecStart=/usr/bin/snap run --timer="00:00~24:00/2" certbot.renew\nType=oneshot\n',
  );
  fs.symlinkSync(
    '../snap.certbot.renew.timer',
    path.join(root, 'etc/systemd/system/timers.target.wants/snap.certbot.renew.timer'),
  );
  t.like(look().runners, [{ name: 'snap.certbot.renew.timer', state: 'active' }]);
});

test('a timer that has stopped firing is told by its stamp and by the log, scaled to the life of the certificates', (t) => {
  const { root, write, look } = debian(t);
  write('var/lib/systemd/timers/stamp-certbot.timer', '');
  const judge = (stampedAt: number) => {
    fs.utimesSync(path.join(root, 'var/lib/systemd/timers/stamp-certbot.timer'), stampedAt / 1000, stampedAt / 1000);
    const lineages = [lineage({ changedAt: new Date(noon - 40 * day).toISOString() })];
    return judgeUpkeep({ ...observed({ lineages }), ...upkeep({ machinery: look() }) });
  };
  t.deepEqual(judge(noon - day), []);
  t.deepEqual(judge(noon - 14 * day), [], 'a weekly timer is often enough for 90 days of life');
  const [finding] = judge(noon - 16 * day);
  t.is(finding?.code, 'renewal-timer-dead');
  t.is(finding?.since, new Date(noon - 16 * day).toISOString());
  t.is(finding?.remedy, 'systemctl enable --now certbot.timer');
  t.deepEqual(judge(noon), [], 'it was started, as the remedy does');
});

test('where the agent renews, or the operator names who does, nobody misses the timer', (t) => {
  const { systemctl, judge } = debian(t);
  systemctl('mask', 'certbot.timer');
  t.is(judge().length, 1);
  t.deepEqual(judge(noon, config('renew')), []);
  const named = config();
  const renewedBy: ReturnType<typeof config> & { certbot: { renewedBy: string } } = {
    ...named,
    certbot: { ...named.certbot, renewedBy: 'a job on deploy-1' },
  };
  t.deepEqual(judge(noon, renewedBy), []);
});

test('what certbot logged of its last renewal is told: nothing due, renewed, or which lineage failed and why', (t) => {
  const { root, write, look, judge } = debian(t);
  const log = 'var/log/letsencrypt/letsencrypt.log';
  const at = (time: string, text: string) => `2026-11-20 ${time},123:${text}\n`;
  const run = (hour: string, ...lines: string[]) =>
    [
      'DEBUG:certbot._internal.main:certbot version: 2.1.0',
      "DEBUG:certbot._internal.main:Arguments: ['-q', '--no-random-sleep-on-renew']",
      'DEBUG:certbot._internal.display.obj:Notifying user: Processing /etc/letsencrypt/renewal/shop.conf',
      ...lines,
    ]
      .map((line) => at(`${hour}:00:00`, line))
      .join('');
  const nothing = 'DEBUG:certbot._internal.display.obj:Notifying user: No renewals were attempted.';
  const listing =
    at('14:00:00', 'DEBUG:certbot._internal.main:certbot version: 2.1.0') + at('14:00:01', 'DEBUG:x:Arguments: []');
  const put = (text: string, changedAt = noon) => {
    write(log, text);
    fs.utimesSync(path.join(root, log), changedAt / 1000, changedAt / 1000);
  };
  put(run('12', nothing));
  t.deepEqual(look().lastRun, { result: 'none-due', failed: [], at: noon, log: path.join(root, log) });
  put(run('12', nothing) + listing);
  t.like(look().lastRun, { result: 'none-due', at: noon - 2 * 3_600_000 - 1000 }, 'the run before that one');
  write(`${log}.1`, run('12', nothing));
  put(listing);
  t.is(look().lastRun?.log, path.join(root, `${log}.1`));

  const failing = run(
    '12',
    'ERROR:certbot._internal.renewal:Failed to renew certificate shop with error: Some challenges have failed.',
    'ERROR:certbot._internal.renewal:All renewals failed. The following certificates could not be renewed:',
  );
  put(`${'a line of a long traceback\n'.repeat(100_000)}${failing}`);
  t.deepEqual(look().lastRun?.failed, [{ lineage: 'shop', reason: 'Some challenges have failed.' }]);
  const [finding] = judge();
  t.is(finding?.code, 'renewal-failing');
  t.regex(finding?.cause ?? '', /could not renew lineage shop: Some challenges have failed\./);
  put(failing, noon - 2 * day);
  t.deepEqual(judge(), [], 'the lineage changed after that');
});

test('a dead timer that may hide in a crontab that cannot be read is unknown', (t) => {
  const { systemctl, look } = debian(t);
  systemctl('disable', 'certbot.timer');
  const machinery = { ...look(), unreadable: ['/var/spool/cron/crontabs'] };
  const [finding] = judgeUpkeep({ ...observed(), ...upkeep({ machinery }) });
  t.is(finding?.severity, 'unknown');
  t.is(finding?.remedy, 'Run this command as root.');
});
