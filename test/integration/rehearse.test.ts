import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'ava';
import { shopName } from '../helpers/host.ts';
import {
  challenges,
  changeChallenges,
  changeRenewal,
  order,
  rehearse,
  settle,
  stagingOf,
  tokens,
} from '../helpers/rehearsal.ts';
import { look, sharedHost } from '../helpers/scenario.ts';
import { until } from '../helpers/testbed/until.ts';

const shared = sharedHost(test);

test.serial('the webroot was moved: certbot would not find it', async (t) => {
  const host = shared();
  changeRenewal(t, host, (text) => text.replaceAll(host.nginx.webroot, '/nonexistent/www'));
  const outcome = await rehearse(host);
  t.is(outcome.exit, 1);
  t.is(outcome.reason, 'config-broken');
  t.deepEqual(outcome.failing, ['challenge path']);
  t.regex(
    outcome.detail,
    /a renewal of shop would fail: challenge path: the webroot \/nonexistent\/www does not exist/,
  );
});

test.serial('nginx serves the challenges out of another directory', async (t) => {
  const host = shared();
  await changeChallenges(t, host, 'root /nonexistent;');
  const outcome = await rehearse(host);
  t.is(outcome.reason, 'unauthorized');
  t.deepEqual(outcome.failing, ['challenge path']);
  t.regex(
    outcome.detail,
    /http:\/\/shop\.example\.test\/\.well-known\/acme-challenge\/ at 127\.0\.0\.1 is answered with status 404/,
  );
  t.deepEqual(tokens(host), []);
});

test.serial('a redirect is followed as a CA follows it, and one to another port is refused', async (t) => {
  const host = shared();
  fs.symlinkSync('.well-known', path.join(host.nginx.webroot, 'moved'));
  t.teardown(() => fs.rmSync(path.join(host.nginx.webroot, 'moved')));
  await changeChallenges(
    t,
    host,
    `rewrite ^/\\.well-known/(.*) http://${shopName}/moved/$1 permanent; } location /moved/ { root www;`,
  );
  const followed = await rehearse(host);
  t.is(followed.reason, 'done', followed.detail);
  const config = fs.readFileSync(host.nginx.configFile, 'utf8');
  fs.writeFileSync(host.nginx.configFile, config.replace(`http://${shopName}/`, `http://${shopName}:8080/`));
  await host.nginx.reloadWhole();
  const refused = await until('nginx sends on to the other port', async () => {
    const outcome = await rehearse(host);
    return outcome.reason === 'done' ? undefined : outcome;
  });
  t.is(refused.reason, 'unauthorized');
  t.regex(
    refused.detail,
    /a redirect leads to http:\/\/shop\.example\.test:8080: CAs follow to the ports 80 and 443 only/,
  );
});

test.serial('a name that does not resolve, and one whose servers fail', async (t) => {
  const host = shared();
  t.teardown(() => order(host, 'set-default-ipv4', { ip: '127.0.0.1' }));
  await order(host, 'set-default-ipv4', { ip: '' });
  const outcome = await rehearse(host);
  t.is(outcome.reason, 'dns');
  t.deepEqual(outcome.failing, ['DNS']);
  t.regex(outcome.detail, /shop\.example\.test has no address/);
  await order(host, 'set-servfail', { host: shopName });
  const broken = await rehearse(host);
  await order(host, 'clear-servfail', { host: shopName });
  t.is(broken.reason, 'dns');
  t.regex(broken.detail, /no resolver tells of shop\.example\.test \(ESERVFAIL\)/);
});

test.serial('resolvers that do not answer are no fault of the host: it could not be told', async (t) => {
  const host = shared();
  const port = await host.sandbox.port();
  const outcome = await rehearse(host, { name_servers: `["127.0.0.1:${port}"]` });
  t.is(outcome.reason, 'dns');
  t.regex(outcome.detail, /^a renewal of shop cannot be told to succeed: /);
  t.regex(outcome.detailOf('DNS'), /^could not be told: no resolver tells of shop\.example\.test/);
  t.false((await look(host)).findings.some(({ code }) => code === 'renewal-would-fail'));
});

