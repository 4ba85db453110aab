import { join } from 'node:path';
import test from 'ava';
import { observeNginx } from '../../../agent/observe/nginx-servers.ts';
import { readNginxConfig } from '../../../agent/observe/nginx-includes.ts';
import type { Directive } from '../../../agent/formats/nginx-parser.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { askNginx, configDirectory } from './real-nginx.ts';

const files = systemFiles();

for (const fixture of ['globs', 'quoting', 'listeners', 'certificates', 'rejecting'])
  test(`nginx itself accepts the ${fixture} fixture, reads the same files and sees as many servers`, (t) => {
    const directory = configDirectory(t, `valid/${fixture}`);
    const verdict = askNginx(directory);
    t.true(verdict.accepted, verdict.complaint);
    const { server } = observeNginx(files, join(directory, 'nginx.conf'));
    t.is(server.failure, undefined);
    t.deepEqual(server.configFiles, verdict.files);
    t.is(serversOf(readNginxConfig(files, join(directory, 'nginx.conf')).directives), verdict.servers);
  });

/** Each is nginx.conf after the common base, or several files. The fault is what both must find, in nginx's words. */
const broken: Record<string, { config: string; others?: Record<string, string>; fault: string }> = {
  'a block without its end': {
    config: 'http {\n server {\n',
    fault: 'unexpected end of file, expecting "}" in nginx.conf:4',
  },
  'a directive without its end': {
    config: 'http {\n index a\n',
    fault: 'unexpected end of file, expecting ";" or "}" in nginx.conf:4',
  },
  'a quote without its end': {
    config: 'http {\n index "a;\n}\n',
    fault: 'unexpected end of file, expecting ";" or "}" in nginx.conf:5',
  },
  'a quote without its end in a long file': {
    config: `http {\n index "a;\n${'# a comment\n'.repeat(500)}}\n`,
    fault: 'too long parameter, probably missing terminating """ character in nginx.conf:3',
  },
  'a long comment': {
    config: `http {\n #${'x'.repeat(5000)}\n}\n`,
    fault: 'too long parameter "#xxxxxxxxx..." started in nginx.conf:3',
  },
  'an end too many': { config: 'http { index a;; }', fault: 'unexpected ";" in nginx.conf:2' },
  'a brace too many': { config: 'http { }\n}\n', fault: 'unexpected "}" in nginx.conf:3' },
  'a brace after an unfinished directive': {
    config: 'http { index a\n}\n',
    fault: 'unexpected "}" in nginx.conf:3',
  },
  'a word that sticks to a quote': { config: 'http { index "a"b; }', fault: 'unexpected "b" in nginx.conf:2' },
  'a forgotten end after listen': {
    config: 'http { server {\n listen 21040 ssl\n server_name a;\n} }',
    fault: 'invalid parameter "server_name" in nginx.conf:4',
  },
  'a forgotten end after a certificate': {
    config: 'http { server {\n ssl_certificate site.pem\n ssl_certificate_key site.key;\n} }',
    fault: 'invalid number of arguments in "ssl_certificate" directive in nginx.conf:4',
  },
  'a forgotten end before a block': {
    config: 'http { server {\n root /srv\n location / { }\n} }',
    fault: 'directive "root" is not terminated by ";" in nginx.conf:4',
  },
  'a forgotten brace': {
    config: 'http\n server_tokens off;',
    fault: 'directive "http" has no opening "{" in nginx.conf:3',
  },
  'a block in the wrong place': {
    config: 'server {\n}',
    fault: '"server" directive is not allowed here in nginx.conf:2',
  },
  'a block in a map': { config: 'http { map $host $a {\n a { }\n} }', fault: 'unexpected "{" in nginx.conf:3' },
  'a named include that is missing': {
    config: 'http {\n include gone.conf;\n}',
    fault: 'open() "gone.conf" failed (2: No such file or directory) in nginx.conf:3',
  },
  'an include of two files': {
    config: 'include a b;',
    fault: 'invalid number of arguments in "include" directive in nginx.conf:2',
  },
  'a dangling link that a pattern finds': {
    config: 'include sites/*;',
    others: { 'sites/a -> gone': '' },
    fault: 'open() "sites/a" failed (2: No such file or directory) in nginx.conf:2',
  },
  'a fault in an included file, before one in the including file': {
    config: 'include a.conf;\n}\n',
    others: { 'a.conf': '\nhttp {\n}}\n' },
    fault: 'unexpected "}" in a.conf:3',
  },
  'a fault in the including file, before one in the included file': {
    config: 'http { index "a"b;\ninclude a.conf; }\n',
    others: { 'a.conf': '\n}\n' },
    fault: 'unexpected "b" in nginx.conf:2',
  },
  'an included file that closes a block of another': {
    config: 'http { server {\n include a.conf;\n } }\n',
    others: { 'a.conf': 'listen 21041; }\n' },
    fault: 'unexpected "}" in a.conf:1',
  },
  'a byte order mark': {
    config: 'include a.conf;\n',
    others: { 'a.conf': '\ufeff# comment\nhttp {\n}\n' },
    fault: 'unknown directive "\ufeff#" in a.conf:2',
  },
  'a port that cannot be': {
    config: 'http { server {\n listen 70000 ssl;\n} }',
    fault: 'invalid port in "70000" of the "listen" directive in nginx.conf:3',
  },
  'a TLS listener without a certificate': {
    config: 'http {\n server {\n listen 21042 ssl;\n} }',
    fault: 'no "ssl_certificate" is defined for the "listen ... ssl" directive in nginx.conf:3',
  },
  'a server without a certificate where the default server rejects': {
    config: 'http { server { listen 21043 ssl; ssl_reject_handshake on; }\n server { listen 21043; server_name a; } }',
    fault: 'no "ssl_certificate" is defined for the "listen ... ssl" directive in nginx.conf:3',
  },
  'two default servers': {
    config: 'http { server { listen 21044 default; }\n server { listen 21044 default_server; } }',
    fault: 'a duplicate default server for 0.0.0.0:21044 in nginx.conf:3',
  },
  'the same listen twice': {
    config: 'http { server { listen 21045;\n listen *:21045; } }',
    fault: 'a duplicate listen 0.0.0.0:21045 in nginx.conf:3',
  },
  'options of one socket set twice': {
    config: 'http { server { listen [::]:21046 ipv6only=on; }\n server { listen [::]:21046 ipv6only=on; } }',
    fault: 'duplicate listen options for [::]:21046 in nginx.conf:3',
  },
};

