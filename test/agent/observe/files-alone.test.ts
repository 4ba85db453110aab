import fs from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import { filesAlone } from '../../../agent/observe/files-alone.ts';
import { observeRenewalMachinery } from '../../../agent/observe/renewal-machinery.ts';
import { rootedFiles } from '../../../agent/system/rooted-files.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { config, noon, observed } from '../../helpers/observed.ts';

const timer = '[Timer]\nOnCalendar=*-*-* 00,12:00:00\nPersistent=true\n';
const service = '[Service]\nExecStart=/usr/bin/certbot -q renew\n';

test('in a tree an enabled timer counts, however long ago the tree was copied', (t) => {
  const root = debianTree(t);
  const stamp = path.join(root, 'var/lib/systemd/timers/stamp-certbot.timer');
  fs.mkdirSync(path.dirname(stamp), { recursive: true });
  fs.writeFileSync(stamp, '');
  fs.utimesSync(stamp, 1_600_000_000, 1_600_000_000);
  t.deepEqual(codesOf(root), { running: ['renewal-timer-dead'], alone: [] });
});

test('in a tree a timer that is not enabled, or no systemd at all, still means that nobody renews', (t) => {
  const disabled = debianTree(t);
  fs.rmSync(path.join(disabled, 'etc/systemd/system/timers.target.wants/certbot.timer'));
  t.deepEqual(codesOf(disabled).alone, ['renewal-timer-dead']);
  const bare = debianTree(t);
  fs.rmSync(path.join(bare, 'usr/lib/systemd/systemd'));
  t.deepEqual(codesOf(bare).alone, ['renewal-timer-dead']);
});

/** As Debian lays it out: units in /lib (a link), enabled by an absolute link. */
function debianTree(t: ExecutionContext): string {
  const root = testDirectory(t);
  const units = path.join(root, 'usr/lib/systemd/system');
  const wants = path.join(root, 'etc/systemd/system/timers.target.wants');
  for (const directory of [units, wants]) fs.mkdirSync(directory, { recursive: true });
  fs.symlinkSync('usr/lib', path.join(root, 'lib'));
  fs.writeFileSync(path.join(root, 'usr/lib/systemd/systemd'), '');
  fs.writeFileSync(path.join(units, 'certbot.timer'), timer);
  fs.writeFileSync(path.join(units, 'certbot.service'), service);
  fs.symlinkSync('/lib/systemd/system/certbot.timer', path.join(wants, 'certbot.timer'));
  return root;
}

/** What is found of the tree: taken for a host that runs, and for files alone. */
function codesOf(root: string): { running: string[]; alone: string[] } {
  const ports = rootedFiles(root);
  const machinery = observeRenewalMachinery(ports, {
    root: '/',
    configDirectory: '/etc/letsencrypt',
    logsDirectory: '/var/log/letsencrypt',
  });
  const seen = observed({ machinery });
  const codes = (observations: typeof seen) =>
    decide(observations, [], [], config(), noon).snapshot.findings.map(({ code }) => code);
  return { running: codes(seen), alone: codes(filesAlone(seen, ports.files)) };
}