test.serial('CAA of the name above lets only another CA issue', async (t) => {
  const host = shared();
  const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory';
  // the checks go by the address of the CA in the renewal config, and do not ask it
  const accounts = path.join(host.certbot.configDirectory, 'accounts');
  const { host: own } = new URL(host.pebble.directoryUrl);
  const directory = path.join(accounts, 'acme-v02.api.letsencrypt.org');
  fs.mkdirSync(directory);
  fs.symlinkSync(path.join('..', own, 'dir'), path.join(directory, 'directory'));
  t.teardown(() => fs.rmSync(directory, { recursive: true }));
  changeRenewal(t, host, (text) => text.replace(host.pebble.directoryUrl, letsEncrypt));
  t.is((await rehearse(host)).reason, 'done');
  await order(host, 'add-caa', { host: 'example.test.', policies: [{ tag: 'issue', value: 'other.test' }] });
  const outcome = await rehearse(host);
  t.is(outcome.reason, 'caa');
  t.deepEqual(outcome.failing, ['CAA']);
  t.regex(
    outcome.detail,
    /CAA of example\.test says issue "other\.test", which keeps letsencrypt\.org from issuing for shop/,
  );
  await order(host, 'add-caa', { host: `${shopName}.`, policies: [{ tag: 'issue', value: 'letsencrypt.org' }] });
  t.is((await rehearse(host)).reason, 'done', 'the nearest name with records counts');
  await order(host, 'clear-caa', { host: 'example.test.' });
  await order(host, 'clear-caa', { host: `${shopName}.` });
});

test.serial('the plugin is gone, and the account', async (t) => {
  const host = shared();
  changeRenewal(t, host, (text) => text.replace('authenticator = webroot', 'authenticator = dns-nowhere'));
  const outcome = await rehearse(host);
  t.is(outcome.reason, 'plugin-missing');
  t.deepEqual(outcome.failing, ['authenticator']);
  const staging = await stagingOf(t, host);
  const dry = await host.sandbox.run(
    host.certbot.binary,
    [
      [
        'renew',
        '--dry-run',
        '--cert-name',
        'shop',
        '--server',
        staging.directoryUrl,
        '-n',
        '--no-random-sleep-on-renew',
      ],
      ['--config-dir', host.certbot.configDirectory, '--work-dir', host.certbot.workDirectory],
      ['--logs-dir', host.certbot.logsDirectory],
    ].flat(),
    { env: host.certbot.environment },
  );
  t.is(dry.exit, 1, 'certbot itself says so too');
  t.regex(dry.stdout + dry.stderr, /dns-nowhere plugin does not appear to be installed/);
  await staging.close();
  const accounts = path.join(host.certbot.configDirectory, 'accounts');
  fs.renameSync(accounts, `${accounts}.away`);
  t.teardown(() => fs.renameSync(`${accounts}.away`, accounts));
  t.deepEqual((await rehearse(host)).failing, ['authenticator', 'account']);
});

test.serial('the standalone authenticator needs its port for itself', async (t) => {
  const host = shared();
  const standalone = (port: number) => (text: string) =>
    text.replace('authenticator = webroot', `authenticator = standalone\nhttp01_port = ${port}`);
  const free = await host.sandbox.port();
  const { renewalConfig } = host.certbot.lineage('shop');
  const before = fs.readFileSync(renewalConfig, 'utf8');
  changeRenewal(t, host, standalone(free));
  t.is((await rehearse(host)).reason, 'done');
  const holder = net.createServer();
  await new Promise<void>((resolve) => holder.listen(0, resolve));
  t.teardown(() => holder.close());
  const { port } = holder.address() as net.AddressInfo;
  fs.writeFileSync(renewalConfig, standalone(port)(before));
  const outcome = await rehearse(host);
  t.is(outcome.reason, 'connection');
  t.regex(outcome.detail, new RegExp(`port ${port} is held by .*, and certbot's standalone server needs it`));

  const hook = path.join(host.certbot.configDirectory, 'renewal-hooks/pre/stop-server.sh');
  fs.mkdirSync(path.dirname(hook), { recursive: true });
  t.teardown(() => fs.rmSync(hook, { force: true }));
  fs.writeFileSync(hook, '#!/bin/sh\n', { mode: 0o644 });
  t.is((await rehearse(host)).reason, 'connection', 'certbot runs only what may be executed');
  fs.chmodSync(hook, 0o755);
  const freed = await rehearse(host);
  t.is(freed.reason, 'done', freed.detail);
  t.regex(freed.detailOf('challenge path'), new RegExp(`^port ${port} is held by .*: ${hook} must free it$`));
  const late = path.join(host.certbot.configDirectory, 'renewal-hooks/post/stop-server.sh');
  fs.mkdirSync(path.dirname(late), { recursive: true });
  t.teardown(() => fs.rmSync(late));
  fs.renameSync(hook, late);
  t.is((await rehearse(host)).reason, 'connection', 'a post-hook comes too late');
});

