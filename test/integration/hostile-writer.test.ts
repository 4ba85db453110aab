import fs from 'node:fs';
import { join } from 'node:path';
import { Deployment, Server } from '@certherd/protocol/snapshot';
import test from 'ava';
import { Value } from 'typebox/value';
import { observeNginx } from '../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { plainEnvironment } from '../helpers/testbed/children.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

/**
 * Rewrites a config without a pause: site 1 by rename, as editors do; site 2 in place, as `cat >` does; site 3 comes and goes.
 * Each version of a site has a certificate of its own.
 */
const writer = `
const fs = require('node:fs');
const [directory] = process.argv.slice(1);
const site = (number, version) => 'server { listen 127.0.0.1:1' + number + ' ssl; server_name s' + number + '.test;\\n'
  + ' ssl_certificate /v' + version + '/' + number + '.pem; ssl_certificate_key /v' + version + '/' + number + '.key; }\\n';
for (let version = 0; ; version = 1 - version) {
  fs.writeFileSync(directory + '/new', site(1, version));
  fs.renameSync(directory + '/new', directory + '/sites/1.conf');
  fs.writeFileSync(directory + '/sites/2.conf', site(2, version));
  fs.writeFileSync(directory + '/new', site(3, version));
  fs.renameSync(directory + '/new', directory + '/sites/3.conf');
  fs.rmSync(directory + '/sites/3.conf');
}
`;

test('a config that is rewritten while it is read is told as it was before or after, or as broken', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const directory = sandbox.folder('config');
  const sites = sandbox.folder('config/sites');
  const configFile = join(directory, 'nginx.conf');
  fs.writeFileSync(configFile, 'events { }\nhttp { include sites/*.conf; }\n');
  const environment = { env: { ...plainEnvironment } };
  const writing = sandbox.start(process.execPath, ['-e', writer, directory], join(directory, 'log'), environment);
  await until('the writer writes', () => Promise.resolve(fs.existsSync(join(sites, '2.conf'))));

  const seen = new Set<string>();
  const files = systemFiles();
  for (let look = 0; look < 2000 && seen.size < 6; look++) {
    const { server, deployments } = observeNginx(files, configFile);
    t.true(Value.Check(Server, server));
    for (const deployment of deployments) {
      t.true(Value.Check(Deployment, deployment));
      const { serverNames, certificatePath, keyPath, line } = deployment;
      const told = `${serverNames.join(' ')} ${certificatePath} ${keyPath}`;
      const whole = /^s(\d)\.test \/v(\d)\/\1\.pem \/v\2\/\1\.key$/.test(told);
      t.true(whole || server.failure !== undefined, `${told} ${line}`);
      if (whole) seen.add(told);
    }
    const reason = server.failure?.reason;
    t.true(reason === undefined || reason === 'not-found' || reason === 'syntax', reason);
  }
  t.true(writing.running());
  t.true(seen.size >= 3, 'old and new were both met');
});
