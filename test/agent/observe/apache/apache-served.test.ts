import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { observeApache } from '../../../../agent/observe/apache/apache-server.ts';
import { systemFiles } from '../../../../agent/system/files.ts';
import { mint } from '../../../helpers/mint.ts';
import { apache, loadTls } from '../../../helpers/testbed/apache.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { algorithmIn, fingerprintIn, presented } from '../presented.ts';

test('what is told of a config is what a running Apache serves', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const [shared, exact, plain, https, fallback] = [
    await sandbox.port(),
    await sandbox.port(),
    await sandbox.port(),
    await sandbox.port(),
    await sandbox.port(),
  ];
  const server = apache(sandbox, mainConfig, { environment: { SITES: 'sites-enabled' } });
  const { serverRoot } = server;
  for (const name of ['main', 'one', 'two', 'pair', 'joined', 'https', 'exact']) {
    const certificate = await mint({ names: [`${name}.test`] });
    writeFileSync(join(serverRoot, `${name}.pem`), certificate.pem + (name === 'joined' ? certificate.keyPem : ''));
    writeFileSync(join(serverRoot, `${name}.key`), certificate.keyPem);
  }
  const rsa = await mint({ names: ['pair.test'], key: 'rsa' });
  server.write('rsa.pem', rsa.pem);
  server.write('rsa.key', rsa.keyPem);
  server.write('envvars', 'export SITES=sites-enabled # not the shell\n');
  server.write(
    'ports.conf',
    `Define SHARED ${shared}\nListen \${SHARED}\nListen 127.0.0.1:${exact}\nListen ${plain}\n`,
  );
  server.write('sites-enabled/a.conf', pair('*:${SHARED}', 'one.test', 'one', 'ServerAlias alias.test *.wild.test'));
  server.write('sites-enabled/b.conf', pair('_default_:${SHARED}', 'https://two.test:443', 'two'));
  server.write(
    'sites-enabled/c.conf',
    `<IfModule mod_ssl.c>\n${pair('*:${SHARED}', 'pair.test', 'pair', 'SSLCertificateFile rsa.pem\nSSLCertificateKeyFile \\\n  rsa.key')}</IfModule>
<IfModule !mod_ssl.c>\n${pair('*:${SHARED}', 'never.test', 'none')}</IfModule>\n`,
  );
  server.write(
    'sites-enabled/d.conf',
    `<VirtualHost 127.0.0.1:${exact} *:${plain}>\nSSLEngine on\nServerName "exact.test"\nSSLCertificateFile '${serverRoot}/joined.pem'\n</VirtualHost>
<VirtualHost *:${exact}>\nServerName shadowed.test\nSSLEngine on\nSSLCertificateFile one.pem\nSSLCertificateKeyFile one.key\n</VirtualHost>
Listen ${https} https\n<VirtualHost *:${https}>\nServerName https.test\nSSLCertificateFile https.pem\nSSLCertificateKeyFile https.key\n</VirtualHost>
Listen ${fallback}\n<VirtualHost *:${fallback}>\nServerName off.test\n</VirtualHost>\n${pair(`*:${fallback}`, 'mixed.test', 'two')}`,
  );
  const tested = await server.test();
  t.is(tested.exit, 0, tested.stderr);

  const seen = observeApache(systemFiles(), server.configFile);
  t.is(seen.server.failure, undefined);
  t.deepEqual(
    seen.server.configFiles,
    [
      'apache2.conf',
      'base.conf',
      'ports.conf',
      ...['a', 'b', 'c', 'd'].map((name) => `sites-enabled/${name}.conf`),
    ].map((name) => join(serverRoot, name)),
  );
  await server.start();

  const checked: string[] = [];
  for (const deployment of seen.deployments)
    for (const listener of deployment.listeners)
      for (const name of deployment.serverNames) {
        const path = deployment.certificatePath;
        const leaf = await presented(listener, name.replace('*', 'any'), algorithmIn(path));
        t.is(leaf, fingerprintIn(path), `${deployment.id} ${name}`);
        if (listener.defaultServer) t.is(await presented(listener, 'stranger.test', algorithmIn(path)), leaf);
        checked.push(`${name} ${listener.port} ${path.slice(serverRoot.length + 1)}`);
      }
  t.deepEqual(
    checked.sort(),
    [
      ...['one.test', 'alias.test', '*.wild.test'].map((name) => `${name} ${shared} one.pem`),
      `two.test ${shared} two.pem`,
      `pair.test ${shared} pair.pem`,
      `pair.test ${shared} rsa.pem`,
      `exact.test ${exact} joined.pem`,
      `exact.test ${plain} joined.pem`,
      `https.test ${https} https.pem`,
    ].sort(),
  );
  const kept = seen.deployments
    .filter(({ listeners }) => listeners.length === 0)
    .map(({ serverNames }) => serverNames.join(' '));
  t.deepEqual(kept.toSorted(), ['mixed.test', 'shadowed.test']);
  const joined = seen.deployments.find(({ certificatePath }) => certificatePath.endsWith('joined.pem'));
  t.is(joined?.keyPath, joined?.certificatePath);
  t.is(joined?.line, 1);
  await t.throwsAsync(presented({ address: '127.0.0.1', port: fallback }, 'mixed.test', 'ecdsa'), {
    message: /wrong version number|packet length|disconnected|reset/i,
  });
});

