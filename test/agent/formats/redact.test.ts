import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { redacted } from '../../../agent/formats/redact.ts';

test('private keys, join strings, tokens and passwords do not leave, and the rest stays', (t) => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
  const canary = key.split('\n')[1] ?? '';
  const text = `before ${key} after certherd://c:1/PIN.TOKENCANARY Authorization: Bearer abcCANARY password=hunterCANARY https://me:pwCANARY@host/x end`;
  const clean = redacted(text);
  t.false(clean.includes(canary));
  t.false(clean.includes('CANARY'), clean);
  t.true(
    clean.startsWith('before ') && clean.includes(' after certherd://c:1/') && clean.endsWith('@host/x end'),
    clean,
  );
});

test('a key that is cut off is removed to its end', (t) => {
  t.is(redacted('x -----BEGIN RSA PRIVATE KEY-----\nMIIE'), 'x [private key removed]');
});

test('secrets under the names that hooks and DNS plugins give them do not leave', (t) => {
  for (const line of [
    'CF_API_TOKEN=CANARY',
    'dns_cloudflare_api_token = CANARY',
    'DB_PASSWORD=CANARY',
    '{"access_token": "CANARY"}',
    'client_secret: CANARY',
    'AWS_SECRET_ACCESS_KEY=CANARY',
    "api-key='CANARY'",
  ])
    t.false(redacted(line).includes('CANARY'), line);
  t.is(redacted('the token was refused; see the secrets page'), 'the token was refused; see the secrets page');
});
