import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { shopName, type TestHost } from '../helpers/host.ts';
import { mint } from '../helpers/mint.ts';
import { cleared, follow, found, halves, look, sharedHost } from '../helpers/scenario.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { until } from '../helpers/testbed/until.ts';

const shared = sharedHost(test);
const shopPair = ({ certbot }: TestHost) => certbot.lineage('shop');

test.serial('reload-failed: certbot renewed, and nginx refused the reload of its hook', async (t) => {
  const host = shared();
  const extra = host.nginx.writeSite('extra', '\nbogus_directive on;\n');
  t.is((await host.certbot.renew('shop')).exit, 0);
  // The log tells whole seconds: the hook of a slow host may come one later.
  const finding = await until('the refusal is younger than the change', async () => {
    process.kill(host.nginx.pid(), 'SIGHUP');
    return (await look(host)).findings.find(
      ({ code, severity }) => code === 'reload-failed' && severity === 'critical',
    );
  });
  t.regex(finding.cause, /nginx refused its last reload .*unknown directive "bogus_directive"/);
  t.is(finding.evidence.place, `${extra}:2`);
  const { sentence, command } = halves(finding.remedy);
  t.is(sentence, `Mend ${extra}:2`);
  rmSync(extra);
  await follow(t, host, command);
  await cleared(t, host, finding);
});

test.serial('restart-would-fail: the key was overwritten while nginx runs', async (t) => {
  const host = shared();
  writeFileSync(shopPair(host).keyTarget(), (await mint()).keyPem);
  process.kill(host.nginx.pid(), 'SIGHUP');
  const finding = await found(host, 'restart-would-fail');
  t.is(finding.severity, 'critical');
  t.regex(finding.cause, /serves 1 endpoint from what it loaded earlier and would not start again/);
  t.not((await host.nginx.test()).exit, 0, 'nginx agrees');
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
  t.is((await host.nginx.test()).exit, 0, 'nginx would start again');
});

test.serial('restart-would-fail and listener-unbound: another program took a port that the config names', async (t) => {
  const host = shared();
  const port = await host.sandbox.port();
  const holder = await holding(host, port);
  const file = host.nginx.writeSite('second', site({ serverNames: [shopName], port, pairs: [shopPair(host)] }));
  t.is((await host.nginx.reload()).exit, 0, 'nginx itself says that all went well');
  await until('nginx has given up', () => readFileSync(host.nginx.errorLog, 'utf8').includes('still could not bind'));
  const finding = await found(host, 'listener-unbound');
  t.is(finding.severity, 'critical');
  t.is(finding.evidence['held by'], `python3 (pid ${holder.pid})`);
  t.regex(finding.evidence['error log'] ?? '', /Address already in use/);
  const bomb = await found(host, 'restart-would-fail');
  t.is(bomb.remedy, finding.remedy);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
  await removed(host, file);
});

test.serial('listener-unbound: a listener was added, and nginx not reloaded', async (t) => {
  const host = shared();
  const port = await host.sandbox.port();
  const file = host.nginx.writeSite('added', site({ serverNames: [shopName], port, pairs: [shopPair(host)] }));
  const finding = await found(host, 'listener-unbound');
  t.true(finding.cause.includes(`${file} changed at `), finding.cause);
  await follow(t, host, finding.remedy);
  await cleared(t, host, finding);
  await removed(host, file);
});

test.serial('wrong-server: an earlier block has the same name, with another certificate', async (t) => {
  const host = shared();
  const pair = await otherPair(host, shopName);
  const later = host.nginx.writeSite('zz', site({ serverNames: [shopName], port: host.tlsPort, pairs: [pair] }));
  await host.nginx.reloadWhole();
  const finding = await found(host, 'wrong-server');
  t.is(finding.severity, 'warning');
  t.is(finding.evidence['never answers'], `${later}:1`);
  const { sentence, command } = halves(finding.remedy);
  const first = join(host.nginx.prefix, 'sites/shop.conf');
  t.is(sentence, `Take ${shopName} out of the server at ${first}:1`);
  const text = readFileSync(first, 'utf8');
  writeFileSync(first, text.replace(`server_name ${shopName}`, 'server_name old.example.test'));
  await follow(t, host, command);
  await until('the later block answers', async () => {
    const { findings } = await look(host);
    return !findings.some(({ code }) => code === 'wrong-server');
  });
  t.pass();
});

/** A site is taken out again, for the next scenario. */
async function removed(host: TestHost, file: string): Promise<void> {
  rmSync(file);
  await host.nginx.reloadWhole();
  await until('the host is healthy again', async () => (await look(host)).findings.length === 0);
}

async function otherPair(host: TestHost, name: string): Promise<{ certificate: string; key: string }> {
  const other = await mint({ names: [name] });
  const directory = host.sandbox.folder(`pair-${name}`);
  const pair = { certificate: join(directory, 'one.pem'), key: join(directory, 'one.key') };
  writeFileSync(pair.certificate, other.pem);
  writeFileSync(pair.key, other.keyPem, { mode: 0o600 });
  return pair;
}

/** A program that is no TLS server listens at the port. */
async function holding(host: TestHost, port: number) {
  const script = `import socket;s=socket.create_server(("127.0.0.1",${port}));print("listens",flush=True)\nwhile 1: s.accept()[0].close()`;
  const holder = host.sandbox.start('/usr/bin/python3', ['-c', script], join(host.sandbox.directory, 'holder.log'));
  await until('the other program listens', () => holder.output().includes('listens'));
  return holder;
}
