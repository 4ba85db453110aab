import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ServerProgram } from '@certherd/protocol/snapshot';
import { causeOf } from '../../../../agent/decide/causes.ts';
import { judge } from '../../../../agent/decide/policies.ts';
import { plan } from '../../../../agent/decide/plan.ts';
import { askedAddresses, mostOwnAddresses } from '../../../../agent/observe/endpoints/asked-addresses.ts';
import { endpointTargets } from '../../../../agent/observe/endpoints/targets.ts';
import { certificatesByFingerprint } from '../../../../agent/observe/observations.ts';
import { observeHost } from '../../../../agent/observe/observe.ts';
import { systemAddresses } from '../../../../agent/system/addresses.ts';
import { systemLooking } from '../../../../agent/system/looking.ts';
import { mint, type Minted } from '../../../helpers/mint.ts';
import { config, deployment } from '../../../helpers/observed.ts';
import { startNginx } from '../../../helpers/testbed/nginx.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { tlsProgram } from '../../../helpers/testbed/tls-program.ts';
import { until } from '../../../helpers/testbed/until.ts';

const shop = 'shop.example.test';
const fingerprintOf = ({ x509 }: Minted) => x509.fingerprint256.replaceAll(':', '').toLowerCase();

/** A real nginx at all addresses of one port, on a host whose own addresses are said to be two more of loopback. */
async function host(t: ExecutionContext, own = ['127.0.0.2', '127.0.0.3']) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const port = await sandbox.port();
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
  const leaf = await mint({ names: [shop] });
  const [certificate, key] = [join(sandbox.directory, 'a.pem'), join(sandbox.directory, 'a.key')];
  writeFileSync(certificate, leaf.pem);
  writeFileSync(key, leaf.keyPem, { mode: 0o600 });
  const block = (listen: string, name: string) =>
    `server { listen ${listen}; server_name ${name}; ssl_certificate ${certificate}; ssl_certificate_key ${key}; }\n`;
  const settings = {
    ...config('deploy'),
    certbot: { ...config().certbot, configDirectory: join(sandbox.directory, 'letsencrypt') },
    nginx: { binary: nginx.binary, config: nginx.configFile, prefix: nginx.prefix, errorLog: nginx.errorLog },
  };
  const look = async () => {
    const ports = { ...systemLooking(), addresses: () => own };
    const observations = await observeHost(ports, settings, { name: 'web-1', agentVersion: '0', platform: 'test' });
    const certificates = certificatesByFingerprint(observations);
    const facts = { observations, certificates, attempts: [], config: settings, now: ports.clock.now() };
    return { facts, rows: observations.endpoints.filter((row) => row.algorithm === 'ecdsa'), findings: judge(facts) };
  };
  const site = async (text: string) => {
    nginx.writeSite('shop', text);
    await nginx.reloadWhole();
    return until('nginx answers everywhere', async () => {
      const seen = await look();
      return seen.rows.length > 0 && seen.rows.every(({ served }) => served === fingerprintOf(leaf)) && seen;
    });
  };
  return { sandbox, nginx, port, leaf, block, look, site };
}

test('a listener at all addresses is one row, with the addresses that gave its answer', async (t) => {
  const { port, block, site } = await host(t);
  const { rows } = await site(block(`${port} ssl`, shop));
  t.like(rows, [{ id: `${shop}@0.0.0.0:${port}/ecdsa`, answeredAt: ['127.0.0.1', '127.0.0.2', '127.0.0.3'] }]);
  t.is(rows.length, 1);
});

