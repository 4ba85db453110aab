import type { Endpoint } from '@certherd/protocol/snapshot';
import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import { firstReached, sinceFirst } from '../../../agent/decide/reached.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import type { RunningNginx } from '../../../agent/observe/nginx-running.ts';
import { config, day, deployment, endpoint, lineage, noon, observed } from '../../helpers/observed.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const b = 'b'.repeat(64);
/** Renewed an hour before noon: on disk and configured, and "a" is still served. */
const renewed = {
  lineages: [lineage({ issued: b, live: b, changedAt: iso(noon - 3_600_000) })],
  deployments: [deployment({ configured: b })],
  endpoints: [endpoint({ configured: b, issued: b })],
  files: [],
};
const { served: _none, ...unserved } = endpoint({ configured: b, issued: b });
const silent = { ...unserved, failure: { reason: 'timed-out' as const, detail: '' } };

function running(workersAt: number, change: Partial<RunningNginx> = {}): RunningNginx {
  const workers = [{ pid: 11, startedAt: workersAt, shuttingDown: false }];
  return {
    masters: [{ pid: 10, startedAt: noon - 9 * day, workers }],
    orphans: [],
    own: 10,
    pidFile: { path: '/run/nginx.pid', pid: 10 },
    workerProcesses: 1,
    log: [],
    changed: {},
    ...change,
  };
}

function row(change: Partial<Observations>, now = noon): Endpoint {
  const [first] = decide(observed(change), [], [], config(), now).snapshot.endpoints;
  if (!first) throw new Error('no endpoint');
  return first;
}

test('workers that started after the file changed have loaded it, whatever an endpoint answers', (t) => {
  const late = running(noon - 60_000);
  t.is(row({ ...renewed, running: late }).reached, 'loaded');
  t.is(row({ ...renewed, endpoints: [silent], running: late }).reached, 'loaded');
  t.is(row({ ...renewed, running: late }).reachedAt?.loaded, iso(noon - 60_000));
});

test('older workers have not, nor has an nginx that does not run, nor one whose config changed after its start', (t) => {
  const early = running(noon - 2 * day);
  t.is(row({ ...renewed, running: early }).reached, 'configured');
  t.is(row({ ...renewed, endpoints: [silent], running: early }).reached, 'configured');
  const { own: _own, ...down } = running(0, { masters: [], down: true });
  t.is(row({ ...renewed, endpoints: [silent], running: down }).reached, 'configured');
  const edited = running(noon - 60_000, { configChanged: { path: '/etc/nginx/nginx.conf', at: noon - 1000 } });
  t.is(row({ ...renewed, running: edited }).reached, 'configured');
});

test('where no process can be seen, an endpoint that does not answer is unknown', (t) => {
  t.is(row({ ...renewed, endpoints: [silent] }).reached, 'unknown');
  t.is(row(renewed).reached, 'configured');
  t.is(row({ ...renewed, endpoints: [silent] }).reachedAt, undefined);
});

test("Apache's children come and go: only a younger parent has loaded the file, only older children have not", (t) => {
  const apache = {
    ...renewed,
    deployments: [deployment({ configured: b, server: 'apache' })],
    endpoints: [endpoint({ configured: b, issued: b, server: 'apache' })],
  };
  const of = (startedAt: number, youngestAt: number, oldestAt = youngestAt) =>
    decide(
      observed({
        ...apache,
        processes: [{ server: 'apache', configFile: '/etc/apache2/apache2.conf', startedAt, oldestAt, youngestAt }],
      }),
      [],
      [],
      config(),
      noon,
    ).snapshot;
  const hour = 3_600_000;
  t.is(of(noon - 1000, noon - 900).endpoints[0]?.reached, 'loaded');
  t.is(of(noon - day, noon - 900).endpoints[0]?.reached, 'configured');
  const old = of(noon - day, noon - 2 * hour);
  t.is(old.endpoints[0]?.reached, 'configured');
  t.regex(old.findings[0]?.cause ?? '', /apache has not been reloaded since .* one of its processes started at /);
  t.is(old.findings[0]?.evidence['process started'], iso(noon - 2 * hour));
  t.notRegex(of(noon - day, noon - 900).findings[0]?.cause ?? '', /processes/);
  t.regex(of(noon - day, noon - 900, noon - 2 * hour).findings[0]?.cause ?? '', /has not been reloaded since/);
});

test('each state has its own instant, up to the one that was reached', (t) => {
  const files = [{ path: lineage().certificatePath, fingerprints: ['a'.repeat(64)], modifiedAt: iso(noon - day - 5) }];
  t.deepEqual(row({ files, running: running(noon - 500) }).reachedAt, {
    issued: iso(noon - day - 5),
    'on-disk': iso(noon - day),
    configured: iso(noon - day),
    loaded: iso(noon - 500),
    served: iso(noon),
  });
  const onDisk = row({ ...renewed, deployments: [deployment()], endpoints: [endpoint({ issued: b })] });
  t.deepEqual(onDisk.reached, 'on-disk');
  t.deepEqual(Object.keys(onDisk.reachedAt ?? {}), ['issued', 'on-disk']);
});

test('a quiet host tells the same at every look: the first instant stays for as long as the certificate does', (t) => {
  const first = row({ running: running(noon - 500) });
  const again = (now: number, change: Partial<Observations>, earlier = firstReached([first])) =>
    sinceFirst([row(change, now)], earlier)[0]?.reachedAt;
  t.deepEqual(again(noon + day, { running: running(noon - 500) }), first.reachedAt);
  t.deepEqual(again(noon + day, { running: running(noon + 7) }), first.reachedAt, 'a reload of the same certificate');
  t.deepEqual(again(noon + day, { running: running(noon - 520) }), first.reachedAt, 'the same start, reckoned anew');
  t.is(again(noon + day, { running: running(noon - 2500) })?.loaded, iso(noon - 2500));
  const lost = row({ endpoints: [silent], running: running(noon - 500) }, noon + day);
  t.is(lost.reachedAt?.served, undefined);
  const next = again(noon + day, {
    ...renewed,
    endpoints: [endpoint({ configured: b, issued: b, served: b })],
    running: running(noon + 7),
  });
  t.deepEqual([next?.served, next?.loaded], [iso(noon + day), iso(noon + 7)]);
});
