import { copyFileSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { shopName } from '../helpers/host.ts';
import { mintChain } from '../helpers/mint.ts';
import { agentProgram, cleared, commandsOf, follow, found, halves, healthy, sharedHost } from '../helpers/scenario.ts';
import { site } from '../helpers/testbed/nginx.ts';

const shared = sharedHost(test);

test.serial('config-broken: an nginx config that was cut off while it was edited', async (t) => {
  const host = shared();
  const block = site({ serverNames: ['new.example.test'], port: host.tlsPort, pairs: [] });
  const half = host.nginx.writeSite('new', block.slice(0, -3));
  const finding = await found(host, 'config-broken');
  t.is(finding.severity, 'critical');
  t.true(finding.cause.startsWith(`${half}:`), finding.cause);
  t.not((await host.nginx.test()).exit, 0, 'nginx agrees');
  const { sentence, command } = halves(finding.remedy);
  t.is(sentence, `Mend ${finding.evidence.file}`);
  rmSync(half);
  await follow(t, host, command);
  await cleared(t, host, finding);
});

test.serial('config-broken: an include names a file that is not there', async (t) => {
  const host = shared();
  const absent = join(host.sandbox.directory, 'tls-settings.conf');
  const file = host.nginx.writeSite('second', `include ${absent};\n`);
  const finding = await found(host, 'config-broken');
  t.is(finding.severity, 'critical');
  t.true(finding.cause.includes(`${absent} does not exist`) && finding.cause.includes(`${file}:1`), finding.cause);
  t.not((await host.nginx.test()).exit, 0, 'nginx agrees');
  const { sentence, command } = halves(finding.remedy);
  t.is(sentence, `Mend ${file}:1`);
  writeFileSync(absent, 'ssl_session_timeout 1d;\n');
  await follow(t, host, command);
  await cleared(t, host, finding);
  rmSync(file);
});

for (const { code, title, content, cause } of [
  { code: 'file-missing', title: 'is not there', content: undefined, cause: 'which does not exist' },
  { code: 'file-unreadable', title: 'is something else', content: '<html>404</html>\n', cause: 'which cannot be read' },
] as const) {
  test.serial(`${code}: a server block names a certificate that ${title}`, async (t) => {
    const host = shared();
    const { certificate, key } = host.certbot.lineage('shop');
    const wrong = join(host.sandbox.directory, `${code}.pem`);
    if (content !== undefined) writeFileSync(wrong, content);
    const pairs = [{ certificate: wrong, key }];
    const file = host.nginx.writeSite('second', site({ serverNames: [shopName], port: host.tlsPort, pairs }));
    const finding = await found(host, code);
    t.is(finding.severity, 'critical');
    t.true(finding.cause.startsWith(`${file}:1 names ${wrong}, ${cause}`), finding.cause);
    const { sentence, command } = halves(finding.remedy);
    t.is(sentence, `Put the certificate at ${wrong}`);
    copyFileSync(certificate, wrong);
    await follow(t, host, command);
    await cleared(t, host, finding);
    rmSync(file);
  });
}

test.serial('server-absent: lineages, and no config where one was looked for', async (t) => {
  const host = shared();
  const settings = readFileSync(host.configFile, 'utf8');
  writeFileSync(host.configFile, settings.replace(host.nginx.configFile, '/nonexistent/nginx.conf'));
  const finding = await found(host, 'server-absent');
  t.is(finding.severity, 'unknown');
  t.regex(finding.cause, /certbot keeps 1 lineage here, but there is no nginx config at \/nonexistent\/nginx\.conf/);
  t.is(finding.remedy, 'Name the config in agent.toml: config under [nginx].');
  writeFileSync(host.configFile, settings);
  await cleared(t, host, finding);
});

test.serial('certbot-absent: certbot was removed and its lineages stayed', async (t) => {
  const host = shared();
  const binary = join(host.sandbox.folder('bin'), 'certbot');
  const settings = readFileSync(host.configFile, 'utf8');
  writeFileSync(host.configFile, settings.replace(host.certbot.binary, binary));
  const finding = await found(host, 'certbot-absent');
  t.is(finding.severity, 'warning');
  t.regex(finding.cause, /bin\/certbot does not exist: nothing on this host can renew its 1 lineage/);
  t.is(finding.remedy, 'apt-get install certbot');
  // No package may be installed here: apt only says what it would do, and the link stands for what it does.
  await follow(t, host, finding.remedy.replace('apt-get', 'apt-get --simulate'));
  symlinkSync(host.certbot.binary, binary);
  await cleared(t, host, finding);
  writeFileSync(host.configFile, settings);
  await healthy(t, host);
});

test.serial('name-mismatch: a name was added to the config and not to the certificate', async (t) => {
  const host = shared();
  const { certificate, key } = host.certbot.lineage('shop');
  const names = [shopName, 'www.example.test'];
  const file = host.nginx.writeSite(
    'shop',
    site({ serverNames: names, port: host.tlsPort, pairs: [{ certificate, key }] }),
  );
  await host.nginx.reloadWhole();
  const finding = await found(host, 'name-mismatch');
  t.is(finding.severity, 'warning');
  t.true(finding.cause.startsWith(`${file}:1 serves www.example.test, which ${certificate} does not name`));
  t.is(finding.remedy, `Issue shop again with the missing names, or take them out of ${file}:1.`);
  t.is((await host.certbot.issue('shop', names, { keyType: 'ecdsa', webroot: host.nginx.webroot })).exit, 0);
  await host.nginx.reloadWhole();
  await cleared(t, host, finding);
});

test.serial('unmanaged: a certificate that was installed by hand, in the last third of its life', async (t) => {
  const host = shared();
  const name = 'hand.example.test';
  const days = (count: number) => new Date(Date.now() + count * 86_400_000);
  const { root, leaf, fullchain } = await mintChain({ names: [name], notBefore: days(-65), notAfter: days(25) });
  const roots = join(host.sandbox.directory, 'pebble-root.pem');
  writeFileSync(roots, root.pem + readFileSync(roots, 'utf8'));
  const directory = host.sandbox.folder('by-hand');
  const pair = { certificate: join(directory, 'hand.pem'), key: join(directory, 'hand.key') };
  writeFileSync(pair.certificate, fullchain);
  writeFileSync(pair.key, leaf.keyPem, { mode: 0o600 });
  const serve = async (pairs: (typeof pair)[]) => {
    host.nginx.writeSite('hand', site({ serverNames: [name], port: host.tlsPort, pairs }));
    await host.nginx.reloadWhole();
  };
  await serve([pair]);
  const finding = await found(host, 'unmanaged');
  t.is(finding.severity, 'warning');
  t.deepEqual(finding.subject, { kind: 'file', id: pair.certificate });
  t.regex(finding.cause, /belongs to no certbot lineage, and no other client here is known to renew it/);
  // By hand: only the plugin is substituted (it may not be installed here), and what it would ask for is answered.
  const answers = `-n --agree-tos --server ${host.pebble.directoryUrl} --webroot -w ${host.nginx.webroot}`;
  const byHand = finding.evidence['by hand'] ?? '';
  t.regex(byHand, / --nginx -d hand\.example\.test /);
  await follow(t, host, byHand.replace('--nginx', `certonly --dry-run ${answers}`), host.certbot.environment);
  // The question is answered; the rest is as printed, and goes all the way.
  const [[program = '', ...words] = []] = commandsOf(finding.remedy);
  t.deepEqual([program, ...words.slice(0, 2)], ['certherd-agent', 'adopt', name]);
  const ran = await host.sandbox.run(process.execPath, [agentProgram, ...words, '--yes']);
  t.is(ran.exit, 0, ran.stderr);
  await cleared(t, host, finding);
});
