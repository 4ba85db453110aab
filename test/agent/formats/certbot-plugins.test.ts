import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import test from 'ava';
import fc from '../../helpers/properties.ts';
import { certbotPluginsIn, plainName } from '../../../agent/formats/certbot-plugins.ts';
import { observeCertbotPlugins } from '../../../agent/observe/certbot-plugins.ts';
import { systemFiles } from '../../../agent/system/files.ts';
import { testDirectory } from '../../helpers/directory.ts';

test("the names of a package's plugins, and of no other entry points", (t) => {
  const text =
    '[console_scripts]\ncertbot = x:main\n\n[certbot.plugins]\n# old\ndns-one = a:B\nold:two=c:D\n\n[other]\nz = y\n';
  t.deepEqual(certbotPluginsIn(text), ['dns-one', 'two']);
  t.is(plainName('certbot-route53:auth'), 'auth');
});

test('any text is read to its end', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const names = certbotPluginsIn(`[certbot.plugins]\n${text}`);
      t.true(names.every((name) => name !== '' && !name.includes('\n')));
    }),
  );
});

test('the plugins of this machine are those that certbot itself lists', async (t) => {
  const root = testDirectory(t);
  const places = ['--config-dir', root, '--work-dir', root, '--logs-dir', root];
  const { stdout } = await promisify(execFile)('/usr/bin/certbot', ['plugins', ...places]);
  const listed = [...stdout.matchAll(/^\* (\S+)$/gm)].map(([, name = '']) => name);
  const installed = observeCertbotPlugins(systemFiles(), '/usr/bin/certbot');
  t.true(listed.includes('webroot') && listed.includes('standalone'), stdout);
  // certbot lists neither the manual plugin nor hidden ones
  for (const name of listed) t.true(installed?.has(name), name);
  t.false(installed?.has('dns-nowhere'));
});

test('a virtual environment behind a link, and one whose packages are not found', (t) => {
  const root = testDirectory(t);
  const packages = `${root}/venv/lib/python3.11/site-packages/certbot-4.0.0.dist-info`;
  mkdirSync(packages, { recursive: true });
  mkdirSync(`${root}/venv/bin`);
  writeFileSync(`${root}/venv/bin/certbot`, '');
  symlinkSync('venv/bin/certbot', `${root}/certbot`);
  t.is(observeCertbotPlugins(systemFiles(), `${root}/certbot`), undefined);
  writeFileSync(`${packages}/entry_points.txt`, '[certbot.plugins]\nwebroot = a:B\ndns-x = c:D\n');
  t.deepEqual([...(observeCertbotPlugins(systemFiles(), `${root}/certbot`) ?? [])], ['webroot', 'dns-x']);
  t.is(observeCertbotPlugins(systemFiles(), `${root}/nothing`), undefined);
});
