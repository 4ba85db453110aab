import fs from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { joinCredential } from '../../agent/commands/enrol-at-start.ts';
import { codeBlocks, pageText, stagesOf, top } from '../helpers/documented-lines.ts';
import { plainEnvironment } from '../helpers/testbed/children.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';

const ansible = '/usr/bin/ansible-playbook';
const withAnsible = fs.existsSync(ansible) ? test : test.skip;

withAnsible('Ansible takes the inventories of the docs, and each of their command lines', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const inventory = path.join(sandbox.directory, 'inventory');
  const inventories = codeBlocks().filter(([first]) => /^\[(?:web|collectors)/.test(first?.text ?? ''));
  const lines = inventories.flatMap((block) => [...block.map(({ text }) => text), '']);
  fs.writeFileSync(inventory, lines.join('\n'));
  const commands = codeBlocks()
    .flat()
    .map(({ text }) => text)
    .filter((text) => text.startsWith('ansible-playbook '));
  t.true(commands.length > 4);
  for (const line of new Set(commands)) {
    const argv = (stagesOf(line)[0] ?? []).slice(1).map((word) => (word === 'inventory' ? inventory : word));
    const ran = await sandbox.run(ansible, [...argv, '--list-hosts'], {
      cwd: path.join(top, 'deploy/ansible'),
      env: { ...plainEnvironment, HOME: sandbox.directory },
    });
    t.is(ran.exit, 0, `${line}\n${ran.stdout}${ran.stderr}`);
    t.regex(ran.stdout, /web-1\.example/, line);
    t.notRegex(ran.stdout, /collector\.example/, `${line}: the collector's host gets no agent`);
  }
});

test('Prometheus takes the scrape config of the docs', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const page = pageText('docs/case-study.md').split('\n');
  const from = page.findIndex((line) => line.trim() === 'scrape_configs:');
  const block = page.slice(from, page.indexOf('', from));
  t.true(from > 0 && block.length > 4);
  const config = path.join(sandbox.directory, 'prometheus.yml');
  fs.writeFileSync(config, `${block.join('\n')}\n`);
  const ran = await sandbox.run('promtool', ['check', 'config', config]);
  t.is(ran.exit, 0, ran.stdout + ran.stderr);
});

test('the user data of the docs are cloud-init’s, and bring the join string to where systemd looks for it', (t) => {
  const page = pageText('docs/install.md').split('\n');
  // Without this very line cloud-init refuses the file.
  const from = page.indexOf('    #cloud-config');
  t.true(from > 0);
  const block = page.slice(from, page.indexOf('', from)).join('\n');
  t.deepEqual(parse(block, { strict: true }), {
    write_files: [{ path: `/etc/credstore/${joinCredential}`, permissions: '0600', content: 'certherd://…' }],
  });
});
