import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { shopName, startHost } from '../helpers/host.ts';
import { runAgent } from '../helpers/host.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

interface Report {
  root?: string;
  host: { name: string; platform: string };
  lineages: { name: string; issued?: string; live?: string }[];
  deployments: { configFile: string; certificatePath: string; configured?: string; lineage?: string }[];
  endpoints: unknown[];
  findings: { code: string; severity: string; cause: string; remedy: string }[];
}

test('check --root judges a copy of a host as it was, by its own links, without asking anybody', async (t) => {
  const host = await startHost(t);
  const tree = path.join(host.sandbox.directory, '../', `${path.basename(host.sandbox.directory)}-tree`);
  t.teardown(() => fs.rmSync(tree, { recursive: true, force: true }));
  const inTree = (place: string) => path.join(tree, place);
  fs.mkdirSync(path.dirname(inTree(host.sandbox.directory)), { recursive: true });
  t.is((await host.sandbox.run('/bin/cp', ['-a', host.sandbox.directory, inTree(host.sandbox.directory)])).exit, 0);
  for (const directory of ['etc/certherd', 'usr/bin']) fs.mkdirSync(inTree(directory), { recursive: true });
  fs.writeFileSync(inTree('etc/hostname'), 'web-of-yore\n');
  fs.writeFileSync(inTree('etc/os-release'), 'PRETTY_NAME="Some Linux 7"\n');
  fs.writeFileSync(inTree('etc/certherd/agent.toml'), 'this is not obeyed');
  fs.writeFileSync(inTree('usr/bin/certbot'), '');
  // One link as an administrator would make it: absolute, and meant inside the copy.
  const files = host.certbot.lineage('shop');
  const link = inTree(files.certificate);
  const target = path.join(files.archive, 'fullchain1.pem');
  fs.rmSync(link);
  fs.symlinkSync(target, link);
  const copied = files.leaf();

  await host.certbot.renew('shop');
  t.not(files.leaf(), copied);
  await host.nginx.close();
  const ran = await host.agent(['check', '--json', '--root', tree]);
  const report: Report = JSON.parse(ran.stdout);
  t.is(report.root, tree);
  t.deepEqual(report.endpoints, []);
  t.like(report.lineages, [{ name: 'shop', issued: copied, live: copied }]);
  t.like(report.deployments, [{ certificatePath: files.certificate, configured: copied, lineage: 'shop' }]);
  t.true(ran.stdout.includes(host.nginx.configFile) && !ran.stdout.includes(inTree(host.nginx.configFile)));
  t.is(report.host.platform, 'Some Linux 7, in a tree');
  t.deepEqual(report.findings, [], ran.stdout);
  t.is(ran.exit, 0);

  const shown = await host.agent(['check', '--root', tree]);
  t.true(shown.stdout.includes(`in ${tree}: all paths are below it`), shown.stdout);
  t.true(shown.stdout.includes(`●●●···  ${shopName}`), shown.stdout);
  t.regex(shown.stdout, /nothing was asked over the network/);

  fs.rmSync(inTree(target));
  const broken: Report = JSON.parse((await host.agent(['check', '--json', '--root', tree])).stdout);
  t.true(broken.findings.length > 0);
  for (const { remedy } of broken.findings) t.true(remedy.startsWith(`in ${tree}: `), remedy);
});

test('check --root without --config takes the defaults, inside the tree, and names the tree where it has no name', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const tree = sandbox.folder('tree');
  fs.mkdirSync(path.join(tree, 'etc/nginx'), { recursive: true });
  fs.writeFileSync(path.join(tree, 'etc/nginx/nginx.conf'), 'events {}\nhttp { include sites/*.conf; }\n');
  fs.writeFileSync(path.join(tree, 'etc/nginx/other.conf'), 'events {}\nhttp {\n');
  const ran = await runAgent(sandbox, ['check', '--root', tree, '--json']);
  const report: Report = JSON.parse(ran.stdout);
  t.is(report.host.name, tree);
  t.deepEqual(report.lineages, []);
  const other = await runAgent(sandbox, ['check', '--root', tree, '--nginx-config', '/etc/nginx/other.conf', '--json']);
  const found = (JSON.parse(other.stdout) as Report).findings.find(({ code }) => code === 'config-broken');
  t.true(found?.cause.startsWith('/etc/nginx/other.conf:'), other.stdout);
  t.true(found?.remedy.startsWith(`in ${tree}: `));

  const missing = await runAgent(sandbox, ['check', '--root', path.join(tree, 'none')]);
  t.is(missing.exit, 3);
  t.regex(missing.stderr, /^certherd-agent: --root \S+none: .*not-found/);
});
