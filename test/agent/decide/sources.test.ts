import type { Server } from '@certherd/protocol/snapshot';
import test from 'ava';
import { decide } from '../../../agent/decide/decide.ts';
import type { Observations } from '../../../agent/observe/observations.ts';
import { config, noon, observed } from '../../helpers/observed.ts';

const judged = (change: Partial<Observations>) =>
  decide(observed(change), [], [], config(), noon).snapshot.findings.filter(
    ({ code }) => code !== 'restart-would-fail',
  );
const main = '/etc/nginx/nginx.conf';
const notFound = (detail: string, place: Partial<NonNullable<Server['failure']>> = {}): Server => ({
  server: 'nginx',
  configFile: main,
  configFiles: [main],
  failure: { reason: 'not-found', detail, ...place },
});

test('an included file that is not there breaks the config, be it named in the main file or further in', (t) => {
  for (const file of [main, '/etc/nginx/sites-enabled/shop']) {
    const [finding, ...more] = judged({ servers: [notFound('/etc/nginx/tls.conf does not exist', { file, line: 4 })] });
    t.deepEqual([finding?.code, finding?.severity, more], ['config-broken', 'critical', []]);
    t.is(
      finding?.cause,
      `${file}:4: /etc/nginx/tls.conf does not exist; nginx keeps what it loaded before, and its next restart would fail`,
    );
    t.is(finding?.remedy, `Mend ${file}:4, then: /usr/sbin/nginx -c ${main} -t`);
  }
});

test('an included file that is not there is no absent server, where nothing else could be read', (t) => {
  const servers = [notFound('/etc/nginx/tls.conf does not exist', { file: main, line: 4 })];
  const bare = { servers, deployments: [], endpoints: [] };
  t.deepEqual(
    judged(bare).map(({ code }) => code),
    ['config-broken'],
  );
  t.deepEqual(
    judged({ ...bare, lineages: [] }).map(({ code }) => code),
    ['config-broken'],
  );
});

test('a place that the reason names already is not told twice', (t) => {
  const detail = `/etc/nginx/tls.conf does not exist (${main}:4)`;
  const [finding] = judged({ servers: [notFound(detail, { file: main, line: 4 })] });
  t.true(finding?.cause.startsWith(`${main}:4: /etc/nginx/tls.conf does not exist; nginx keeps`), finding?.cause);
});

test('a main file that is not there breaks nothing', (t) => {
  t.deepEqual(judged({ servers: [notFound(`${main} does not exist`)] }), []);
});
