import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, success } from '@certherd/protocol/failure';
import test from 'ava';
import { includeLimits, readNginxConfig } from '../../../agent/observe/nginx-includes.ts';
import { observeNginx } from '../../../agent/observe/nginx-servers.ts';
import type { Files } from '../../../agent/ports.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { askNginx, configDirectory } from './real-nginx.ts';

/** What cannot be put on a disk in a moment: every path has a content, and every directory the same names. */
function endlessFiles(contentOf: (path: string) => string, names: string[] = []): Files {
  return {
    read: (path) => success({ bytes: new TextEncoder().encode(contentOf(path)), modifiedAt: 0, mode: 0o644 }),
    list: () => success(names),
    resolve: (path) => success(path),
    linkChangedAt: () => success(0),
  };
}

test('patterns find the files that nginx finds, in its order', (t) => {
  const names = ['a', 'b', 'B', '.h', 'ab', 'a-b', 'a]', '[x', 'ä', 'a b', '*', '10', '9', '~', 'a.conf', 'b.conf'];
  const others = Object.fromEntries(names.map((name) => [`d/${name}`, '']));
  const nested = { 'd2/a/x': '', 'd2/a-b/x': '', 'd2/b/y': '', 'd2/.c/x': '', 'd2/file': '' };
  const patterns = ['d/*', 'd/?', 'd/??', 'd/.*[h]', 'd/[a-b]', 'd/[!a]', 'd/[^a-z]*', 'd/[]x]', 'd/a[]]', 'd/[[]x'];
  const more = ['d/[x', 'd/*[!f]', 'd/[[:upper:]]', 'd/\\*', 'd/\\[x', 'd/*.conf', 'd2/*/x', 'd2/[ab]*/?', 'd2//*/x'];
  const last = ['d?/*/x', './d/[ab]', 'd/*/', 'none/*', 'd2/*/none', 'd/[[:none:]]', 'd/[a-', 'd/[z-a]', 'd/a?b'];
  const directory = configDirectory(t, { 'nginx.conf': '', ...others, ...nested });
  const configFile = join(directory, 'nginx.conf');
  for (const pattern of [...patterns, ...more, ...last]) {
    const written = pattern.replaceAll('\\', '\\\\');
    writeFileSync(configFile, `include base/main.conf;\ninclude "${written}";\n`);
    const verdict = askNginx(directory);
    const tree = readNginxConfig(systemFiles(), configFile);
    t.is(tree.failure === undefined, verdict.accepted, `${pattern}: ${verdict.complaint}`);
    if (verdict.accepted) t.deepEqual(tree.configFiles, verdict.files, pattern);
  }
});

test('a cycle is told with its way round, and the rest is read', (t) => {
  const directory = configDirectory(t, {
    'nginx.conf': 'events { }\ninclude a.conf;\nlast;',
    'a.conf': 'user a;\n\ninclude ./b*.conf;',
    'b.conf': 'include a.conf; user b;',
  });
  const configFile = join(directory, 'nginx.conf');
  const tree = readNginxConfig(systemFiles(), configFile);
  t.like(tree.failure, { reason: 'include-cycle', file: `${directory}/./b.conf`, line: 1 });
  t.true(
    tree.failure?.detail.includes(`${directory}/a.conf includes ${directory}/./b.conf includes ${directory}/a.conf`),
  );
  t.deepEqual(
    tree.directives.map(({ name, args }) => [name, ...args].join(' ')),
    ['events', 'user a', 'user b', 'last'],
  );
});

test('a file may be included many times as long as it does not include itself', (t) => {
  const directory = configDirectory(t, {
    'nginx.conf': `events { } ${'include a.conf; '.repeat(500)}`,
    'a.conf': 'include b.conf; include b.conf;',
    'b.conf': 'worker_rlimit_core 1;',
  });
  const { directives, configFiles, failure } = readNginxConfig(systemFiles(), join(directory, 'nginx.conf'));
  t.is(failure, undefined);
  t.is(directives.length, 1001);
  t.is(configFiles.length, 3);
});

test('includes nested deeper than the limit are not followed', (t) => {
  const files = endlessFiles((path) => `include ${path}x;`);
  const { configFiles, failure } = readNginxConfig(files, '/c');
  t.is(configFiles.length, includeLimits.depth + 1);
  t.like(failure, { reason: 'too-many-includes', file: `/c${'x'.repeat(includeLimits.depth)}`, line: 1 });
});

test('a pattern that finds more files than the limit ends the reading', (t) => {
  const names = Array.from({ length: 100_000 }, (_, index) => `f${index}`);
  const files = endlessFiles((path) => (path === '/c' ? 'include d/*; include e/*;' : 'a;'), names);
  const { configFiles, failure } = readNginxConfig(files, '/c');
  t.is(configFiles.length, includeLimits.files);
  t.like(failure, { reason: 'too-many-includes', file: '/c', line: 1 });
});

test('files that include each other twice over do not multiply without end', (t) => {
  const files = endlessFiles((path) => (path.length < 20 ? `include ${path}x; include ${path}x;` : ''));
  const { failure } = readNginxConfig(files, '/c');
  t.is(failure?.reason, 'too-many-includes');
});

test('more text than the limit is not taken in, however often the same file brings it', (t) => {
  const large = '# x\n'.repeat(256 * 1024);
  const files = endlessFiles((path) => (path === '/c' ? 'include d;\n'.repeat(100) : large));
  const { failure } = readNginxConfig(files, '/c');
  t.like(failure, { reason: 'too-many-includes', file: '/c', line: 64 });
});

test('a directory that may not be searched is told, since nginx may search it', (t) => {
  const files: Files = {
    ...endlessFiles(() => 'events { } include /closed/*;'),
    list: (path) => failed('permission-denied', `${path} may not be read`),
  };
  const { failure } = readNginxConfig(files, '/c');
  t.like(failure, { reason: 'permission-denied', detail: '/closed may not be read (/c:1)' });
});

test('a table too large to read is passed over, any other file of that size is told', (t) => {
  const directory = configDirectory(t, {
    'nginx.conf': 'events { } http { geo $a { include large; } }',
    large: '# x\n'.repeat(300 * 1024),
  });
  const configFile = join(directory, 'nginx.conf');
  t.is(readNginxConfig(systemFiles(), configFile).failure, undefined);
  writeFileSync(configFile, 'events { } http { include large; }');
  t.like(readNginxConfig(systemFiles(), configFile).failure, { reason: 'too-large', file: configFile, line: 1 });
});

test('a directory in the place of a file is told', (t) => {
  const directory = configDirectory(t, { 'nginx.conf': 'events { } include d*;' });
  mkdirSync(join(directory, 'd'));
  t.regex(askNginx(directory).complaint ?? '', /Is a directory/);
  t.is(readNginxConfig(systemFiles(), join(directory, 'nginx.conf')).failure?.reason, 'not-a-regular-file');
});

test('nothing of a file that is no config is repeated in the failure', (t) => {
  const secret = 'root:$y$j9T$secret:1:0:99999:7:::\nkey "secret"secret; secret { listen secret:x; }\n';
  const directory = configDirectory(t, {
    'nginx.conf': 'events { }\ninclude shadow;\n',
    shadow: secret,
  });
  const { server, deployments } = observeNginx(systemFiles(), join(directory, 'nginx.conf'));
  t.is(server.failure?.reason, 'syntax');
  t.notRegex(JSON.stringify({ server, deployments }), /secret/);
});
