import { join } from 'node:path';
import test from 'ava';
import { observeHaproxy } from '../../../../agent/observe/haproxy/haproxy-server.ts';
import { systemFiles } from '../../../../agent/system/files.ts';
import { mint } from '../../../helpers/mint.ts';
import { haproxy, haproxyDefaults } from '../../../helpers/testbed/haproxy.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { algorithmIn, fingerprintIn, presented } from '../presented.ts';

test('what is told of a config is what a running HAProxy serves', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const [many, folder, listed, behind, strict] = [
    await sandbox.port(),
    await sandbox.port(),
    await sandbox.port(),
    await sandbox.port(),
    await sandbox.port(),
  ];
  const server = haproxy(sandbox, '');
  const { directory } = server;
  const socket = join(directory, 'tls.sock');
  for (const name of ['one', 'two', 'certs/b', 'certs/a', 'listed', 'wild', 'odd', 'strict'])
    server.write(`${name}.pem`, await joined(`${name.slice(name.indexOf('/') + 1)}.test`));
  const apart = await mint({ names: ['apart.test'] });
  server.write('certs/apart.pem', apart.pem);
  server.write('certs/apart.pem.key', apart.keyPem);
  for (const skipped of ['x.issuer', 'x.ocsp', 'x.sctl', '.hidden']) server.write(`certs/${skipped}`, 'no certificate');
  server.write('certs/below/c.pem', await joined('below.test'));
  const rsa = await mint({ names: ['kinds.test'], key: 'rsa' });
  const ecdsa = await mint({ names: ['kinds.test'] });
  server.write('kinds.pem.rsa', rsa.pem + rsa.keyPem);
  server.write('kinds.pem.ecdsa', ecdsa.pem + ecdsa.keyPem);
  server.write(
    'list.txt',
    `# names for certificates
listed.pem

wild.pem [alpn h2,http/1.1] *.wild.test !no.wild.test
${directory}/odd.pem odd.test even.test
wild.pem more.test
`,
  );
  server.write(
    'haproxy.cfg',
    `global
  crt-base ${directory}
  setenv HERE ${directory}
${haproxyDefaults}
frontend first
  bind 127.0.0.1:${many} name ssl ssl crt one.pem crt "\${HERE}/two.pem" crt kinds.pem # several
  bind unix@${socket} ssl crt '${directory}/one.pem'
listen second
  bind 127.0.0.1:${folder},127.0.0.2:${folder} ssl crt certs
.if streq("$HERE",)
  bind 127.0.0.1:1 ssl crt nowhere.pem
.elif defined(HERE)
  bind *:${listed} ssl crt-list "$HERE/list.txt"
.endif
frontend\tthird
  bind 127.0.0.1:${behind} accept-proxy ssl crt ${directory}/two.pem
  bind 127.0.0.1:${strict} ssl strict-sni crt strict.pem
backend last
  bind 127.0.0.1:2 ssl crt one.pem
`,
  );
  const tested = await server.test();
  t.is(tested.exit, 0, tested.stderr);
  const { server: told, deployments } = observeHaproxy(systemFiles(), server.configFile);
  t.is(told.failure, undefined);
  t.deepEqual(told.configFiles, [server.configFile, join(directory, 'list.txt')]);
  await server.start(socket);

  const checked: string[] = [];
  for (const deployment of deployments)
    for (const listener of deployment.listeners) {
      const path = deployment.certificatePath;
      const short = path.slice(directory.length + 1);
      const own = deployment.serverNames[0] === '' ? [...ownNames(short)] : deployment.serverNames;
      for (const name of own) {
        const leaf = await presented(listener, name.replace('*', 'any'), algorithmIn(path));
        t.is(leaf, fingerprintIn(path), `${deployment.id} ${name}`);
        checked.push(`${name} ${listener.port} ${short}`);
      }
      if (listener.defaultServer)
        t.is(await presented(listener, 'stranger.test', algorithmIn(path)), fingerprintIn(path), deployment.id);
    }
  t.deepEqual(
    checked.sort(),
    [
      `one.test ${many} one.pem`,
      `two.test ${many} two.pem`,
      `kinds.test ${many} kinds.pem.rsa`,
      `kinds.test ${many} kinds.pem.ecdsa`,
      'one.test 0 one.pem',
      ...['a', 'b', 'apart'].flatMap((name) => {
        const served = `${name}.test ${folder} certs/${name}.pem`;
        return [served, served];
      }),
      `listed.test ${listed} listed.pem`,
      ...['*.wild.test', 'more.test'].map((name) => `${name} ${listed} wild.pem`),
      ...['odd.test', 'even.test'].map((name) => `${name} ${listed} odd.pem`),
      `two.test ${behind} two.pem`,
      `strict.test ${strict} strict.pem`,
    ].sort(),
  );
  const defaults = deployments.filter(({ listeners }) => listeners.some(({ defaultServer }) => defaultServer));
  t.deepEqual(
    defaults.map(({ certificatePath, line }) => [line, certificatePath.slice(directory.length + 1)]),
    [
      [11, 'one.pem'],
      [12, 'one.pem'],
      [14, 'certs/a.pem'],
      [18, 'listed.pem'],
      [21, 'two.pem'],
    ],
  );
  const keys = new Map(deployments.map(({ certificatePath, keyPath }) => [certificatePath, keyPath]));
  t.is(keys.get(join(directory, 'certs/apart.pem')), join(directory, 'certs/apart.pem.key'));
  t.is(keys.get(join(directory, 'one.pem')), join(directory, 'one.pem'));
  await t.throwsAsync(presented({ address: '127.0.0.1', port: strict }, 'stranger.test', 'ecdsa'));
});

async function joined(name: string): Promise<string> {
  const certificate = await mint({ names: [name] });
  return certificate.pem + certificate.keyPem;
}

/** The names in the certificate, which HAProxy takes where a crt-list names none. */
function ownNames(file: string): string[] {
  return [`${file.slice(file.indexOf('/') + 1).replace(/\.pem.*$/, '')}.test`];
}
