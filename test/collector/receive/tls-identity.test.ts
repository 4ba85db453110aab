import { readdirSync } from 'node:fs';
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
