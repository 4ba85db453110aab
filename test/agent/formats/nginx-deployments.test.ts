import type { Deployment } from '@certherd/protocol/snapshot';
import test from 'ava';
import { nginxDeployments } from '../../../agent/formats/nginx-deployments.ts';
import { parseNginx } from '../../../agent/formats/nginx-parser.ts';

const configFile = '/etc/nginx/nginx.conf';

function read(http: string, around = 'events {} http {\nHERE\n}') {
  return nginxDeployments(
    parseNginx(
      around.replace('HERE', () => http),
      configFile,
    ).directives,
    configFile,
  );
}

/** "names | listeners | certificate key", with + for a default server and P for the PROXY protocol. */
function told({ serverNames, listeners, certificatePath, keyPath }: Deployment): string {
  const places = listeners.map(
    (each) => `${each.address} ${each.port}${each.defaultServer ? '+' : ''}${each.proxyProtocol ? 'P' : ''}`,
  );
  return `${serverNames.join(' ')} | ${places.join(', ')} | ${certificatePath} ${keyPath}`;
}

const pair = 'ssl_certificate /a.pem; ssl_certificate_key /a.key;';

test('a server with a TLS listener and a certificate is one deployment, with its place', (t) => {
  const { deployments, failure } = read(`server {\n listen 443 ssl; server_name a.test b.test;\n${pair} }`);
  t.is(failure, undefined);
  t.deepEqual(deployments, [
    {
      id: '/etc/nginx/nginx.conf:2:/a.pem',
      server: 'nginx',
      configFile,
      line: 2,
      serverNames: ['a.test', 'b.test'],
      listeners: [{ address: '0.0.0.0', port: 443, defaultServer: true, proxyProtocol: false }],
      certificatePath: '/a.pem',
      keyPath: '/a.key',
    },
  ]);
});

test('certificates and keys are matched in order, one deployment for each', (t) => {
  const keys = 'ssl_certificate_key e.key; ssl_certificate_key r.key;';
  const { deployments } = read(`server { listen 443 ssl; ssl_certificate e.pem; ${keys} ssl_certificate r.pem; }`);
  t.deepEqual(deployments.map(told), [
    ' | 0.0.0.0 443+ | /etc/nginx/e.pem /etc/nginx/e.key',
    ' | 0.0.0.0 443+ | /etc/nginx/r.pem /etc/nginx/r.key',
  ]);
});

test('a server without its own list inherits from http, wherever in http that stands', (t) => {
  const { deployments } = read(`
    server { listen 443 ssl; server_name heir; }
    server { listen 443; server_name own; ssl_certificate /o.pem; ssl_certificate_key /o.key; }
    server { listen 443; server_name mixed; ssl_certificate /m.pem; }
    ${pair}`);
  t.deepEqual(deployments.map(told), [
    'heir | 0.0.0.0 443+ | /a.pem /a.key',
    'own | 0.0.0.0 443 | /o.pem /o.key',
    'mixed | 0.0.0.0 443 | /m.pem /a.key',
  ]);
});

test('ssl and proxy_protocol on one listen hold for all servers of that address and port, and for no other', (t) => {
  const { deployments } = read(`${pair}
    server { listen 443 ssl proxy_protocol; listen 8080; server_name one; }
    server { listen *:443; listen 192.0.2.1:443; server_name two; }
    server { listen [::]:443; server_name three; }`);
  t.deepEqual(deployments.map(told), ['one | 0.0.0.0 443+P | /a.pem /a.key', 'two | 0.0.0.0 443P | /a.pem /a.key']);
});

test('the server that says default_server answers for strangers, else the first', (t) => {
  const { deployments } = read(`${pair}
    server { listen 443 ssl; listen 8443 ssl; server_name one; }
    server { listen 443 ssl default_server; listen 8443 ssl; server_name two; }`);
  t.deepEqual(deployments.map(told), [
    'one | 0.0.0.0 443, 0.0.0.0 8443+ | /a.pem /a.key',
    'two | 0.0.0.0 443+, 0.0.0.0 8443 | /a.pem /a.key',
  ]);
});

test('the old "ssl on" of a default server makes its listeners TLS for all', (t) => {
  const { deployments } = read(`${pair}
    server { ssl on; listen 8443; server_name one; }
    server { listen 8443; listen 8080; server_name two; }
    server { ssl on; listen 8080; server_name three; }`);
  t.deepEqual(deployments.map(told), ['one | 0.0.0.0 8443+ | /a.pem /a.key', 'two | 0.0.0.0 8443 | /a.pem /a.key']);
});

test('a server that does not say where it listens is on port 80 without TLS', (t) => {
  t.deepEqual(read(`server { server_name a; } ${pair}`).deployments, []);
  t.deepEqual(read(`server { ssl on; ${pair} }`).deployments.map(told), [' | 0.0.0.0 80+ | /a.pem /a.key']);
});

test('QUIC and UDP listeners are not reached by a handshake over TCP', (t) => {
  const { deployments } = read(`server { listen 443 quic reuseport; listen 443 ssl; ${pair} }`);
  t.deepEqual(deployments.map(told), [' | 0.0.0.0 443+ | /a.pem /a.key']);
});

