import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { failed, success } from '@certherd/protocol/failure';
import { Deployment, Server } from '@certherd/protocol/snapshot';
import test, { type ExecutionContext } from 'ava';
import fc from '../../helpers/properties.ts';
import { Value } from 'typebox/value';
import { redacted } from '../../../agent/formats/redact.ts';
import { checkedJson } from '../../../agent/formats/checked-json.ts';
import { instantOf } from '@certherd/x509/instant';
import { luaBlockEnd } from '../../../agent/formats/nginx-lua.ts';
import { parseListen } from '../../../agent/formats/nginx-listen.ts';
import { observeApache } from '../../../agent/observe/apache/apache-server.ts';
import { observeHaproxy } from '../../../agent/observe/haproxy/haproxy-server.ts';
import { observeNginx } from '../../../agent/observe/nginx-servers.ts';
import type { Files } from '../../../agent/ports.ts';
import { mutation } from '../../helpers/mutation.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');

/** Every text below a folder of the fixtures. */
function textsIn(folder: string): Buffer[] {
  return readdirSync(join(fixtures, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(fixtures, folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}

/** A disk with one file, which every path that names no directory leads to: so includes find something, themselves at times. */
function filesOf(bytes: Buffer): Files {
  return {
    read: (path) =>
      path.length < 60 ? success({ bytes, modifiedAt: 0, mode: 0o644 }) : failed('not-found', `${path} does not exist`),
    list: (path) => (path.length < 30 ? success(['a.conf', 'b\u001b\n.conf']) : failed('not-found', path)),
    resolve: (path) => success(path),
    linkChangedAt: () => success(0),
  };
}

/** Two looks at the same bytes say the same, and what they say fits the wire. */
function check(t: ExecutionContext, look: (files: Files) => { server: Server; deployments: Deployment[] }) {
  return (bytes: Buffer) => {
    const { server, deployments } = look(filesOf(bytes));
    t.true(Value.Check(Server, server), JSON.stringify([...Value.Errors(Server, server)].slice(0, 2)));
    for (const deployment of deployments)
      t.true(
        Value.Check(Deployment, deployment),
        JSON.stringify([...Value.Errors(Deployment, deployment)].slice(0, 2)),
      );
    t.is(new Set(deployments.map(({ id }) => id)).size, deployments.length, 'each id once');
    const again = look(filesOf(bytes));
    t.deepEqual(again.deployments, deployments);
    t.deepEqual(again.server, server);
  };
}

const nginxTexts = textsIn('nginx');

test('damaged nginx configs are read within bounds, and the same each time', (t) => {
  const property = check(t, (files) => observeNginx(files, '/etc/nginx/nginx.conf'));
  fc.assert(fc.property(mutation(fc.constantFrom(...nginxTexts)), property), { numRuns: 500 });
});

const pieces = {
  nginx: [
    'http {',
    'stream {',
    'server {',
    '}',
    ';',
    'listen ',
    '443 ssl',
    '[::]:1-9',
    'quic',
    'server_name ',
    '*.a.b',
    'ssl_certificate ',
    'ssl_certificate_key ',
    'include *;',
    'include x;',
    'data:$a',
    '"',
    '$',
    '{',
    '\\',
    '#',
    '\n',
    'ssl_reject_handshake on;',
    'unix:/a',
    '\u202e',
    '\0',
  ],
  apache: [
    '<VirtualHost *:443>\n',
    '</VirtualHost>\n',
    'ServerName a.test\n',
    'ServerAlias *.b\n',
    'SSLEngine on\n',
    'SSLCertificateFile a.pem\n',
    'SSLCertificateKeyFile "',
    'Include *\n',
    'Define A ',
    '${A}',
    '${',
    '<If ',
    '<IfModule !x>\n',
    '</IfModule>\n',
    'Listen 443 https\n',
    'LoadModule ssl_module x\n',
    '<Macro M $a>\n',
    '</Macro>\n',
    'Use M ',
    '\\\n',
    '#',
    '\0',
    '[::1]:4',
    '<',
    '>',
    'ServerRoot /x\n',
  ],
  haproxy: [
    'global\n',
    'defaults\n',
    'frontend f\n',
    'listen l\n',
    ' bind *:443 ssl crt ',
    ' bind :1-9,unix@/x ssl crt-list ',
    'a.pem ',
    '[ocsp x]',
    'a.test !b.test\n',
    ' crt-base /c\n',
    '.if ',
    'defined(A)',
    '.endif\n',
    '.else\n',
    '"',
    "'",
    '\\',
    '${A[*]}',
    '\n',
    '#',
    '\0',
    ' ssl-f-use\n',
    'crt-store s\n',
    ' load crt a.pem key b alias c\n',
    ' no-x',
  ],
} as const;

/** Longer than an address, a name and a path may be on the wire. */
const long = ['x'.repeat(300), 'x'.repeat(1100), `/${'y'.repeat(4200)}`];

const looks = {
  nginx: (files: Files) => observeNginx(files, '/etc/nginx/nginx.conf'),
  apache: (files: Files) => observeApache(files, '/etc/apache2/apache2.conf'),
  haproxy: (files: Files) => observeHaproxy(files, '/etc/haproxy/haproxy.cfg'),
};

for (const program of ['nginx', 'apache', 'haproxy'] as const)
  test(`configs of ${program} put together at random are read within bounds, and the same each time`, (t) => {
    const text = fc
      .array(
        fc.oneof(
          { weight: 9, arbitrary: fc.constantFrom<string>(...pieces[program], ...long) },
          fc.string({ unit: 'binary' }),
        ),
        {
          maxLength: 60,
        },
      )
      .map((parts) => Buffer.from(parts.join('')));
    fc.assert(fc.property(text, check(t, looks[program])), { numRuns: 1000 });
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
        check(t, looks[program]),
      ),
      { numRuns: 200 },
    );
  });

test('no words make the small readers throw, and what is accepted is in bounds', (t) => {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.stringMatching(/^(?:\*|\[[0-9a-f:]{0,12}\]|[\d.]{1,9}|unix:\/?a?|[a-z.]{1,8})?:?\d{0,6}(?:-\d{1,6})?$/),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), fc.string({ unit: 'binary', maxLength: 300 }), (args, text) => {
      const listen = parseListen(args);
      if (listen.ok) {
        const { firstPort, lastPort, address } = listen.value;
        t.true(firstPort <= lastPort && lastPort <= 65_535 && address !== '');
        t.is(firstPort === 0, address.toLowerCase().startsWith('unix:'));
      }
      const end = luaBlockEnd(text, 0);
      t.true(end === undefined || (end > 0 && end <= text.length));
      t.is(redacted(redacted(text)), redacted(text));
      t.is(checkedJson(text, Server), undefined);
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.double(), (ms) => {
      const text = instantOf(ms);
      if (text !== undefined) t.is(Date.parse(text), Math.trunc(ms) + 0);
    }),
  );
});