test('the main server gives its certificate to its virtual hosts, and a later one of the same kind wins', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const port = await sandbox.port();
  const other = await sandbox.port();
  const server = apache(
    sandbox,
    `${mainConfig.replaceAll(/^.*(?:ports|SITES).*\n/gm, '')}SSLEngine on
SSLCertificateFile main.pem
SSLCertificateKeyFile main.key
Listen ${port}
Listen [::1]:${other}
Listen 127.0.0.1:${other}
<VirtualHost *:${port}>
</VirtualHost>
<VirtualHost *:${port}>
  ServerName own.test
  SSLCertificateFile own.pem
  SSLCertificateKeyFile own.key
</VirtualHost>
`,
  );
  for (const name of ['main', 'own']) {
    const certificate = await mint({ names: [`${name}.test`] });
    server.write(`${name}.pem`, certificate.pem);
    server.write(`${name}.key`, certificate.keyPem);
  }
  const { deployments, server: told } = observeApache(systemFiles(), server.configFile);
  t.is(told.failure, undefined);
  await server.start();
  const main = join(server.serverRoot, 'main.pem');
  const own = join(server.serverRoot, 'own.pem');
  t.deepEqual(
    deployments.map(({ serverNames, certificatePath, listeners }) => [
      serverNames.join(' '),
      certificatePath,
      listeners.map((listener) => `${listener.address} ${listener.port}`).join(', '),
    ]),
    [
      ['main.test', main, `0.0.0.0 ${port}`],
      ['own.test', own, `0.0.0.0 ${port}`],
      ['own.test', main, `0.0.0.0 ${port}`],
      ['main.test', main, `::1 ${other}, 127.0.0.1 ${other}`],
    ],
  );
  t.is(await presented({ address: '0.0.0.0', port }, 'main.test', 'ecdsa'), fingerprintIn(main));
  t.is(await presented({ address: '0.0.0.0', port }, 'own.test', 'ecdsa'), fingerprintIn(own));
  t.is(await presented({ address: '127.0.0.1', port: other }, 'own.test', 'ecdsa'), fingerprintIn(main));
});

test('of the hosts for any port and for one, and behind a PROXY header, what is told is served', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const [both, any, behind] = [await sandbox.port(), await sandbox.port(), await sandbox.port()];
  const folded = mainConfig.replaceAll(/^.*(?:ports|SITES).*\n/gm, '');
  for (const order of [
    ['*:BOTH', '*:*'],
    ['*:*', '*:BOTH'],
    ['127.0.0.1:*', '127.0.0.1:BOTH'],
    ['127.0.0.1:BOTH', '127.0.0.1:*'],
  ]) {
    const hosts = order.map((address, index) => pair(address.replace('BOTH', `${both}`), 'same.test', `host${index}`));
    const server = apache(
      sandbox,
      `${folded}LoadModule remoteip_module /usr/lib/apache2/modules/mod_remoteip.so
Listen ${both}\nListen ${any}\nListen 127.0.0.1:${behind}
${hosts.join('')}${pair(`127.0.0.1:${behind}`, 'behind.test', 'host0', 'RemoteIPProxyProtocol On')}`,
      { folder: order.join('-').replaceAll(/\W/g, '_') },
    );
    for (const name of ['host0', 'host1']) {
      const certificate = await mint({ names: [`${name}.test`] });
      server.write(`${name}.pem`, certificate.pem);
      server.write(`${name}.key`, certificate.keyPem);
    }
    const { deployments, server: told } = observeApache(systemFiles(), server.configFile);
    t.is(told.failure, undefined);
    const child = await server.start();
    let checked = 0;
    for (const { listeners, serverNames, certificatePath, id } of deployments)
      for (const listener of listeners) {
        const leaf = await presented(listener, serverNames[0] ?? '', 'ecdsa');
        t.is(leaf, fingerprintIn(certificatePath), `${order.join(' ')}: ${id} ${listener.address}:${listener.port}`);
        checked++;
      }
    t.true(checked >= 3, order.join(' '));
    t.true(deployments.at(-1)?.listeners.every(({ proxyProtocol }) => proxyProtocol));
    await child.end();
  }
});

const mainConfig = `Include base.conf
${loadTls}
Include ports.conf
IncludeOptional \${SITES}/*.conf
IncludeOptional none/*.conf
`;

function pair(address: string, name: string, certificate: string, more = ''): string {
  return `<VirtualHost ${address}>
  ServerName ${name}
  SSLEngine On
  SSLCertificateFile ${certificate}.pem
  SSLCertificateKeyFile ${certificate}.key
  ${more}
</VirtualHost>
`;
}
