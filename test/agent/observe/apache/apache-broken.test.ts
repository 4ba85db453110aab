import test from 'ava';
import { observeApache } from '../../../../agent/observe/apache/apache-server.ts';
import { systemFiles } from '../../../../agent/system/files.ts';
import { apache, loadMacro, loadTls } from '../../../helpers/testbed/apache.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';

/** What stands behind the lines that load the modules, and the files beside it. */
const broken: Record<string, string> = {
  'an Include of nothing': 'Include nothere.conf',
  'an Include of a pattern that fits nothing': 'Include sites/*.none',
  'an Include of a pattern in no directory': 'Include nothere/*.conf',
  'an Include of two things': 'Include a b',
  'a section that is not closed': '<VirtualHost *:1>\n<Directory />\n',
  'a section that is closed by another': '<VirtualHost *:1>\nServerName a\n</Directory>',
  'an end without a beginning': '</VirtualHost>',
  'an end without its bracket': '<VirtualHost *:1>\n</VirtualHost',
  'a section without its bracket': '<VirtualHost *:1\n</VirtualHost>',
  'a virtual host of nothing': '<VirtualHost>\n</VirtualHost>',
  'a virtual host of a port': '<VirtualHost 443>\n</VirtualHost>',
  'a virtual host in a virtual host': '<VirtualHost *:1>\n<VirtualHost *:2>\n</VirtualHost>\n</VirtualHost>',
  'a virtual host in a directory': '<Directory />\n<VirtualHost *:2>\n</VirtualHost>\n</Directory>',
  'a condition that does not hold and is never closed': '<IfModule none.c>\n<IfDefine a>\n',
  'a condition without its bracket': '<IfModule mod_ssl.c\n</IfModule>',
  'a condition about nothing': '<IfDefine>\n</IfDefine>',
  'sections that cross inside what is passed over': '<IfDefine NONE>\n<Files x>\n</IfDefine>\n</Files>',
  'Listen without a port': 'Listen 1.2.3.4',
  'Listen on a name without a port': 'Listen abc',
  'Listen on port 0': 'Listen 0',
  'Listen beyond all ports': 'Listen 70000',
  'Listen in a virtual host': '<VirtualHost *:1>\nListen 333\n</VirtualHost>',
  'Listen in a location': '<Location /a>\nListen 5\n</Location>',
  'SSLEngine in a directory': '<Directory />\nSSLEngine on\n</Directory>',
  'SSLEngine with a word of its own': '\nSSLEngine \\\n  maybe',
  'SSLEngine twice on': 'SSLEngine on on',
  'SSLCertificateFile of nothing': 'SSLCertificateFile',
  'ServerName of nothing': 'ServerName',
  'ServerName with a strange port': 'ServerName a:b',
  'an error that the config raises itself': '<IfModule mod_ssl.c>\nError "not like this"\n</IfModule>',
  'Define of nothing': 'Define',
  'a fault in a file that is included by another': 'Include sites/outer.conf',
  'a fault behind a byte order mark': 'Include sites/marked.conf',
  'what is met while reading goes before what comes first': 'SSLEngine maybe\nInclude nothere.conf',
  'a macro that is not there': 'Use Nothing',
};

for (const [title, text] of Object.entries(broken))
  test(`${title} is told at the line where Apache tells it`, async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const server = apache(sandbox, `Include base.conf\n${loadTls}\n${loadMacro}\n${text}\n`);
    server.write('sites/outer.conf', '# outer\nInclude sites/inner.conf\n');
    server.write('sites/inner.conf', '# inner\n\n<VirtualHost *:1>\n  SSLEngine perhaps\n</VirtualHost>\n');
    server.write('sites/marked.conf', '\ufeff# marked\n');
    const { exit, stderr } = await server.test();
    t.is(exit, 1, stderr);
    const [, line, file] = [...stderr.matchAll(/on line (\d+) of ([^:\s]+):/g)].at(-1) ?? [];
    const { failure } = observeApache(systemFiles(), server.configFile).server;
    t.like(failure, { file, line: Number(line) }, `${stderr}\n${failure?.detail}`);
  });
