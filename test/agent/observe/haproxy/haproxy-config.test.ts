import { join } from 'node:path';
import test from 'ava';
import { observeHaproxy } from '../../../../agent/observe/haproxy/haproxy-server.ts';
import { systemFiles } from '../../../../agent/system/files.ts';
import { mint } from '../../../helpers/mint.ts';
import { haproxy, haproxyDefaults } from '../../../helpers/testbed/haproxy.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';

const bind = 'bind 127.0.0.1:10081';
const broken: Record<string, string> = {
  'bind without an address': 'frontend f\n  bind\n',
  'bind without a port': 'frontend f\n  bind *\n',
  'bind with an empty port': 'frontend f\n  bind *:\n',
  'bind on port 0': 'frontend f\n  bind *:0\n',
  'bind beyond all ports': 'frontend f\n  bind *:99999\n',
  'bind on a range from its end': 'frontend f\n  bind *:20-10\n',
  'bind on an empty address among others': `frontend f\n  ${bind},,127.0.0.1:10082\n`,
  'bind in defaults': 'defaults d\n  bind *:80\n',
  'TLS without a certificate': `frontend f\n  ${bind} ssl\n`,
  'crt without a path': `frontend f\n  ${bind} ssl crt\n`,
  'crt-list that is not there': `frontend f\n  ${bind} ssl crt-list /nonexistent\n`,
  'crt-list with a bracket too many': `frontend f\n  ${bind} ssl crt-list LIST-bracket\n`,
  'crt-list whose last line is cut': `frontend f\n  ${bind} ssl crt-list LIST-cut\n`,
  'crt-list that is a certificate with its key': `frontend f\n  ${bind} ssl crt-list LIST-pem\n`,
  'crt-list of comments': `frontend f\n  ${bind} ssl crt-list LIST-empty\n`,
  'a quote that stays open': 'frontend f\n  bind "*:80 ssl\n',
  'a single quote that stays open': "frontend f\n  bind *:80 'ssl\n",
  'a variable that stays open': 'frontend f\n  bind "${A:80"\n',
  'half a hexadecimal escape': 'frontend f\n  bind *:80 \\x4\n',
  'a last line that is cut': `frontend f\n  ${bind}`,
  'a frontend without a name': 'frontend\n  bind *:80\n',
  'an address behind listen': 'listen x 127.0.0.1:80\n',
  'a condition that says nothing': `frontend f\n.if foo\n  ${bind}\n.endif\n`,
  'a condition that never ends': `frontend f\n.if 1\n  ${bind}\n`,
  'the end of no condition': `frontend f\n  ${bind}\n.endif\n`,
  'an alert that the config raises itself': `frontend f\n  ${bind}\n.alert "no"\n`,
  'crt-base without a directory': 'global\n  crt-base\n',
  'crt-base twice': 'global\n  crt-base /a\n  crt-base /b\n',
  'the first of several faults': `frontend f\n  ${bind} ssl crt-list /nonexistent\n  bind *\n`,
};

for (const [title, text] of Object.entries(broken))
  test(`${title} is told at the line where HAProxy tells it`, async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const server = haproxy(sandbox, '');
    const certificate = await mint({ names: ['a.test'] });
    const pem = server.write('a.pem', certificate.pem + certificate.keyPem);
    server.write('list-bracket', `${pem} a.test\n${pem}] b.test\n`);
    server.write('list-cut', `${pem} a.test\n${pem}`);
    server.write('list-pem', certificate.pem + certificate.keyPem);
    server.write('list-empty', '# nothing\n\n');
    server.write('haproxy.cfg', haproxyDefaults + text.replace('LIST', join(server.directory, 'list')));
    const { exit, stderr } = await server.test();
    t.not(exit, 0, stderr);
    const alert = /\[ALERT\].*\[[^\]]+:\d+\].*/.exec(stderr)?.[0] ?? '';
    const [, file, line] = [...alert.matchAll(/\[([^\]\s]+):(\d+)\]/g)].at(-1) ?? [];
    const observed = observeHaproxy(systemFiles(), server.configFile);
    const { failure } = observed.server;
    t.like(failure, { file, line: Number(line) }, `${stderr}\n${failure?.detail}`);
    const keyLines = certificate.keyPem.split('\n').filter((each) => each !== '' && !each.startsWith('-----'));
    const told = JSON.stringify(observed);
    t.deepEqual(
      keyLines.filter((each) => told.includes(each)),
      [],
    );
  });

test('a line before every section is refused, and what follows is read', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const server = haproxy(sandbox, `bind *:80\n${haproxyDefaults}frontend f\n  ${bind} ssl crt gone.pem\n`);
  t.regex((await server.test()).stderr, /haproxy\.cfg:1\]: unknown keyword 'bind' out of section/);
  const { server: told, deployments } = observeHaproxy(systemFiles(), server.configFile);
  t.like(told.failure, { file: server.configFile, line: 1 });
  t.deepEqual(
    deployments.map(({ certificatePath, keyPath, serverNames }) => [certificatePath, keyPath, serverNames]),
    [['/gone.pem', '/gone.pem', ['']]],
  );
});

test('a directory of configs is read in its order, and one that is missing is told', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const server = haproxy(sandbox, '');
  const certificate = await mint({ names: ['a.test'] });
  const pem = server.write('a.pem', certificate.pem + certificate.keyPem);
  server.write('conf.d/b.cfg', `frontend f\n  ${bind} ssl crt ${pem}\n`);
  server.write('conf.d/a.cfg', haproxyDefaults);
  server.write('conf.d/a.txt', 'no config');
  server.write('conf.d/.c.cfg', 'no config');
  const directory = join(server.directory, 'conf.d');
  const ran = await sandbox.run(server.binary, ['-c', '-f', directory]);
  t.is(ran.exit, 0, ran.stderr);
  const { server: told, deployments } = observeHaproxy(systemFiles(), directory);
  t.is(told.failure, undefined);
  t.deepEqual(told.configFiles, [join(directory, 'a.cfg'), join(directory, 'b.cfg')]);
  t.like(deployments[0], { configFile: join(directory, 'b.cfg'), line: 2, certificatePath: pem });
  t.like(observeHaproxy(systemFiles(), join(directory, 'none.cfg')).server.failure, { reason: 'not-found' });
});

test("the distribution's own config is read without an objection", (t) => {
  const { server, deployments } = observeHaproxy(systemFiles(), '/etc/haproxy/haproxy.cfg');
  t.is(server.failure, undefined);
  t.deepEqual(deployments, []);
});
