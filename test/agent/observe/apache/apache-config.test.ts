import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failed, success } from '@certherd/protocol/failure';
import test from 'ava';
import fc from '../../../helpers/properties.ts';
import { readApacheConfig } from '../../../../agent/observe/apache/apache-config.ts';
import { apacheLimits } from '../../../../agent/observe/apache/apache-reading.ts';
import { observeApache } from '../../../../agent/observe/apache/apache-server.ts';
import type { Files } from '../../../../agent/ports.ts';
import { systemFiles } from '../../../../agent/system/files.ts';
import { mint } from '../../../helpers/mint.ts';
import { apache, loadMacro, loadTls } from '../../../helpers/testbed/apache.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { processorMs } from '../../../helpers/processor-time.ts';

test('TLS directives are unknown where the module is not loaded', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const server = apache(sandbox, 'Include base.conf\n<VirtualHost *:1>\nSSLEngine on\n</VirtualHost>\n');
  t.regex((await server.test()).stderr, /on line 3 .*\n?.*Invalid command 'SSLEngine'/);
  t.like(observeApache(systemFiles(), server.configFile).server.failure, { file: server.configFile, line: 3 });
});

test('what is broken does not hide what can be read', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const site = '<VirtualHost *:443>\nServerName a.test\nSSLEngine on\nSSLCertificateFile a.pem\n</VirtualHost>\n';
  const server = apache(sandbox, `Include base.conf\n${loadTls}\nListen 443\nInclude none.conf\n${site}`);
  const { server: told, deployments } = observeApache(systemFiles(), server.configFile);
  t.like(told.failure, { file: server.configFile, line: 4, reason: 'not-found' });
  t.is(deployments.length, 1);
  t.like(deployments[0], {
    line: 5,
    serverNames: ['a.test'],
    certificatePath: join(server.serverRoot, 'a.pem'),
    keyPath: join(server.serverRoot, 'a.pem'),
  });
});

test('conditions, variables and macros are followed as Apache follows them', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const server = apache(
    sandbox,
    `Include base.conf
${loadTls}
${loadMacro}
Define NAME first
Define FLAG
<Macro Site $name $port>
  <VirtualHost *:$port>
    ServerName $name.macro.test
    SSLEngine on
    SSLCertificateFile a.pem
  </VirtualHost>
</Macro>
<IfModule ssl_module>
  <IfDefine FLAG>
    <VirtualHost *:1444>
      ServerName \${NAME}.\${UNKNOWN}.test
    </VirtualHost>
  </IfDefine>
</IfModule>
Define NAME second
<IfModule event.c>
  <IfVersion >= 2.4>
    <VirtualHost *:1444>
      ServerName \${NAME}.test
    </VirtualHost>
  </IfVersion>
</IfModule>
<IfVersion < 2.4>
  <VirtualHost *:1444>
    ServerName old.test
  </VirtualHost>
</IfVersion>
<IfFile a.pem>
  <VirtualHost *:1444>
    ServerName file.test
  </VirtualHost>
</IfFile>
<IfDefine !FLAG>
  <VirtualHost *:1444>
    ServerName never.test
  </VirtualHost>
</IfDefine>
Use Site one 1445
Use Site two 1446
`,
  );
  const certificate = await mint({ names: ['a.test'] });
  server.write('a.pem', certificate.pem + certificate.keyPem);
  const dumped = await sandbox.run(server.binary, ['-d', server.serverRoot, '-f', server.configFile, '-S']);
  const { directives, failure } = readApacheConfig(systemFiles(), server.configFile);
  t.is(failure, undefined);
  const names = directives
    .flatMap(({ name, block }) => (name === 'virtualhost' ? (block ?? []) : []))
    .filter(({ name }) => name === 'servername')
    .map(({ args }) => args[0] ?? '');
  const known = [...dumped.stdout.matchAll(/(?:namevhost|^\*:\d+) +(\S+\.test) /gm)].map(([, name]) => name ?? '');
  t.deepEqual(names.toSorted(compare), [...new Set(known)].toSorted(compare), dumped.stdout);
  t.is(names.length, 5);
});

test('a cycle, an endless directory and too many files end the reading with the reason', (t) => {
  const cycle = readApacheConfig(endless('Include /a/b.conf'), '/a/b.conf');
  t.like(cycle.failure, { reason: 'include-cycle', file: '/a/b.conf', line: 1 });
  const directory: Files = {
    ...endless(''),
    read: (path) =>
      path === '/a.conf'
        ? success({ bytes: new TextEncoder().encode('Include /d'), modifiedAt: 0, mode: 0o644 })
        : failed('not-a-regular-file', path),
    list: () => success(['d']),
  };
  t.like(readApacheConfig(directory, '/a.conf').failure, { reason: 'too-many-includes', line: 1 });
  let number = 0;
  const growing: Files = {
    ...endless(''),
    read: () =>
      success({ bytes: new TextEncoder().encode(`Include /${++number}\nInclude /x${number}`), modifiedAt: 0, mode: 0 }),
  };
  const { failure, configFiles } = readApacheConfig(growing, '/0');
  t.like(failure, { reason: 'too-many-includes' });
  t.true(configFiles.length <= apacheLimits.files);
});

