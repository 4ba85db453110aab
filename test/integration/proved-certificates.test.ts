import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { type Collector, prepareCollector } from '../../scripts/stage/products.ts';
import { readEstate } from '../collector/helpers/real-collector.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { site } from '../helpers/testbed/nginx.ts';
import { startWireTap } from '../helpers/wire-tap.ts';
import { until } from '../helpers/testbed/until.ts';

async function enrolled(t: ExecutionContext): Promise<{ host: TestHost; collector: Collector }> {
  const host = await startHost(t);
  const collector = await prepareCollector(host.sandbox);
  await collector.start();
  const enrol = await host.agent(['enroll', await collector.join()]);
  if (enrol.exit !== 0) throw new Error(enrol.stderr);
  return { host, collector };
}

const allRead = (collector: Collector, count: number) =>
  until('the collector read every certificate itself', async () => {
    const { certificates, endpoints } = await readEstate(collector.webAddress);
    const all = certificates.length >= count && certificates.every(({ basis }) => basis === 'der');
    return all && endpoints.length > 0 && certificates;
  });

async function pemOf(collector: Collector, fingerprint: string): Promise<string> {
  const answer = await fetch(new URL(`api/v1/certificates/${fingerprint}/pem`, collector.webAddress));
  return answer.text();
}

test('the collector reads what a host serves and keeps itself, also what is in no file any more; after a kill it knows it still', async (t) => {
  const { host, collector } = await enrolled(t);
  const first = (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;
  t.is((await host.certbot.renew('shop')).exit, 0);
  const lineage = host.certbot.lineage('shop');
  t.not(lineage.leaf(), first);
  host.daemon();
  // Both leaves and the intermediate: nginx was not reloaded, so that the first one is in its memory and in no file of the snapshot.
  const certificates = await allRead(collector, 3);
  t.true(certificates.some(({ fingerprint }) => fingerprint === first));
  const renewed = await pemOf(collector, lineage.leaf());
  t.true(fs.readFileSync(lineage.certificate, 'utf8').startsWith(renewed.trimEnd()), renewed);
  for (const { fingerprint } of certificates) {
    const base64 = (await pemOf(collector, fingerprint)).replaceAll(/-----.*-----|\n/g, '');
    t.is(createHash('sha256').update(Buffer.from(base64, 'base64')).digest('hex'), fingerprint);
  }
  await collector.kill();
  await collector.start();
  t.deepEqual(
    (await readEstate(collector.webAddress)).certificates.map(({ fingerprint, basis }) => ({ fingerprint, basis })),
    certificates.map(({ fingerprint, basis }) => ({ fingerprint, basis })),
  );
});

test('no byte of a host’s private keys is in a frame, in the collector’s files, or in the agent’s state and log', async (t) => {
  const host = await startHost(t);
  const collector = await prepareCollector(host.sandbox);
  await collector.start();
  const tap = await startWireTap(t, host.sandbox);
  const join = tap.through(await collector.join());
  const enrol = await host.agent(['enroll', join]);
  t.is(enrol.exit, 0, enrol.stderr);
  const { certificate, keyTarget } = host.certbot.lineage('shop');
  const keyPem = fs.readFileSync(keyTarget(), 'utf8');
  const both = path.join(host.sandbox.directory, 'both.pem');
  fs.writeFileSync(both, keyPem + fs.readFileSync(certificate, 'utf8') + keyPem, { mode: 0o600 });
  const pairs = [{ certificate: both, key: both }];
  host.nginx.writeSite('both', site({ serverNames: ['both.test'], port: host.tlsPort, pairs }));
  await host.nginx.reloadWhole();
  const agent = host.daemon();
  await until('the file is shown', async () => {
    const { certificates } = await readEstate(collector.webAddress);
    return certificates.some(({ files, basis }) => basis === 'der' && files.some((file) => file.path === both));
  });
  await allRead(collector, 2);

  const state = path.join(host.sandbox.directory, 'state');
  const secretsOf = (pem: string, from: number, length: number) => {
    const der = Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64');
    t.deepEqual([...der.subarray(from - 2, from)], [0x04, length], 'an OCTET STRING of that length');
    const secret = der.subarray(from, from + length);
    const whole = der.toString('base64');
    // Its base64 within the file, whichever of the three ways it falls on the groups of four.
    const within = whole.slice(Math.ceil(from / 3) * 4, Math.floor((from + length) / 3) * 4);
    return [
      secret,
      Buffer.from(secret.toString('hex')),
      Buffer.from(secret.toString('base64url')),
      Buffer.from(within),
    ];
  };
  const host_ = secretsOf(keyPem, 36, 32);
  const identity = secretsOf(fs.readFileSync(path.join(state, 'agent-key.pem'), 'utf8'), 16, 32);

  for (const type of ['enrol', 'hello', 'snapshot', 'certificates', 'events', 'heartbeat'])
    await until(`${type} passed the tap`, () => tap.fromAgents.some((text) => text.startsWith(`{"type":"${type}"`)));
  const told = tap.fromAgents.join('\n');
  for (const secret of [...host_, ...identity]) t.false(Buffer.from(told).includes(secret));
  const token = join.split('.').at(-1) ?? '';
  const withToken = tap.fromAgents.filter((text) => text.includes(token));
  t.deepEqual(
    withToken.map((text) => JSON.parse(text).type),
    ['enrol'],
    'the token is told once, in its place',
  );

  const folder = path.join(host.sandbox.directory, 'collector');
  const kept = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = kept.map((entry) => path.join(entry.parentPath, entry.name));
  t.true(files.some((name) => name.endsWith('certherd.db')));
  const own = fs.readdirSync(state).map((name) => path.join(state, name));
  const look = (name: string, secrets: Buffer[]) => {
    const content = fs.readFileSync(name);
    for (const secret of secrets) t.false(content.includes(secret), `${name} holds no private key`);
  };
  for (const name of files) look(name, [...host_, ...identity, Buffer.from(token)]);
  for (const name of own) look(name, host_);
  for (const secret of [...host_, ...identity]) t.false(Buffer.from(agent.output()).includes(secret));
});
