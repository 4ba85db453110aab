import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { success } from '@certherd/protocol/failure';
import test from 'ava';
import type { ActPorts } from '../../../agent/act/act.ts';
import { rehearseLineage } from '../../../agent/act/rehearse.ts';
import { recordSteps } from '../../../agent/act/steps.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { systemProc } from '../../../agent/system/proc.ts';
import { config } from '../../helpers/observed.ts';
import { letsencrypt } from '../observe/lineage-tree.ts';

const minute = 60_000;

test('a rehearsal has one deadline: what it waited for another certbot is taken from the dry run', async (t) => {
  const tree = letsencrypt(t);
  await tree.add(1);
  tree.link(1);
  const account = join(tree.root, 'accounts/ca.test/dir/0123');
  mkdirSync(account, { recursive: true });
  for (const name of ['regr.json', 'private_key.json']) writeFileSync(join(account, name), '{}');
  writeFileSync(join(tree.root, '.certbot.lock'), '');
  const { ino, dev } = statSync(join(tree.root, '.certbot.lock'));
  const [major, minor] = [Math.floor(dev / 256) % 4096, (dev % 256) + Math.floor(dev / 2 ** 20) * 256];
  const held = `1: POSIX  ADVISORY  WRITE 99999 ${major.toString(16)}:${minor.toString(16)}:${ino} 0 EOF\n`;

  // another certbot works for 25 minutes: each wait passes at once, and the clock shows it
  let passedMs = 0;
  const clock = {
    now: Date.now,
    monotonic: () => passedMs,
    after: (ms: number, task: () => void) => {
      passedMs += ms;
      setImmediate(task);
      return () => {};
    },
  };
  const proc = systemProc();
  const asked: number[] = [];
  const base = config('renew');
  const settings = {
    ...base,
    certbot: {
      ...base.certbot,
      configDirectory: tree.root,
      binary: process.execPath,
      deadlineMs: 60 * minute,
      stagingServer: 'https://staging.test/dir',
    },
    nginx: { ...base.nginx, config: '/nonexistent/nginx.conf' },
  };
  const ports = {
    clock,
    files: systemFiles(),
    proc: {
      ...proc,
      read: (path: string) => (path === '/proc/locks' ? (passedMs < 25 * minute ? held : '') : proc.read(path)),
    },
    programs: (_argv: string[], { deadlineMs }: { deadlineMs: number }) => {
      asked.push(deadlineMs);
      return Promise.resolve(success({ output: '', timedOut: true }));
    },
    state: { read: () => success(undefined), write: () => success(undefined) },
    rehearsal: {
      addresses: () => ['192.0.2.10'],
      names: {
        addresses: () => Promise.resolve(success(['192.0.2.10'])),
        caa: () => Promise.resolve(success([])),
      },
      placeToken: () => success({ path: '/x', content: 'newOrder', remove: () => {} }),
      webGet: () => Promise.resolve(success({ status: 200, body: 'newOrder' })),
    },
    // all that these checks ask for
  } as unknown as ActPorts;
  const steps = recordSteps(clock, () => {});
  writeFileSync(join(tree.root, 'renewal/shop.example.test.conf'), 'webroot_path = /srv/www\naccount = 0123\n', {
    flag: 'a',
  });
  const outcome = await rehearseLineage('shop.example.test', settings, ports, steps);
  t.deepEqual(
    steps.done.filter(({ ok }) => !ok).map(({ step }) => step),
    ['certbot renew --dry-run'],
  );
  t.is(outcome.reason, 'timed-out', outcome.detail);
  t.deepEqual(asked, [35 * minute]);
});