test('a certificate named by a server without TLS is kept, since nginx loads it, and an inherited one is not', (t) => {
  const { deployments } = read(`${pair} server { listen 80; server_name heir; } server { listen 81; ${pair} }`);
  t.deepEqual(deployments.map(told), [' |  | /a.pem /a.key']);
});

test('a server that rejects handshakes presents nothing', (t) => {
  const { deployments, failure } = read(`
    server { listen 443 ssl default_server; ssl_reject_handshake on; }
    server { listen 443; server_name a; ${pair} }`);
  t.is(failure, undefined);
  t.deepEqual(deployments.map(told), ['a | 0.0.0.0 443 | /a.pem /a.key']);
});

test('names stay as written, each once', (t) => {
  const names = String.raw`*.a.test .b.test "" _ $hostname "~^(?<x>\d{1,2})\.test$" c.* _`;
  const { deployments } = read(`server { listen 443 ssl; server_name ${names}; server_name last; ${pair} }`);
  t.deepEqual(deployments[0]?.serverNames, [
    '*.a.test',
    '.b.test',
    '',
    '_',
    '$hostname',
    String.raw`~^(?<x>\d{1,2})\.test$`,
    'c.*',
    'last',
  ]);
});

test('values that are no paths are told as unsupported, and never with a key in them', (t) => {
  const secret = '-----BEGIN PRIVATE KEY-----\nMC4CAQ\n';
  const cases: [string, string, string, string, RegExp][] = [
    ['/c/$ssl_server_name.pem', '/k', '/c/$ssl_server_name.pem', '/k', /^ssl_certificate holds variables/],
    ['data:$cert', 'data:${key}', 'data:$cert', 'data:${key}', /^ssl_certificate holds the text/],
    ['/a.pem', `"data:${secret}"`, '/a.pem', 'data:(left out)', /^ssl_certificate_key holds the text/],
    ['/a.pem', `"data:$x${secret}"`, '/a.pem', 'data:(left out)', /^ssl_certificate_key holds the text/],
    ['/a.pem', 'engine:pkcs11:key', '/a.pem', 'engine:pkcs11:key', /OpenSSL engine/],
    ['/a.pem', 'store:pkcs11:key', '/a.pem', 'store:pkcs11:key', /OpenSSL provider/],
  ];
  for (const [certificate, key, certificatePath, keyPath, detail] of cases) {
    const { deployments } = read(
      `server { listen 443 ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; }`,
    );
    t.is(deployments.length, 1);
    t.like(deployments[0], { certificatePath, keyPath, failure: { reason: 'unsupported' } });
    t.regex(deployments[0]?.failure?.detail ?? '', detail);
    t.notRegex(JSON.stringify(deployments), /MC4CAQ/);
  }
});

test('PEM text where a path belongs is what nginx refuses, and never told itself', (t) => {
  const secret = '"-----BEGIN PRIVATE KEY-----\nMC4CAQ\n"';
  for (const [certificate, key, directive] of [
    ['/a.pem', secret, 'ssl_certificate_key'],
    [secret, '/a.key', 'ssl_certificate'],
  ]) {
    const seen = read(`server { listen 443 ssl; ssl_certificate ${certificate}; ssl_certificate_key ${key}; }`);
    t.like(seen.deployments[0], { failure: { reason: 'syntax' } });
    t.like(seen.failure, { file: configFile, reason: 'syntax' });
    t.true(seen.failure?.detail.startsWith(`"${directive}" holds the text`), seen.failure?.detail);
    t.notRegex(JSON.stringify(seen), /MC4CAQ/);
  }
});

test('a certificate without a key is told at its deployment and as what nginx refuses', (t) => {
  const { deployments, failure } = read('server {\n listen 443 ssl; ssl_certificate /a.pem; }');
  t.like(deployments[0], { keyPath: '', failure: { reason: 'syntax' } });
  t.like(failure, { file: configFile, line: 2, reason: 'syntax' });
  t.regex(failure?.detail ?? '', /^no "ssl_certificate_key" is defined for certificate "\/a\.pem"/);
});

test('stream and mail servers with ssl count, by themselves', (t) => {
  const { deployments } = read(
    `server { listen 853 ssl proxy_protocol; proxy_pass u; } server { listen 443; proxy_pass u; }
     upstream u { server a:1; } ${pair}`,
    `events {} stream {\nHERE\n} http { server { listen 443 ssl; ${pair} } }
     mail { server_name m.test; server { listen 993 ssl; ${pair} } server { listen 143; starttls on; } }`,
  );
  t.deepEqual(deployments.map(told), [
    ' | 0.0.0.0 853+P | /a.pem /a.key',
    ' | 0.0.0.0 443+ | /a.pem /a.key',
    ' | 0.0.0.0 993+ | /a.pem /a.key',
  ]);
});

test('a block read twice is one deployment with the names and listeners of both', (t) => {
  const { directives } = parseNginx(
    `events {} http {
    server { listen 443 ssl; server_name a; ${pair} } server { listen 444 ssl; server_name b; ${pair} } }`,
    configFile,
  );
  t.deepEqual(nginxDeployments(directives, configFile).deployments.map(told), [
    'a b | 0.0.0.0 443+, 0.0.0.0 444+ | /a.pem /a.key',
  ]);
});

test('a wide range of ports is cut at what a deployment may hold', (t) => {
  const { deployments } = read(`server { listen 1-65535 ssl; ${pair} }`);
  t.is(deployments[0]?.listeners.length, 1000);
});