test('a program that has one of the addresses is a row and a finding of its own, which no reload is tried for', async (t) => {
  const { sandbox, port, block, look, site } = await host(t);
  await site(block(`${port} ssl reuseport`, shop));
  const other = await mint({ names: [shop] });
  const program = await tlsProgram(sandbox, { address: '127.0.0.2', port }, other);
  const { rows, findings, facts } = await look();
  t.deepEqual(
    rows.map(({ id, answeredAt }) => [id, answeredAt]),
    [
      [`${shop}@0.0.0.0:${port}/ecdsa`, ['127.0.0.1', '127.0.0.3']],
      [`${shop}@127.0.0.2:${port}/ecdsa`, ['127.0.0.2']],
    ],
  );
  t.is(rows[1]?.served, fingerprintOf(other));
  t.is(rows[1]?.answers, 3, 'what disagrees is asked until it is sure');
  const unbound = findings.find(({ code }) => code === 'listener-unbound');
  t.is(unbound?.subject.id, `${shop}@127.0.0.2:${port}/ecdsa`);
  t.true(unbound?.cause.startsWith(`python3 (pid ${program.pid}) listens at 127.0.0.2:${port} itself`), unbound?.cause);
  t.is(unbound?.remedy, `kill ${program.pid}`);
  t.false(findings.some(({ code }) => code === 'not-served' || code === 'restart-would-fail'));
  t.deepEqual(plan(facts, findings).actions, []);
  program.signal('SIGTERM');
  await program.exited;
  const after = await look();
  t.is(after.rows.length, 1);
  t.false(after.findings.some(({ code }) => code === 'listener-unbound'));
});

test('an address that does not lead to nginx, whose socket is there, is told as redirected', async (t) => {
  const { port, block, look, site } = await host(t);
  await site(block(`${port} ssl`, shop));
  const seen = await look();
  const [whole] = seen.rows;
  t.truthy(whole);
  if (!whole) return;
  // NAT is not there on every machine that runs the tests: what it makes of the row is said by hand, the rest is real
  const id = `${shop}@127.0.0.3:${port}/ecdsa`;
  const row = { ...whole, id, address: '127.0.0.3', served: 'f'.repeat(64), answeredAt: ['127.0.0.3'] };
  const { running } = seen.facts.observations;
  const bound = running?.listening?.find(({ address }) => address === '0.0.0.0');
  t.truthy(bound?.holders?.some(({ pid }) => pid === running?.own));
  if (!running || !bound) return;
  const listening = [...(running.listening ?? []), { ...bound, address: '127.0.0.3' }];
  const observations = { ...seen.facts.observations, endpoints: [whole, row], running: { ...running, listening } };
  const facts = { ...seen.facts, observations };
  t.is(causeOf(row, facts)?.kind, 'redirected');
  const told = judge(facts).filter(({ code }) => code === 'not-served');
  t.deepEqual(
    told.map(({ subject, severity }) => [subject.id, severity]),
    [[id, 'critical']],
  );
  t.regex(told[0]?.cause ?? '', /do not reach nginx/);
  t.regex(told[0]?.remedy ?? '', /nft list ruleset/);
  t.deepEqual(plan(facts, judge(facts)).actions, []);
  const silent = { ...row, failure: { reason: 'timed-out' as const, detail: 'no handshake' } };
  delete (silent as Partial<typeof silent>).served;
  const unreachable = judge({ ...facts, observations: { ...observations, endpoints: [whole, silent] } });
  t.regex(unreachable.find(({ code }) => code === 'endpoint-unreachable')?.cause ?? '', /do not reach nginx/);
});

test('an address with a listener of its own is left to that one', async (t) => {
  const { port, block, site } = await host(t);
  const { rows } = await site(block(`${port} ssl`, shop) + block(`127.0.0.2:${port} ssl`, 'other.example.test'));
  t.deepEqual(
    rows.map(({ id, answeredAt }) => [id, answeredAt]),
    [
      [`${shop}@0.0.0.0:${port}/ecdsa`, ['127.0.0.1', '127.0.0.3']],
      [`other.example.test@127.0.0.2:${port}/ecdsa`, undefined],
    ],
  );
});

