import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadTlsIdentity } from '../../../collector/receive/tls-identity.ts';
import { temporaryDirectory } from '../helpers/real-collector.ts';

test('whoever makes the TLS key at the same time as another gets the same one, so that every pin handed out holds', async (t) => {
  const directory = temporaryDirectory(t);
  const made = await Promise.all(Array.from({ length: 4 }, () => loadTlsIdentity(directory, Date.now())));
  const pins = made.map((one) => (one.ok ? one.value.pin : one.failure));
  t.is(new Set(pins).size, 1, pins.join(' '));
  t.true(made.every(({ ok }) => ok));
  t.deepEqual(readdirSync(join(directory, 'tls')).sort(), ['certificate.pem', 'key.pem']);
});

test('the key is one of P-256, whose signature is cheap; one of RSA that an earlier version made keeps its pin', async (t) => {
  const directory = temporaryDirectory(t);
  const folder = join(directory, 'tls');
  const made = await loadTlsIdentity(directory, Date.now());
  const found = new X509Certificate(made.ok ? made.value.certificate : '');
  t.is(found.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  t.true(found.verify(found.publicKey));
  t.false(found.ca);
  t.truthy(found.checkHost(hostname()));
  t.deepEqual(found.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  t.is(statSync(join(folder, 'key.pem')).mode & 0o777, 0o600);

  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const other = await loadTlsIdentity(directory, Date.now());
  t.regex(other.ok ? '' : other.failure, /remove it to make a new one/);
  rmSync(join(folder, 'certificate.pem'));
  const again = await loadTlsIdentity(directory, Date.now());
  const rsa = new X509Certificate(again.ok ? again.value.certificate : '');
  t.true(rsa.checkPrivateKey(privateKey) && rsa.verify(rsa.publicKey));
});
