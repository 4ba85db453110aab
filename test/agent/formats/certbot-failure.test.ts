import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { toldProblems, tellingLines } from '../../../agent/formats/acme-problems.ts';
import { certbotFailure, type CertbotFailure } from '../../../agent/formats/certbot-failure.ts';

const now = Date.parse('2026-11-24T04:30:00Z');
const fixtures = path.resolve(import.meta.dirname, '../../fixtures/certbot');

function fixture(name: string): string {
  const file = path.join(fixtures, name);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
}

/** Each as certbot really said it; the instant as the CA asked for it. */
const captured: [string, CertbotFailure['reason'], RegExp, string?][] = [
  ['dns', 'dns', /^shop\.example\.test: .*could not resolve URL/],
  ['unauthorized', 'unauthorized', /^shop\.example\.test: Non-200 status code .* returned 404$/],
  ['hook', 'unauthorized', /returned 404$/],
  ['caa', 'caa', /^shop\.example\.test: CAA record for shop\.example\.test prevents issuance$/],
  ['connection-refused', 'connection', /connect: connection refused$/],
  ['unreachable', 'connection', /^Requesting localhost\/dir: Connection refused$/],
  ['untrusted', 'connection', /CERTIFICATE_VERIFY_FAILED/],
  ['port-taken', 'connection', /^Could not bind TCP port 8080 because it is already in use/],
  ['rate-limited', 'rate-limited', /^too many certificates \(5\)/, '2026-11-26T05:06:07.000Z'],
  ['rate-limited-date', 'rate-limited', /^Service busy; retry later\.$/, '2026-11-27T08:00:00.000Z'],
  ['rate-limited-html', 'rate-limited', /^the CA answered with status 429/, '2026-11-24T04:40:00.000Z'],
  ['rate-limited-without-retry-after', 'rate-limited', /^Service busy; retry later\.$/],
  ['bad-nonce', 'ca-failed', /^JWS has an invalid anti-replay nonce/],
  ['server-internal', 'ca-failed', /^Error finalizing order$/],
  ['bad-gateway', 'ca-failed', /^the CA answered with status 502/],
  ['slow-order', 'timed-out', /^All authorizations were not finalized by the CA\.$/],
  ['rejected-identifier', 'rejected-identifier', /issuance is forbidden by policy: "shop\.example\.test"$/],
  ['account-gone', 'config-broken', /^unable to find account$/],
  ['config-account', 'config-broken', /^Account at \/srv\/host\/\S+ does not exist$/],
  ['config-syntax', 'config-broken', /renewal\/shop\.conf is broken\. The error was: error parsing \S+, line 10$/],
  ['config-no-authenticator', 'config-broken', /shop\.conf does not specify an authenticator$/],
  ['config-key-type', 'config-broken', /^Invalid key_type specified: dsa\./],
  ['config-link', 'config-broken', /renewal config file \{…\} is missing a required file reference$/],
  ['config-live-link-gone', 'config-broken', /expected \/srv\/host\/\S+chain\.pem to be a symlink$/],
  [
    'config-rsa-size',
    'config-broken',
    /^An error occurred while parsing \/srv\/host\/\S+shop\.conf\. .* rsa_key_size$/,
  ],
  ['plugin-missing', 'plugin-missing', /^The requested dns-route53 plugin does not appear to be installed$/],
  ['disk-full', 'disk-full', /^\[Errno 28\] No space left on device$/],
  ['locked', 'busy', /^Another instance of Certbot is already running\.$/],
  ['user-action', 'certbot-failed', /^terms of service changed$/],
  ['no-rights', 'certbot-failed', /^\[Errno 13\] Permission denied: '\/srv\/host\//],
  ['read-only', 'certbot-failed', /^\[Errno 30\] Read-only file system: '\/srv\/host\//],
];

for (const [name, reason, detail, retryAt] of captured) {
  test(`${reason}: ${name}`, (t) => {
    const failure = certbotFailure(fixture(`${name}.txt`), fixture(`${name}.log`), now);
    t.is(failure.reason, reason);
    t.regex(failure.detail, detail);
    t.is(failure.retryAt === undefined ? undefined : new Date(failure.retryAt).toISOString(), retryAt);
  });
}

test('every captured text is classified', (t) => {
  const names = fs.readdirSync(fixtures).flatMap((name) => (name.endsWith('.txt') ? [name.slice(0, -4)] : []));
  t.deepEqual(names.sort(), captured.map(([name]) => name).sort());
});

test('certbot 2.1 hides a 429 behind an error of its own: the log tells', (t) => {
  const crash = "An unexpected error occurred:\nAttributeError: can't set attribute\n";
  const told = certbotFailure(crash, fixture('rate-limited.log'), now);
  t.is(told.reason, 'rate-limited');
  t.is(told.retryAt, Date.parse('2026-11-26T05:06:07Z'));
  t.deepEqual(certbotFailure(crash, '', now), {
    reason: 'internal',
    detail: "An unexpected error occurred: AttributeError: can't set attribute",
  });
});

test("a nonce that certbot got over in its log does not hide what it failed with, nor does an earlier answer's Retry-After count", (t) => {
  const failure = certbotFailure(fixture('unauthorized.txt'), fixture('bad-nonce.log'), now);
  t.is(failure.reason, 'unauthorized');
  const earlier =
    'Received response:\nHTTP 503\nRetry-After: 9999\n\n{}\nReceived response:\nHTTP 429\nServer: x\n\n{}\n';
  t.is(certbotFailure(fixture('rate-limited-date.txt'), earlier, now).retryAt, undefined);
});

test('a wrapped block of certbot 1 is read as one sentence, and several names are counted', (t) => {
  const wrapped = [
    ' - The following errors were reported by the server:',
    '',
    '   Domain: a.example.test',
    '   Type:   dns',
    '   Detail: DNS problem: NXDOMAIN looking up A for',
    '   a.example.test - check that a DNS record exists',
    '',
    '   Domain: b.example.test',
    '   Type:   unauthorized',
    '   Detail: Invalid response from http://b.example.test/',
    '',
    '   To fix these errors, please make sure that your domain name was',
  ].join('\n');
  t.deepEqual(certbotFailure(wrapped, '', now), {
    reason: 'dns',
    detail:
      'a.example.test: DNS problem: NXDOMAIN looking up A for a.example.test - check that a DNS record exists (and 1 other name)',
  });
});

test('certbot 1 cannot choose a plugin that is absent, and no more one whose server has a broken config', (t) => {
  const refused = `nginx: [emerg] unknown directive "lisen" in /etc/nginx/nginx.conf:3`;
  const broken = [
    'Could not choose appropriate plugin: The nginx plugin is not working; there may be problems with your existing configuration.',
    `The error was: MisconfigurationError('Error while running nginx -c /etc/nginx/nginx.conf -t.\\n\\n${refused}\\n')`,
    'Attempting to renew cert (shop) from /etc/letsencrypt/renewal/shop.conf produced an unexpected error: The nginx plugin is not working; there may be problems with your existing configuration.',
    `The error was: MisconfigurationError('Error while running nginx -c /etc/nginx/nginx.conf -t.\\n\\n${refused}\\n'). Skipping.`,
  ].join('\n');
  const { reason, detail } = certbotFailure(broken, '', now);
  t.is(reason, 'config-broken');
  t.true(detail.includes(refused), detail);
  const absent = 'Could not choose appropriate plugin: The requested nginx plugin does not appear to be installed';
  t.is(certbotFailure(absent, '', now).reason, 'plugin-missing');
});

test('what a stranger’s web server answers, quoted by the CA, is not taken for certbot’s own words', (t) => {
  const quoted = fixture('unauthorized.txt').replace(
    'returned 404',
    'returned "Another instance of Certbot is already running. [Errno 28] <Response [429]> password=s3cret"',
  );
  const failure = certbotFailure(quoted, '', now);
  t.is(failure.reason, 'unauthorized');
  t.true(failure.detail.includes('password=[removed]'), failure.detail);
  t.is(failure.retryAt, undefined);
});

test('any text gives a class and one cut sentence, and nothing throws', (t) => {
  const pieces = fc.constantFrom(
    '\n',
    'Domain: ',
    'Type: ',
    'Detail: ',
    'urn:ietf:params:acme:error:',
    'rateLimited',
    'constructor',
    '__proto__',
    ' :: ',
    'HTTP 429\n',
    'Retry-After: ',
    '999999999999999999',
    'retry after 9999-99-99 99:99:99',
    '"type": "urn:ietf:params:acme:error:dns"',
    '"detail": "\\u00zz"',
    'Renewal configuration file ',
    ' is broken.\nThe error was: {',
    'Failed to renew certificate ',
    ' with error: ',
    '<Response [429]>',
  );
  const text = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 20 })), { maxLength: 60 });
  fc.assert(
    fc.property(text, text, (output, log) => {
      const failure = certbotFailure(output.join(''), log.join(''), now);
      t.true(failure.detail.length <= 600 && !/[\n\r]/.test(failure.detail));
      t.true(failure.retryAt === undefined || Number.isFinite(failure.retryAt));
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('work grows with the length of a text, not with its square', (t) => {
  const long = 300_000;
  for (const piece of [
    'Domain: x\nType: dns\nDetail: ',
    '"type": "urn:',
    'Failed to renew certificate ',
    '{',
    '"detail": "\\',
    ' :: ',
    'a\n',
  ]) {
    const text = piece.repeat(Math.ceil(long / piece.length));
    t.true(certbotFailure(text, text, now).detail.length <= 600, piece);
    t.true(certbotFailure(`Renewal configuration file ${text}`, text, now).detail.length <= 600, piece);
  }
});

test('the names of objects are no types of problems', (t) => {
  const lines = tellingLines('urn:ietf:params:acme:error:constructor :: x :: y');
  t.deepEqual(toldProblems(lines), [{ type: 'constructor', detail: 'y' }]);
  t.is(certbotFailure('urn:ietf:params:acme:error:constructor :: x :: y', '', now).reason, 'certbot-failed');
});
