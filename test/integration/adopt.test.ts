import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { adoptions, handName as name, served, startByHand, treeOf } from '../helpers/by-hand.ts';
import type { TestHost } from '../helpers/host.ts';
import { until } from '../helpers/testbed/until.ts';

async function codes(host: TestHost): Promise<string[]> {
  const { findings } = JSON.parse((await host.agent(['check', '--json'])).stdout);
  return findings.map(({ code }: { code: string }) => code);
}

test('a certificate that was installed by hand is rehearsed, issued, named, loaded and proved, and check has nothing more to tell', async (t) => {
  const { host, byHand, config, original } = await startByHand(t);
  t.deepEqual(await codes(host), ['unmanaged']);
  const watched = [host.nginx.prefix, host.certbot.configDirectory, host.sandbox.folder('by-hand')];
  const before = treeOf(...watched);
  const planned = await host.agent(['adopt', name, '--plan']);
  t.is(planned.exit, 0, planned.stderr);
  t.deepEqual(treeOf(...watched), before, '--plan changes nothing');
  t.deepEqual(adoptions(host), []);
  t.regex(planned.stdout, /rehearse: .* certonly --non-interactive --dry-run --cert-name hand\.example\.test /);
  t.regex(planned.stdout, /answered by +webroot/);
  t.regex(planned.stdout, /The old certificate also has old\.example\.test, which no server block names/);
  t.regex(planned.stdout, /^\+\t {2}\S+\/live\/hand\.example\.test\/fullchain\.pem;$/m);

  const ran = await host.agent(['adopt', name, '--yes', '--json']);
  t.is(ran.exit, 0, ran.stderr + ran.stdout);
  const { outcome } = JSON.parse(ran.stdout);
  t.is(outcome.reason, 'done');
  t.deepEqual(
    outcome.steps.filter(({ ok }: { ok: boolean }) => !ok),
    [],
  );
  const steps = outcome.steps.map(({ step }: { step: string }) => step);
  for (const step of ['certbot certonly --dry-run', 'certbot certonly', 'change the config', 'prove every endpoint'])
    t.true(steps.includes(step), `${step} in ${steps.join(', ')}`);
  const lineage = host.certbot.lineage(name);
  t.not(lineage.leaf(), byHand);
  t.is(await served(host), lineage.leaf());

  const [old, now] = [original.toString('latin1'), fs.readFileSync(config).toString('latin1')];
  const directory = host.sandbox.folder('by-hand');
  t.is(now, old.replace(`${directory}/hand.pem`, lineage.certificate).replace(`${directory}/hand.key`, lineage.key));
  t.is(fs.statSync(config).mode & 0o777, 0o640);
  t.deepEqual(fs.readdirSync(path.dirname(config)).sort(), ['hand.conf', 'shop.conf'], 'nothing is left beside it');
  const [kept = ''] = adoptions(host);
  t.is(path.basename(kept), outcome.kept);
  t.deepEqual(fs.readFileSync(path.join(kept, 'original-1')), original);
  t.is(fs.statSync(path.join(kept, 'original-1')).mode & 0o777, 0o600);
  t.regex(fs.readFileSync(path.join(kept, 'diff'), 'utf8'), /^-\t {2}\S+hand\.pem;/m);
  await until('check has nothing to tell', async () => (await codes(host)).length === 0);

  const again = await host.agent(['adopt', name, '--plan']);
  t.is(again.exit, 1);
  t.regex(again.stderr, /already-managed.*renewed by certbot \(lineage hand\.example\.test\)/);
});

test('without a terminal and without --yes nothing is done', async (t) => {
  const { host, config, original } = await startByHand(t);
  for (const args of [[], ['--json']]) {
    const ran = await host.agent(['adopt', name, ...args]);
    t.is(ran.exit, 64);
    t.regex(ran.stderr, /nothing was changed: --yes does it/);
  }
  t.deepEqual(fs.readFileSync(config), original);
  t.false(fs.existsSync(host.certbot.lineage(name).renewalConfig));
});

