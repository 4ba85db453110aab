import { createHmac, hash } from 'node:crypto';
import test from 'ava';
import { expandLabel, handshakeSecrets, hmac } from '../../../handshake/tls13/key-schedule.ts';
import fc from '../../helpers/properties.ts';
import * as rfc8448 from '../../helpers/rfc8448.ts';

const none = new Uint8Array(0);

test('the secrets and keys of RFC 8448 come out', (t) => {
  const secrets = handshakeSecrets('sha256', rfc8448.shared, rfc8448.helloHash);
  t.deepEqual(secrets, rfc8448.secrets);
  t.deepEqual(expandLabel('sha256', secrets.server, 'key', none, 16), rfc8448.serverKeys.key);
  t.deepEqual(expandLabel('sha256', secrets.server, 'iv', none, 12), rfc8448.serverKeys.iv);
});

for (const name of ['sha256', 'sha384'] as const) {
  test(`${name}: HMAC is that of OpenSSL, for keys up to a block`, (t) => {
    const words = fc.array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: name === 'sha256' ? 16 : 32 });
    const key = words.map((list) => Buffer.concat(list));
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 300 }), (secret, content) => {
        t.deepEqual(hmac(name, secret, content), createHmac(name, secret).update(content).digest());
      }),
    );
  });

  test(`${name}: the secret that is kept is derived from the early secret without a pre-shared key`, (t) => {
    const empty = hash(name, none, 'buffer');
    const zeros = Buffer.alloc(empty.length);
    const early = createHmac(name, zeros).update(zeros).digest();
    const derived = expandLabel(name, early, 'derived', empty, empty.length);
    const handshake = createHmac(name, derived).update(rfc8448.shared).digest();
    const expected = expandLabel(name, handshake, 's hs traffic', zeros, zeros.length);
    t.deepEqual(handshakeSecrets(name, rfc8448.shared, zeros).server, expected);
  });
}
