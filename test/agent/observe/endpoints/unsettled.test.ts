import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { observeNginxProcesses } from '../../../../agent/observe/nginx-process.ts';
import { observeUnsettled } from '../../../../agent/observe/endpoints/unsettled.ts';
import type { LookPorts } from '../../../../agent/ports.ts';
import { systemLooking } from '../../../../agent/system/looking.ts';
import { deployment, lineage, observed } from '../../../helpers/observed.ts';
import { testDirectory } from '../../../helpers/directory.ts';
import { startNginx } from '../../../helpers/testbed/nginx.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { until } from '../../../helpers/testbed/until.ts';

const noProc: LookPorts['proc'] = { list: () => undefined, read: () => undefined, readlink: () => undefined };
const minute = 60_000;
const instant = (ms: number) => new Date(ms).toISOString();

/** The state of a host whose certificate, lineage and config changed so many minutes ago, as a look at `now` sees it. */
function hostAt(configFile: string, now: number, minutesAgo: { certificate: number; lineage: number }) {
  const certificatePath = deployment().certificatePath;
  return observed({
    servers: [{ server: 'nginx', configFile, configFiles: [configFile] }],
    files: [
      { path: certificatePath, fingerprints: [], modifiedAt: instant(now - minutesAgo.certificate * minute) },
      { path: '/elsewhere.pem', fingerprints: [], modifiedAt: instant(now) },
    ],
    lineages: [lineage({ changedAt: instant(now - minutesAgo.lineage * minute) })],
  });
}

test('a certificate or a config that changed within two minutes leaves the state open', (t) => {
  const ports = systemLooking();
  const now = ports.clock.now();
  const configFile = join(testDirectory(t), 'nginx.conf');
  writeFileSync(configFile, 'events {}');
  const long = { certificate: 60, lineage: 60 };
  const isUnsettled = (host: ReturnType<typeof hostAt>, server: 'nginx' | 'apache' = 'nginx') =>
    observeUnsettled(ports, host, observeNginxProcesses(noProc, now))(deployment({ server }));
  t.true(isUnsettled(hostAt(configFile, now, long)), 'the config was written just now');
  t.false(isUnsettled(hostAt(configFile, now, long), 'apache'), 'which is no config of Apache');
  utimesSync(configFile, new Date(now - 10 * minute), new Date(now - 10 * minute));
  t.false(isUnsettled(hostAt(configFile, now, long)));
  t.true(isUnsettled(hostAt(configFile, now, { ...long, certificate: 1 })));
  t.true(isUnsettled(hostAt(configFile, now, { ...long, lineage: 1 })));
  t.false(isUnsettled(hostAt(configFile, now, { ...long, certificate: -60 })), 'a time to come says nothing');
});

test('workers of an nginx that was started just now leave the state open', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
  const ports = systemLooking();
  const host = hostAt('/nonexistent', ports.clock.now(), { certificate: 60, lineage: 60 });
  const processes = await until('its workers have their names', () => {
    const seen = observeNginxProcesses(ports.proc, ports.clock.now());
    return seen?.masters.some(({ pid, workers }) => pid === nginx.pid() && workers.length > 0) && seen;
  });
  const isUnsettled = observeUnsettled(ports, host, processes);
  t.true(isUnsettled(deployment()));
  t.false(isUnsettled(deployment({ server: 'haproxy' })));
});

/** /proc of one nginx whose workers started so many seconds ago; of the last ones some are shutting down. */
function procOf(workers: { secondsAgo: number; shuttingDown?: boolean }[], now: number): LookPorts['proc'] {
  const upSeconds = 100_000;
  const stat = (pid: number, parent: number, secondsAgo: number) =>
    `${pid} (nginx) S ${parent} ${'0 '.repeat(17)}${(upSeconds - secondsAgo) * 100} 0`;
  const texts: Record<string, string> = {
    '/proc/uptime': `${upSeconds}.00 0`,
    '/proc/stat': `btime ${Math.round(now / 1000 - upSeconds)}`,
    // without this process all others may be hidden, and nothing follows from what is not seen
    '/proc/1/stat': stat(1, 0, upSeconds),
    '/proc/10/cmdline': 'nginx: master process /usr/sbin/nginx',
    '/proc/10/stat': stat(10, 1, 90_000),
  };
  for (const [index, { secondsAgo, shuttingDown }] of workers.entries()) {
    const pid = 11 + index;
    texts[`/proc/${pid}/cmdline`] = `nginx: worker process${shuttingDown ? ' is shutting down' : ''}`;
    texts[`/proc/${pid}/stat`] = stat(pid, 10, secondsAgo);
  }
  return {
    list: (path) => (path === '/proc' ? ['10', ...workers.map((_, index) => String(11 + index))] : undefined),
    read: (path) => texts[path],
    readlink: () => undefined,
  };
}

test('workers of two generations leave it open, unless the old ones are shutting down and take nothing new', (t) => {
  const { clock, files } = systemLooking();
  const now = clock.now();
  const host = hostAt('/nonexistent', now, { certificate: 60, lineage: 60 });
  const ports = { clock: { ...clock, now: () => now }, files };
  const isUnsettled = (...workers: { secondsAgo: number; shuttingDown?: boolean }[]) =>
    observeUnsettled(ports, host, observeNginxProcesses(procOf(workers, now), now))(deployment());
  t.false(isUnsettled({ secondsAgo: 600 }, { secondsAgo: 600 }));
  t.true(isUnsettled({ secondsAgo: 30 }, { secondsAgo: 30 }));
  t.true(isUnsettled({ secondsAgo: 9000 }, { secondsAgo: 600 }));
  t.false(isUnsettled({ secondsAgo: 9000, shuttingDown: true }, { secondsAgo: 600 }));
});