test('where a closer listener has every address, it answers in the place of the one at all addresses, and that is told', async (t) => {
  const { sandbox, nginx, port, block, look } = await host(t, ['127.0.0.2']);
  const other = await mint({ names: ['other.example.test'] });
  const [certificate, key] = [join(sandbox.directory, 'b.pem'), join(sandbox.directory, 'b.key')];
  writeFileSync(certificate, other.pem);
  writeFileSync(key, other.keyPem, { mode: 0o600 });
  const closer = `server { listen 127.0.0.1:${port} ssl; listen 127.0.0.2:${port} ssl; server_name other.example.test; ssl_certificate ${certificate}; ssl_certificate_key ${key}; }\n`;
  const file = nginx.writeSite('both', block(`${port} ssl`, shop) + closer);
  await nginx.reloadWhole();
  const wrong = await until('the other block answers', async () => {
    const { findings } = await look();
    return findings.find(({ code }) => code === 'wrong-server');
  });
  t.is(wrong.subject.id, `${shop}@0.0.0.0:${port}/ecdsa`);
  t.is(wrong.severity, 'warning');
  t.true(wrong.cause.startsWith(`${file}:2 answers for ${shop}: it listens at 127.0.0.1:${port} itself`), wrong.cause);
  const [, listen] = /^Add "(listen [^"]+;)" to the server at /.exec(wrong.remedy) ?? [];
  t.is(listen, `listen 127.0.0.1:${port} ssl;`);
  nginx.writeSite('both', block(`${port} ssl; ${listen?.slice(0, -1)}`, shop) + closer);
  await nginx.reloadWhole();
  await until('it is not told any more', async () => {
    const { rows, findings } = await look();
    return rows.length > 0 && !findings.some(({ code }) => code === 'wrong-server');
  });
});

const listening = (address: string, port = 443) => ({ address, port, defaultServer: true, proxyProtocol: false });

test('a listener of any program counts as the closer one', (t) => {
  for (const server of ['apache', 'haproxy', 'other'] as ServerProgram[]) {
    const deployments = [
      deployment(),
      deployment({ server, configFile: '/etc/other', listeners: [listening('192.0.2.7')] }),
    ];
    const { targets } = endpointTargets(deployments, ['192.0.2.7', '192.0.2.8', 'fd00::1']);
    t.deepEqual(targets[0]?.addresses, ['127.0.0.1', '192.0.2.8'], server);
  }
});

test('an IPv6 listener is asked at the addresses of its family, and where nothing is left at loopback', (t) => {
  const own = ['192.0.2.7', 'fd00::1', '2001:db8::5'];
  t.deepEqual(
    askedAddresses(listening('::'), own, () => false),
    {
      addresses: ['::1', 'fd00::1', '2001:db8::5'],
      beyond: 0,
    },
  );
  t.deepEqual(askedAddresses(listening('::'), own, () => true).addresses, ['::1']);
  t.deepEqual(askedAddresses(listening('192.0.2.7'), own, () => true).addresses, ['192.0.2.7']);
});

test('hundreds of addresses and names do not multiply the work, and what is left out is counted', (t) => {
  const own = Array.from({ length: 300 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  const one = endpointTargets([deployment()], own);
  t.is(one.targets[0]?.addresses.length, 1 + mostOwnAddresses);
  t.like(one.notAsked, [{ reason: 'too-many-addresses', count: 300 - mostOwnAddresses }]);
  const serverNames = Array.from({ length: 900 }, (_, index) => `n${index}.example.test`);
  const many = endpointTargets(
    [
      deployment({ serverNames }),
      deployment({ line: 20, serverNames: [shop], listeners: [listening('0.0.0.0', 8443)] }),
    ],
    own,
  );
  const asked = many.targets.reduce((sum, { addresses }) => sum + addresses.length, 0);
  t.is(asked, 901 + 1000);
  t.is(
    many.targets.at(-1)?.addresses.length,
    1 + mostOwnAddresses,
    'the first name of each listener is asked everywhere',
  );
  const left = many.notAsked.reduce((sum, { count }) => sum + count, 0);
  t.is(asked + left, 901 * 301);
});

test('addresses of loopback, link-local ones and those of container bridges are not the own ones of a host', (t) => {
  const at = (address: string) => ({ address, netmask: '', mac: '', internal: false, cidr: null });
  const v4 = (address: string) => ({ ...at(address), family: 'IPv4' as const });
  const v6 = (address: string) => ({ ...at(address), family: 'IPv6' as const, scopeid: 0 });
  t.deepEqual(
    systemAddresses({
      lo: [v4('127.0.0.1'), v4('127.0.0.2'), v6('::1')],
      eth0: [v4('192.0.2.2'), v4('169.254.3.4'), v6('FE80::1'), v6('2001:DB8::2'), v6('fd00::2')],
      docker0: [v4('172.17.0.1')],
      'br-0123456789ab': [v4('172.18.0.1')],
      br0: [v4('198.51.100.4')],
      veth12: [v6('fd00::9')],
    }),
    ['127.0.0.2', '192.0.2.2', '2001:db8::2', 'fd00::2', '198.51.100.4'],
  );
});
