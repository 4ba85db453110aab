import { readFileSync } from 'node:fs';
import type net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import type { SignatureAlgorithm } from '@certherd/protocol/certificate';
import { readCertificate } from '@certherd/x509/certificate';
import { lookingClients } from '../../../handshake/dial/looking-clients.ts';
import { systemDialer } from '../../../handshake/dialer.ts';
import { mintMlDsa } from '../../helpers/post-quantum.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';

const dial = systemDialer(lookingClients());
const families: SignatureAlgorithm[] = ['ecdsa', 'rsa', 'ed25519', 'other'];

/** A self-signed leaf made by openssl. */
async function leafOf(t: ExecutionContext, key: string[]) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const [certificate, keyFile] = ['leaf.pem', 'leaf.key'].map((name) => join(sandbox.directory, name));
  const argv = ['req', '-x509', '-nodes', ...key, '-subj', '/CN=shop.example.test', '-days', '30'];
  const made = await sandbox.run('/usr/bin/openssl', [...argv, '-keyout', keyFile ?? '', '-out', certificate ?? '']);
  t.is(made.exit, 0, made.stderr);
  return { pem: readFileSync(certificate ?? '', 'utf8'), keyPem: readFileSync(keyFile ?? '', 'utf8') };
}

async function served(t: ExecutionContext, leaf: { pem: string; keyPem: string }, options: tls.TlsOptions) {
  const server = tls.createServer({ cert: leaf.pem, key: leaf.keyPem, ...options });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const seen: string[] = [];
  for (const algorithm of families) {
    const target = { address: '127.0.0.1', port, serverName: 'shop.example.test', proxyProtocol: false };
    const answer = await dial({ ...target, algorithm, timeoutMs: 5000 });
    if (!answer.ok) {
      t.is(answer.failure.reason, 'no-shared-algorithm', `${algorithm}: ${answer.failure.detail}`);
      continue;
    }
    const read = readCertificate(answer.value.chain[0] ?? new Uint8Array(0));
    seen.push(`${algorithm} sees ${read.ok ? `${read.value.algorithm} (${read.value.key})` : read.failure.detail}`);
  }
  return seen;
}

const curves = [
  ['P-384', 'secp384r1'],
  ['P-521', 'secp521r1'],
  ['brainpoolP256r1', 'brainpoolP256r1'],
  ['brainpoolP512r1', 'brainpoolP512r1'],
] as const;
for (const [name, curve] of curves) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`a leaf on ${name} is seen by the ECDSA probe alone, in ${version}`, async (t) => {
      const leaf = await leafOf(t, ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`]);
      const ecdhCurve = `X25519:P-256:P-384:P-521:${curve}`;
      const seen = await served(t, leaf, { maxVersion: version, minVersion: version, ecdhCurve });
      t.deepEqual(seen, [`ecdsa sees ecdsa (EC ${curve})`]);
    });
  }
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`an RSA-PSS key is seen by the RSA probe alone, in ${version}`, async (t) => {
    const leaf = await leafOf(t, ['-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048']);
    t.deepEqual(await served(t, leaf, { maxVersion: version }), ['rsa sees rsa (RSA-PSS 2048)']);
  });
}

test('Ed25519 and Ed448 are seen by the probe of their family alone', async (t) => {
  t.deepEqual(await served(t, await leafOf(t, ['-newkey', 'ed25519']), {}), ['ed25519 sees ed25519 (Ed25519)']);
  t.deepEqual(await served(t, await leafOf(t, ['-newkey', 'ed448']), {}), ['other sees other (Ed448)']);
});

test('an ML-DSA leaf is seen as data by the probe of the other algorithms', async (t) => {
  const seen = await served(t, mintMlDsa(['shop.example.test']), {});
  t.deepEqual(seen, ['other sees other (ML-DSA-65)']);
});

test('a key of 1024 bits is seen and not refused', async (t) => {
  const leaf = await leafOf(t, ['-newkey', 'rsa:1024']);
  const seen = await served(t, leaf, { ciphers: 'DEFAULT:@SECLEVEL=0', maxVersion: 'TLSv1.2' });
  t.deepEqual(seen, ['rsa sees rsa (RSA 1024)']);
});