for (const [title, { config, others, fault }] of Object.entries(broken))
  test(`nginx and the agent find ${title} in the same place`, (t) => {
    const directory = configDirectory(t, { 'nginx.conf': `include base/main.conf;\n${config}`, ...others });
    const verdict = askNginx(directory);
    const { failure } = observeNginx(files, join(directory, 'nginx.conf')).server;
    t.is(verdict.complaint?.replaceAll(`${directory}/`, ''), fault);
    t.is(failure && `${failure.file}:${failure.line}`, verdict.place);
    if (failure?.reason === 'syntax' && !ownWords.test(fault)) t.deepEqual(failure.detail, verdict.complaint);
  });

/** Where nginx repeats the file's text the agent does not: it may have been led to a file that is no config. */
const ownWords = /^unknown directive|^too long parameter "/;

test('a broken config yields all that could be read beside the failure', (t) => {
  const pair = 'ssl_certificate site.pem; ssl_certificate_key site.key;';
  const directory = configDirectory(t, {
    'nginx.conf': `include base/main.conf;\nhttp { include gone.conf; include sites/*; ${pair}`,
    'sites/1': `server { listen 21047 ssl; server_name first; } }`,
    'sites/2': `server { listen 21047 ssl; server_name second\n}`,
    'sites/3': `;server { listen 21047 ssl; server_name third; location / { return 200 "`,
  });
  const { server, deployments } = observeNginx(files, join(directory, 'nginx.conf'));
  t.like(server.failure, { reason: 'not-found', file: join(directory, 'nginx.conf'), line: 2 });
  t.deepEqual(
    deployments.map(({ serverNames, certificatePath }) => [serverNames, certificatePath]),
    ['first', 'second', 'third'].map((name) => [[name], join(directory, 'site.pem')]),
  );
});

test('a main file that is missing is a failure without a place', (t) => {
  const configFile = join(configDirectory(t, {}), 'nginx.conf');
  t.deepEqual(observeNginx(files, configFile), {
    server: {
      server: 'nginx',
      configFile,
      configFiles: [],
      failure: { reason: 'not-found', detail: `${configFile} does not exist` },
    },
    deployments: [],
  });
});

function serversOf(directives: Directive[]): number {
  const inside = (block: Directive[] | undefined): Directive[] => (block ?? []).filter(({ name }) => name === 'server');
  return directives.filter(({ name }) => name === 'http').flatMap(({ block }) => inside(block)).length;
}
