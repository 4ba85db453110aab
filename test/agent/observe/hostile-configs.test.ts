import type { FailureReason } from '@certherd/protocol/failure';
import test from 'ava';
import { observeApache } from '../../../agent/observe/apache/apache-server.ts';
import { observeHaproxy } from '../../../agent/observe/haproxy/haproxy-server.ts';
import { observeNginx } from '../../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { hostileConfigs, writeHostileConfig } from '../../helpers/hostile-configs.ts';

const observe = { nginx: observeNginx, apache: observeApache, haproxy: observeHaproxy };

/** What the bounds on products and on growth leave of a config, whatever the time. */
const outcomes: Record<string, FailureReason> = {
  '100,000 includes of one file': 'too-many-includes',
  '1,500 servers with 1,000 ports and 100 names each': 'too-many-includes',
  '30,000 listens on all ports': 'too-many-includes',
  '10,000 hosts that inherit 20,000 certificates': 'too-many-includes',
  'a macro with 500 parameters': 'syntax',
  'binds of all ports': 'too-many-includes',
  '1,000 binds of a list of 100,000 lines': 'too-many-includes',
};

/** Where only the clock ends it: so few steps that the test is quick. */
const endless = [
  'globs that nearly match',
  'variables that become 100,000 words',
  'a macro of 100,000 lines used 50,000 times',
  'a list of 100,000 certificates',
];

for (const config of hostileConfigs())
  test(`${config.server} with ${config.title} ends, and never throws`, (t) => {
    const main = writeHostileConfig(config, testDirectory(t));
    let asked = 0;
    // instead of the clock
    const most = endless.includes(config.title) ? 300 : 2_000_000;
    const { server, deployments } = observe[config.server](systemFiles(), main, () => ++asked > most);
    const expected = endless.includes(config.title) ? 'too-slow' : outcomes[config.title];
    if (expected !== undefined) t.is(server.failure?.reason, expected, server.failure?.detail);
    t.true(deployments.length <= 100_000);
    t.true(deployments.reduce((sum, { listeners }) => sum + listeners.length, 0) <= 200_000);
    t.true(deployments.reduce((sum, { serverNames }) => sum + serverNames.length, 0) <= 1_100_000);
  });

test('once the budget is spent nothing more is read, what was read is kept, and the failure says so', (t) => {
  const directory = testDirectory(t);
  const site = (at: number) => `server{listen ${at + 1} ssl;ssl_certificate c${at};ssl_certificate_key k;}\n`;
  const files = {
    nginx: `events{}http{${Array.from({ length: 50 }, (_, at) => `include s${at};`).join('\n')}}`,
    apache: Array.from({ length: 50 }, (_, at) => `Listen ${at + 1} https\n`).join(''),
    haproxy: `frontend a\n${Array.from({ length: 50 }, (_, at) => `bind :${at + 1} ssl crt /p${at}\n`).join('')}`,
  };
  for (const server of ['nginx', 'apache', 'haproxy'] as const) {
    const sites = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`s${at}`, site(at)]));
    const main = writeHostileConfig({ server, title: 'budget', files: { main: files[server], ...sites } }, directory);
    let asked = 0;
    const seen = observe[server](systemFiles(), main, () => ++asked > 25);
    t.is(seen.server.failure?.reason, 'too-slow', server);
    t.true(asked < 120, `${server}: asked ${asked} times`);
    t.true(seen.deployments.length < 50);
    if (server === 'nginx') t.true(seen.deployments.length > 10);
  }
});