test('on a terminal it asks once, and only yes is yes', async (t) => {
  const { host, config, original } = await startByHand(t);
  const words = ['agent/main.ts', 'adopt', name, '--no-rehearsal', '--config', host.configFile];
  const answer = (text: string) =>
    host.sandbox.run(
      '/bin/sh',
      ['-c', `printf '${text}\\n' | script -qec '${[process.execPath, ...words].join(' ')}' /dev/null`],
      {
        cwd: path.resolve(import.meta.dirname, '../..'),
      },
    );
  const no = await answer('maybe');
  t.is(no.exit, 64, no.stdout);
  t.regex(no.stdout, /In this order:[^]*Do this\? \[y\/N\][^]*nothing was changed/);
  t.deepEqual(fs.readFileSync(config), original);
  const yes = await answer('y');
  t.is(yes.exit, 0, yes.stdout);
  t.is(await served(host), host.certbot.lineage(name).leaf());
});

test('what cannot be adopted is refused with the reason, and nothing is changed', async (t) => {
  const { host, pair } = await startByHand(t);
  const { certificate, key } = pair;
  const write = async (block: string, listen = `listen 127.0.0.1:${host.tlsPort} ssl;`) => {
    host.nginx.writeSite('odd', `server { ${listen} ${block} }\n`);
  };
  const refusal = async (what: string, ...args: string[]) => {
    const ran = await host.agent(['adopt', what, '--plan', '--json', ...args]);
    t.is(ran.exit, 1, ran.stdout + ran.stderr);
    const { reason, detail, instead = '' } = JSON.parse(ran.stdout).refusal;
    return `${reason}: ${detail} ${instead}`;
  };
  const own = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
  t.regex(await refusal('nobody.example.test'), /^not-found: no server here has the name nobody/);
  t.regex(await refusal('shop.example.test'), /^already-managed: .*certbot \(lineage shop\)/);
  await write(`server_name *.wild.test; ${own}`);
  t.regex(await refusal('*.wild.test'), /^needs-dns: \*\.wild\.test is a wildcard/);
  t.regex(await refusal(name), /^needs-dns: /, 'it shares the file with a wildcard');
  await write(`server_name two.test; ${own} ssl_certificate ${certificate}.rsa; ssl_certificate_key ${key}.rsa;`);
  t.regex(await refusal('two.test'), /^not-supported: \S+odd\.conf:1 names several certificates/);
  await write('server_name var.test; ssl_certificate $ssl_server_name.pem; ssl_certificate_key $ssl_server_name.key;');
  t.regex(await refusal('var.test'), /^not-supported: .*holds variables/);
  await write('');
  t.regex(
    await refusal(name, '--authenticator', 'standalone'),
    /^no-authenticator: standalone: port \d+ is taken by nginx/,
  );
  t.regex(await refusal(name, '--authenticator', 'nginx'), /^no-authenticator: nginx: the plugin is not installed/);
  t.regex(await refusal(name, '--name', 'shop'), /^lineage-taken: certbot has a lineage shop already/);
  for (const args of [
    ['--authenticator', 'dns'],
    ['--server', 'http://x'],
    ['--webroot', '/x', '--authenticator', 'nginx'],
  ])
    t.is((await host.agent(['adopt', name, '--plan', ...args])).exit, 64);

  const elsewhere = host.sandbox.folder('elsewhere');
  const config = path.join(host.nginx.prefix, 'sites/hand.conf');
  fs.renameSync(config, path.join(elsewhere, 'hand.conf'));
  fs.symlinkSync(path.join(elsewhere, 'hand.conf'), config);
  t.regex(await refusal(name), /^not-replaceable: .*changed where it comes from/);
  fs.rmSync(config);
  fs.renameSync(path.join(elsewhere, 'hand.conf'), config);
  fs.chmodSync(path.dirname(config), 0o777);
  t.regex(await refusal(name), /^not-replaceable: .*others may change /);
});
