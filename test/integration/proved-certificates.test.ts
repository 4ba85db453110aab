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

test('the key that lies in one file with its certificate reaches neither the wire nor the collector’s files', async (t) => {
  const { host, collector } = await enrolled(t);
  const { certificate, keyTarget } = host.certbot.lineage('shop');
  const keyPem = fs.readFileSync(keyTarget(), 'utf8');
  const both = path.join(host.sandbox.directory, 'both.pem');
  fs.writeFileSync(both, keyPem + fs.readFileSync(certificate, 'utf8') + keyPem, { mode: 0o600 });
  host.nginx.writeSite(
    'both',
    site({ serverNames: ['both.test'], port: host.tlsPort, pairs: [{ certificate: both, key: both }] }),
  );
  t.is((await host.nginx.reload()).exit, 0);
  const agent = host.daemon();
  await until('the file is shown', async () => {
    const { certificates } = await readEstate(collector.webAddress);
    return certificates.some(({ files, basis }) => basis === 'der' && files.some((file) => file.path === both));
  });
  await allRead(collector, 2);
  const base64 = keyPem.replaceAll(/-----.*-----|\n/g, '');
  const der = Buffer.from(base64, 'base64');
  t.is(der.toString('hex', 34, 36), '0420');
  // Of a PKCS#8 EC key (RFC 5915): the scalar, in the middle of the file.
  const secrets = [der.subarray(36, 68), Buffer.from(base64.slice(48, 88)), Buffer.from(der.toString('hex', 36, 68))];
  const folder = path.join(host.sandbox.directory, 'collector');
  const kept = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const state = path.join(host.sandbox.directory, 'state');
  const files = [
    ...kept.map((entry) => path.join(entry.parentPath, entry.name)),
    ...fs.readdirSync(state).map((name) => path.join(state, name)),
  ];
  t.true(files.some((name) => name.endsWith('certherd.db')));
  for (const name of files)
    for (const secret of secrets) t.false(fs.readFileSync(name).includes(secret), `${name} holds no private key`);
  for (const secret of secrets) t.false(Buffer.from(agent.output()).includes(secret));
});