test('no text makes the reading throw, and every place that is told is in the text', (t) => {
  const pieces = [
    '<VirtualHost *:1>\n',
    '</VirtualHost>\n',
    '<IfModule ',
    'mod_ssl.c>\n',
    '</IfModule>\n',
    'SSLEngine on\n',
  ];
  const more = [
    'SSLCertificateFile a\n',
    'Listen 1\n',
    'Define A ',
    '${A}',
    '"',
    '\\',
    '\n',
    '<',
    '>',
    '<Macro m $a>\n',
    '</Macro>\n',
  ];
  const unit = fc.constantFrom(...pieces, ...more, 'Use m 1\n', 'Include /a\n', '#', '!', ' ', 'ServerName a\n');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      const { server, deployments } = observeApache(endless(text), '/a');
      const lines = text.split('\n').length;
      for (const line of [server.failure?.line ?? 1, ...deployments.map((deployment) => deployment.line)])
        t.true(line >= 1 && line <= lines);
      t.is(new Set(deployments.map(({ id }) => id)).size, deployments.length);
    }),
  );
});

test('a thousand virtual hosts and a long line without sense are read in well under two seconds', async (t) => {
  const site = (_: unknown, index: number) =>
    `<VirtualHost *:443>\nServerName ${index}.test\nSSLEngine on\nSSLCertificateFile /${index}.pem\n</VirtualHost>\n`;
  const took = await processorMs(() => {
    const many = observeApache(endless(`${loadTls}\nListen 443\n${Array.from({ length: 5000 }, site).join('')}`), '/a');
    t.is(many.deployments.length, 5000);
    observeApache(endless(`Define ${'${'.repeat(500_000)}`), '/a');
  });
  t.true(took < 2000, `${took} ms`);
});

test("the distribution's own config is read without an objection", (t) => {
  const { server, deployments } = observeApache(systemFiles(), '/etc/apache2/apache2.conf');
  t.is(server.failure, undefined);
  t.true(server.configFiles.includes('/etc/apache2/ports.conf'));
  t.deepEqual(deployments, []);
});

test("Debian's layout is followed from envvars to sites-enabled", async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const root = sandbox.folder('etc-apache2');
  cpSync('/etc/apache2', root, { recursive: true, verbatimSymlinks: true });
  for (const module of ['ssl.load', 'ssl.conf', 'socache_shmcb.load', 'setenvif.load'])
    if (!existsSync(join(root, 'mods-enabled', module)))
      symlinkSync(`../mods-available/${module}`, join(root, 'mods-enabled', module));
  const certificate = await mint({ names: ['a.test'] });
  const file = join(root, 'a.pem');
  writeFileSync(file, certificate.pem + certificate.keyPem);
  const site = readFileSync(join(root, 'sites-available/default-ssl.conf'), 'utf8');
  const sslSite = join(root, 'sites-enabled/default-ssl.conf');
  writeFileSync(sslSite, site.replaceAll(/^(\s*SSLCertificate(?:Key)?File).*$/gm, '$1 ${APACHE_TEST_CERTIFICATE}'));
  const configFile = join(root, 'apache2.conf');
  const environment = {
    APACHE_RUN_USER: 'www-data',
    APACHE_RUN_GROUP: 'www-data',
    APACHE_PID_FILE: `${root}/pid`,
    APACHE_RUN_DIR: root,
    APACHE_LOCK_DIR: root,
    APACHE_LOG_DIR: root,
    APACHE_TEST_CERTIFICATE: file,
  };
  const exports = Object.entries(environment).map(([name, value]) => `export ${name}="${value}"\n`);
  writeFileSync(join(root, 'envvars'), exports.join(''));
  const verdict = await sandbox.run('/usr/sbin/apache2', ['-d', root, '-f', configFile, '-t', '-D', 'DUMP_INCLUDES'], {
    env: environment,
  });
  t.is(verdict.exit, 0, verdict.stderr);
  const { server, deployments } = observeApache(systemFiles(), configFile);
  t.is(server.failure, undefined);
  const included = [...verdict.stdout.matchAll(/^\s+\([\d*]+\) (.*)$/gm)].map(([, path]) => path ?? '');
  t.deepEqual(server.configFiles.toSorted(compare), [...new Set(included)].toSorted(compare));
  t.is(deployments.length, 1);
  t.like(deployments[0], {
    configFile: sslSite,
    certificatePath: file,
    listeners: [{ address: '0.0.0.0', port: 443, defaultServer: true, proxyProtocol: false }],
  });
});

test("RHEL's layout is followed from conf/httpd.conf to conf.d", async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const server = apache(sandbox, '');
  const { serverRoot } = server;
  const configFile = server.write(
    'conf/httpd.conf',
    'Listen 80\nInclude conf.modules.d/*.conf\nIncludeOptional conf.d/*.conf\n',
  );
  server.write('conf.modules.d/00-ssl.conf', `${loadTls}\nLoadModule mpm_event_module modules/mod_mpm_event.so\n`);
  server.write(
    'conf.d/ssl.conf',
    `Listen 443 https
<VirtualHost _default_:443>
  SSLEngine on
  SSLCertificateFile /etc/pki/tls/certs/localhost.crt
  SSLCertificateKeyFile /etc/pki/tls/private/localhost.key
  SSLCertificateChainFile chain.crt
</VirtualHost>
`,
  );
  const { server: told, deployments, chainFiles } = observeApache(systemFiles(), configFile);
  t.is(told.failure, undefined);
  t.is(told.configFiles.length, 3);
  t.like(deployments[0], {
    line: 2,
    serverNames: [''],
    certificatePath: '/etc/pki/tls/certs/localhost.crt',
    keyPath: '/etc/pki/tls/private/localhost.key',
    listeners: [{ address: '0.0.0.0', port: 443, defaultServer: true, proxyProtocol: false }],
  });
  t.is(chainFiles.get(deployments[0]?.id ?? ''), join(serverRoot, 'chain.crt'));
});

function endless(content: string): Files {
  return {
    read: () => success({ bytes: new TextEncoder().encode(content), modifiedAt: 0, mode: 0o644 }),
    list: () => success([]),
    resolve: (path) => success(path),
    linkChangedAt: () => success(0),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
