import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type CauseLook, lookForCauses, paste } from '../helpers/causes.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { until } from '../helpers/testbed/until.ts';

const codes = ({ findings }: CauseLook) => findings.map(({ code }) => code).sort();
const about = (look: CauseLook, code: string) => look.findings.filter((finding) => finding.code === code);
const shopPair = ({ certbot }: TestHost) => {
  const { certificate, key } = certbot.lineage('shop');
  return { certificate, key };
};

/** Looks until nothing is found; the last look's findings are in the error otherwise. */
async function cleared(host: TestHost): Promise<CauseLook> {
  let last = '';
  return until('nothing is found any more', async () => {
    const look = await lookForCauses(host);
    last = look.findings.map(({ code, cause }) => `${code}: ${cause}`).join('; ');
    if (last !== '') throw new Error(last);
    return look;
  });
}

test('a program in front that presents its own copy is named', async (t) => {
  const host = await startHost(t);
  const port = await host.sandbox.port();
  const { certificate, key } = shopPair(host);
  const copies = [join(host.sandbox.directory, 'copy.pem'), join(host.sandbox.directory, 'copy.key')] as const;
  copyFileSync(certificate, copies[0]);
  copyFileSync(key, copies[1]);
  await host.certbot.renew('shop');
  const front = host.sandbox.start(
    '/usr/bin/openssl',
    ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', copies[0], '-key', copies[1], '-quiet'],
    join(host.sandbox.directory, 'front.log'),
  );
  await until('the other program answers', () => handshake(port, shopName, 'ecdsa'));
  host.nginx.writeSite('front', site({ serverNames: [shopName], port, pairs: [shopPair(host)] }));
  const look = await lookForCauses(host);
  const [unbound] = about(look, 'listener-unbound');
  t.is(look.causes.find(({ code }) => code === 'listener-unbound')?.kind, 'in-front');
  t.is(unbound?.evidence['held by'], `openssl (pid ${front.pid})`);
  t.regex(unbound?.cause ?? '', /the copy that the other program holds/);
  t.is((await paste(host, unbound?.remedy ?? '')).exit, 0);
  await cleared(host);
});

test('a second nginx that holds the listener is told by its pid and config', async (t) => {
  const host = await startHost(t);
  const port = await host.sandbox.port();
  const prefix = host.sandbox.folder('second');
  const config = join(prefix, 'nginx.conf');
  const own = site({ serverNames: [shopName], port, pairs: [shopPair(host)] });
  const user = process.getuid?.() === 0 ? 'user root; ' : '';
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
  writeFileSync(
    config,
    `${user}daemon off; pid nginx.pid; error_log error.log; events {} http { access_log off; ${places.join(' ')} ${own} }`,
  );
  const flags = ['-p', prefix, '-c', config, '-e', join(prefix, 'error.log')];
  const second = host.sandbox.start(host.nginx.binary, flags, join(prefix, 'output.log'));
  await until('the second nginx answers', () => handshake(port, shopName, 'ecdsa'));
  host.nginx.writeSite('twice', own);
  const look = await lookForCauses(host);
  t.deepEqual(codes(look), ['listener-unbound', 'restart-would-fail']);
  const [unbound] = about(look, 'listener-unbound');
  t.is(look.causes[0]?.kind, 'second-nginx');
  t.true(unbound?.cause.includes(`a second nginx, pid ${second.pid} with ${config}`), unbound?.cause);
  t.is(look.running.own, host.nginx.pid());
  t.is((await paste(host, unbound?.remedy ?? '')).exit, 0);
  await cleared(host);
});

test('workers whose master was killed are named, and ended before nginx is started', async (t) => {
  const host = await startHost(t);
  const workers = host.nginx.workers();
  t.teardown(() => {
    for (const pid of workers) if (readTitle(pid).startsWith('nginx: worker')) process.kill(pid, 'SIGKILL');
  });
  process.kill(host.nginx.pid(), 'SIGKILL');
  const look = await until('the workers have lost their master', async () => {
    const seen = await lookForCauses(host);
    return seen.running.orphans.length === workers.length && seen;
  });
  const [unbound] = about(look, 'listener-unbound');
  t.is(look.causes[0]?.kind, 'orphaned-workers');
  for (const pid of workers) t.true(unbound?.evidence['held by']?.includes(`(pid ${pid})`));
  host.sandbox.start('/bin/sh', ['-c', unbound?.remedy ?? ''], join(host.sandbox.directory, 'remedy.log'));
  await until('the new nginx answers', async () => {
    const { running, findings } = await lookForCauses(host);
    return running.own !== undefined && running.orphans.length === 0 && findings.length === 0;
  });
  t.deepEqual((await lookForCauses(host)).findings, []);
});

test('a listener for all addresses that nginx itself keeps from being bound needs a restart, and is told so', async (t) => {
  const host = await startHost(t);
  const shop = site({ serverNames: [shopName], port: host.tlsPort, pairs: [shopPair(host)] });
  host.nginx.writeSite('shop', shop.replace('127.0.0.1:', ''));
  t.is((await host.nginx.reload()).exit, 0);
  const log = () => readFileSync(host.nginx.errorLog, 'utf8');
  await until('nginx has given up', () => log().includes('still could not bind'));
  const look = await lookForCauses(host);
  t.deepEqual(codes(look), ['listener-unbound']);
  t.regex(look.findings[0]?.cause ?? '', /only a restart can replace the one by the other/);
  t.regex(look.findings[0]?.evidence['error log'] ?? '', /^bind\(\) to 0\.0\.0\.0:\d+ failed \(98/);
  host.sandbox.start('/bin/sh', ['-c', look.findings[0]?.remedy ?? ''], join(host.sandbox.directory, 'remedy.log'));
  await until('the new nginx answers', async () => {
    const { running, findings } = await lookForCauses(host);
    return running.own !== undefined && running.own !== look.running.own && findings.length === 0;
  });
  t.deepEqual((await lookForCauses(host)).findings, []);
});

function readTitle(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