test.serial('nothing is written through a link or into what everybody may write to', async (t) => {
  const host = shared();
  const wellKnown = path.join(host.nginx.webroot, '.well-known');
  const elsewhere = host.sandbox.folder('elsewhere');
  fs.rmSync(wellKnown, { recursive: true, force: true });
  fs.symlinkSync(elsewhere, wellKnown);
  t.teardown(() => fs.rmSync(wellKnown, { recursive: true, force: true }));
  const linked = await rehearse(host);
  t.regex(linked.detailOf('challenge path'), /^not asked: .*\/\.well-known is a link$/);
  t.deepEqual(fs.readdirSync(elsewhere), []);
  fs.rmSync(wellKnown);
  fs.mkdirSync(wellKnown);
  fs.chmodSync(wellKnown, 0o777);
  const open = await rehearse(host);
  t.regex(open.detailOf('challenge path'), /^not asked: .*\.well-known may be written to by everybody$/);
  t.deepEqual(fs.readdirSync(wellKnown), []);
  fs.rmdirSync(wellKnown);
  t.is((await rehearse(host)).detailOf('challenge path'), '');
  t.false(fs.existsSync(wellKnown), 'what was made for the file is taken away again');
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test.serial(`the file in the webroot does not outlive a rehearsal ended by ${signal}`, async (t) => {
    const host = shared();
    const asked = Promise.withResolvers<void>();
    const silent = net.createServer((socket) => {
      socket.on('error', () => {});
      asked.resolve();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    t.teardown(() => silent.close());
    const { port } = silent.address() as net.AddressInfo;
    settle(host, { challenge_port: String(port) });
    const child = spawn(
      process.execPath,
      [path.resolve('agent/main.ts'), 'rehearse', 'shop', '--json', '--config', host.configFile],
      { stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await asked.promise;
    t.is(tokens(host).length, 1);
    child.kill(signal);
    await ended;
    if (signal === 'SIGKILL') {
      t.is(tokens(host).length, 1, 'nobody is left to take it away');
      const [name = ''] = tokens(host);
      fs.writeFileSync(path.join(challenges(host), 'of-somebody-else'), '');
      t.is((await rehearse(host)).reason, 'done', 'the next one does');
      t.false(tokens(host).includes(name));
      t.true(tokens(host).includes('of-somebody-else'));
      fs.rmSync(path.join(host.nginx.webroot, '.well-known'), { recursive: true });
    } else t.deepEqual(tokens(host), []);
  });
}

test.serial(
  'nothing is rehearsed that the local policy does not allow, and without a name all that it allows',
  async (t) => {
    const host = shared();
    host.setMode('deploy');
    const refused = await host.agent(['rehearse', 'shop']);
    t.is(refused.exit, 1);
    t.regex(refused.stderr, /mode is "deploy".*set mode = "renew"/);
    const none = await host.agent(['rehearse']);
    t.is(none.exit, 1);
    t.regex(none.stderr, /there is no lineage that the agent may renew/);
    host.setMode('renew');
    const all = await host.agent(['rehearse']);
    t.is(all.exit, 0, all.stderr);
    t.regex(all.stdout, /a renewal of shop would succeed: 7 checks went well/);
    t.regex(all.stderr, /challenge path: ok/);
  },
);
