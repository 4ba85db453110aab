import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'ava';
import { adoptions, handName as name, script, served, startByHand, useNginx } from '../helpers/by-hand.ts';
import { until } from '../helpers/testbed/until.ts';

test('a config that nginx refuses only after the change is put back byte for byte, and the old certificate stays in service', async (t) => {
  const { host, byHand, config } = await startByHand(t);
  // at this level of OpenSSL the RSA key of the new certificate's CA is too small, and P-256 of the old one's is not
  const strict = '  ssl_ciphers DEFAULT@SECLEVEL=3;\n';
  const text = fs.readFileSync(config).toString('latin1').replace('  server_name', `${strict}  server_name`);
  fs.writeFileSync(config, Buffer.from(text, 'latin1'));
  const before = host.nginx.workers();
  await host.nginx.reloadWhole();
  const workers = await until('only the strict workers are there', () => {
    const now = host.nginx.workers();
    return now.length === 2 && !now.some((pid) => before.includes(pid)) && now;
  });
  const ran = await host.agent(['adopt', name, '--yes', '--json']);
  t.is(ran.exit, 1);
  const { outcome } = JSON.parse(ran.stdout);
  t.is(outcome.reason, 'restored', outcome.detail);
  t.regex(
    outcome.detail,
    /config-test-failed.*ca key too small.*nginx never loaded another one.*The issued lineage hand\.example\.test stays/,
  );
  t.is(fs.readFileSync(config).toString('latin1'), text);
  t.is(fs.statSync(config).mode & 0o777, 0o640);
  t.is((await host.nginx.test()).exit, 0);
  t.is(await served(host), byHand);
  t.deepEqual(host.nginx.workers(), workers);

  // the lineage is there now: a second try issues nothing
  const leaf = host.certbot.lineage(name).leaf();
  fs.writeFileSync(config, Buffer.from(text.replace(strict, ''), 'latin1'));
  const second = await host.agent(['adopt', name, '--yes']);
  t.is(second.exit, 0, second.stderr);
  t.regex(second.stdout, /The lineage hand\.example\.test is there already and has these names: nothing is issued/);
  t.is(host.certbot.lineage(name).leaf(), leaf);
  await until('the old workers are gone', async () => (await served(host)) === leaf);
});

test('a reload that nginx gives up in silence is taken back, and the old certificate proved', async (t) => {
  const { host, byHand, config, original } = await startByHand(t);
  // nginx -t and the reload say that all is well, and the master keeps its old config: an address is taken
  const squatter = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  t.teardown(() => squatter.close());
  const { port } = squatter.address() as net.AddressInfo;
  host.nginx.writeSite('taken', `server { listen 127.0.0.1:${port}; return 404; }\n`);
  const ran = await host.agent(['adopt', name, '--yes', '--json', '--no-rehearsal']);
  t.is(ran.exit, 1);
  const { outcome } = JSON.parse(ran.stdout);
  t.is(outcome.reason, 'restored', outcome.detail);
  t.regex(
    outcome.detail,
    /not-proved: 1 of 2 endpoints: hand\.example\.test .* presents .*the original config is back, loaded and proved/,
  );
  t.deepEqual(fs.readFileSync(config), original);
  t.is(await served(host), byHand);
  const kept = JSON.parse(fs.readFileSync(path.join(adoptions(host)[0] ?? '', 'record.json'), 'utf8'));
  t.is(kept.state, 'restored');
});

test('killed between the change and the reload, it leaves a config that nginx takes, and the next run brings it to its end', async (t) => {
  const { host, byHand, config, original } = await startByHand(t);
  const nginx = path.join(host.sandbox.directory, 'nginx-that-waits');
  const reached = path.join(host.sandbox.directory, 'reached');
  script(
    nginx,
    `case "$*" in *" -t") if grep -q /live/hand ${config}; then touch ${reached}; while [ -e ${reached} ]; do sleep 0.1; done; exit 1; fi;; esac`,
    host.nginx.binary,
  );
  useNginx(host, host.nginx.binary, nginx);
  const agent = host.sandbox.start(
    process.execPath,
    ['agent/main.ts', 'adopt', name, '--yes', '--config', host.configFile],
    path.join(host.sandbox.directory, 'adopt.log'),
    { cwd: path.resolve(import.meta.dirname, '../..') },
  );
  await until('the config is changed', () => fs.existsSync(reached), {
    deadlineMs: 120_000,
    hopeless: () => (agent.running() ? undefined : agent.output()),
  });
  agent.signal('SIGKILL');
  await agent.exited;
  t.notDeepEqual(fs.readFileSync(config), original);
  t.is((await host.nginx.test()).exit, 0);
  t.is(await served(host), byHand);

  useNginx(host, nginx, host.nginx.binary);
  const leaf = host.certbot.lineage(name).leaf();
  const planned = await host.agent(['adopt', name, '--plan']);
  t.regex(planned.stdout, /An adoption was cut off after it changed the config: it is brought to its end/);
  t.is(await served(host), byHand);
  const ran = await host.agent(['adopt', name, '--yes', '--json']);
  t.is(ran.exit, 0, ran.stdout);
  t.is(host.certbot.lineage(name).leaf(), leaf, 'nothing is issued a second time');
  await until('the old workers are gone', async () => (await served(host)) === leaf);
  t.is(adoptions(host).length, 1);
  t.regex((await host.agent(['adopt', name, '--plan'])).stderr, /already-managed/);
});

test('what a link leads to is changed and the link stays; a change that somebody makes in between is not written over', async (t) => {
  const { host, config, original } = await startByHand(t);
  const available = host.sandbox.folder('nginx/sites-available');
  const target = path.join(available, 'hand');
  fs.renameSync(config, target);
  fs.symlinkSync('../sites-available/hand', config);
  const later = '\n# somebody else\n';
  const nginx = path.join(host.sandbox.directory, 'nginx-beside-an-editor');
  script(
    nginx,
    `case "$*" in *" -t") if grep -q /live/hand ${target}; then printf '${later.replaceAll('\n', '\\n')}' >> ${target}; exit 1; fi;; esac`,
    host.nginx.binary,
  );
  useNginx(host, host.nginx.binary, nginx);
  const failed = await host.agent(['adopt', name, '--yes', '--json', '--no-rehearsal']);
  const { outcome } = JSON.parse(failed.stdout);
  t.is(outcome.reason, 'restore-failed');
  t.regex(outcome.detail, /hand\.conf was changed by somebody else, and was left as it is; the original is in /);
  t.is(fs.readFileSync(target, 'utf8').split('# somebody else').length, 2);
  fs.writeFileSync(target, original);

  useNginx(host, nginx, host.nginx.binary);
  const ran = await host.agent(['adopt', name, '--yes']);
  t.is(ran.exit, 0, ran.stderr);
  t.is(fs.readlinkSync(config), '../sites-available/hand');
  t.regex(fs.readFileSync(target, 'latin1'), /live\/hand\.example\.test\/privkey\.pem;/);
  const leaf = host.certbot.lineage(name).leaf();
  await until('the old workers are gone', async () => (await served(host)) === leaf);
});
