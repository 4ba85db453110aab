import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  type Master,
  observeNginxProcesses,
  runningConfig,
  walkProcesses,
} from '../../../agent/observe/nginx-process.ts';
import { systemLooking } from '../../../agent/system/looking.ts';
import { testDirectory } from '../../helpers/directory.ts';

test('an nginx runs the config that its arguments lead to, by links or a prefix, and may run it where that cannot be told', (t) => {
  const directory = testDirectory(t);
  const place = (name: string) => join(directory, name);
  for (const name of ['own.conf', 'other.conf']) writeFileSync(place(name), 'events {}');
  symlinkSync(place('own.conf'), place('link.conf'));
  symlinkSync(directory, place('prefix'));
  const { files } = systemLooking();
  const may = (change: Pick<Master, 'config' | 'prefix'>, configFile = place('own.conf')) => {
    const masters = [{ pid: 1, startedAt: 0, workers: [], ...change }];
    return runningConfig({ masters, orphans: [] }, configFile, files).masters.length === 1;
  };
  t.true(may({}), 'the one that is built in');
  t.true(may({ config: place('own.conf') }));
  t.false(may({ config: place('other.conf') }));
  t.true(may({ config: place('link.conf') }));
  t.true(may({ config: place('own.conf') }, place('link.conf')));
  t.false(may({ config: place('other.conf') }, place('link.conf')));
  t.true(may({ config: 'link.conf', prefix: place('prefix') }));
  t.false(may({ config: 'other.conf', prefix: place('prefix') }));
  t.true(may({ config: 'other.conf' }), 'below a prefix that is built in');
  t.true(may({ config: 'other.conf', prefix: 'here' }), 'below a directory that it was started in');
  t.true(may({ config: place('gone.conf') }), 'a file that is gone');
});

test('a second walk asks what was nginx and what is new, and all where a new one is nginx', (t) => {
  const now = Date.UTC(2026, 10, 28);
  const titles = new Map([
    [1, '/sbin/init'],
    [20, 'sh\0/start-nginx\0'],
    [30, 'nginx: master process nginx -c /n.conf'],
    [31, 'nginx: worker process'],
  ]);
  const parents = new Map([
    [31, 30],
    [21, 20],
  ]);
  const asked: number[] = [];
  const proc = {
    list: () => ['self', ...[...titles.keys()].toSorted(ascending).map(String)],
    read: (file: string) => {
      const [, , name, what] = file.split('/');
      if (name === 'uptime') return '1000.00 1.00';
      if (name === 'stat') return `btime ${now / 1000 - 1000}`;
      const pid = Number(name);
      if (what === 'cmdline') return titles.get(asked[asked.push(pid) - 1] ?? 0);
      return what === 'stat' ? `${pid} (x) S ${parents.get(pid) ?? 1}${' 0'.repeat(17)} 900` : undefined;
    },
    readlink: () => undefined,
  };
  const first = walkProcesses(proc, now);
  t.deepEqual(
    first?.processes.masters.map(({ pid, workers }) => [pid, workers.map((one) => one.pid)]),
    [[30, [31]]],
  );
  const again = (pids: number[], what: string) => {
    asked.length = 0;
    const { processes } = walkProcesses(proc, now, first?.walk) ?? {};
    t.deepEqual([...new Set(asked)].toSorted(ascending), pids, what);
    t.deepEqual(processes, observeNginxProcesses(proc, now), what);
  };
  again([30, 31], 'as it was');
  titles.set(40, 'cron').delete(20);
  again([30, 31, 40], 'another program began, and one ended');
  titles.set(31, 'nginx: worker process is shutting down');
  again([30, 31, 40], 'a worker ends');
  titles.set(20, 'nginx: master process nginx').set(21, 'nginx: worker process');
  again([1, 20, 21, 30, 31, 40], 'a shell became nginx');
});

function ascending(one: number, other: number): number {
  return one - other;
}
