import test from 'ava';
import { certificate, deployment, live, noon, observed, upkeep } from '../../helpers/observed.ts';
import { judgeUpkeep } from '../../helpers/upkeep.ts';
import { brokenHash } from '@certherd/x509/signature-algorithm';

const withLeaf = (change: object, own = {}) =>
  judgeUpkeep({
    ...observed({
      certificates: [certificate('a', change), certificate('c', { subjectAltNames: [], isAuthority: true })],
      ...own,
    }),
    ...upkeep(),
  });

test('keys that are strong enough are no finding, nor those that this agent does not know', (t) => {
  for (const key of [
    'RSA 2048',
    'RSA 4096',
    'EC prime256v1',
    'EC secp384r1',
    'EC brainpoolP256r1',
    'Ed25519',
    'unknown',
  ])
    t.deepEqual(withLeaf({ key }), [], key);
});

test('a weak key is told with its size, the lifetime of its file and the renewal with another kind of key', (t) => {
  const [finding, ...more] = withLeaf({ key: 'RSA 1024' });
  t.deepEqual(more, []);
  t.is(finding?.code, 'weak-key');
  t.is(finding?.severity, 'warning');
  t.deepEqual(finding?.subject, { kind: 'file', id: `${live}/fullchain.pem` });
  t.is(finding?.since, new Date(noon - 86_400_000).toISOString());
  t.is(finding?.evidence.key, 'RSA 1024');
  t.regex(
    finding?.remedy ?? '',
    /^\/usr\/bin\/certbot renew --cert-name shop --force-renewal .*--key-type ecdsa && \/usr\/sbin\/nginx .* -s reload$/,
  );
});

test('what can be computed is critical, small and unusual curves are warnings', (t) => {
  const severity = (key: string) => withLeaf({ key })[0]?.severity;
  t.is(severity('RSA 512'), 'critical');
  t.is(severity('DSA 2048'), 'critical');
  t.is(severity('EC prime192v1'), 'critical');
  t.is(severity('EC sect163r2'), 'critical');
  t.is(severity('EC secp224r1'), 'warning');
  t.is(severity('EC secp256k1'), 'warning');
});

test('outside of certbot the remedy asks for a new key with the names that are served', (t) => {
  const { lineage: _none, ...alone } = deployment({ serverNames: ['shop.example.test', '~^www', '_'] });
  const findings = withLeaf({ key: 'RSA 1024' }, { deployments: [alone], lineages: [] });
  const weak = findings.find(({ code }) => code === 'weak-key');
  t.regex(
    weak?.remedy ?? '',
    /^openssl req -new .*-keyout \S+\/privkey\.pem\.new .*subjectAltName=DNS:shop\.example\.test$/,
  );
});

test('a signature over SHA-1 is a warning, over MD5 critical, and what signed itself is left alone', (t) => {
  const [sha1] = withLeaf({ signature: 'sha1WithRSAEncryption' });
  t.is(sha1?.code, 'weak-signature');
  t.is(sha1?.severity, 'warning');
  t.is(sha1?.evidence.signature, 'sha1WithRSAEncryption');
  t.is(withLeaf({ signature: 'md5WithRSAEncryption' })[0]?.severity, 'critical');
  t.deepEqual(withLeaf({ signature: 'sha256WithRSAEncryption' }), []);
  t.deepEqual(withLeaf({ signature: 'sha1WithRSAEncryption', issuer: 'CN=shop.example.test' }), []);
});

test('the hash is told from the names of all kinds of signatures', (t) => {
  t.is(brokenHash('ecdsa-with-SHA1'), 'SHA-1');
  t.is(brokenHash('dsaWithSHA1'), 'SHA-1');
  t.is(brokenHash('sha1WithRSA'), 'SHA-1');
  for (const name of [
    'ecdsa-with-SHA384',
    'rsassaPss',
    'ED25519',
    'sha512WithRSAEncryption',
    '1.2.3.4',
    'id-ml-dsa-65',
  ])
    t.is(brokenHash(name), undefined, name);
});
