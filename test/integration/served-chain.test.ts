import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { loadConfig } from '../../agent/config.ts';
import { decide } from '../../agent/decide/decide.ts';
import { observeHost } from '../../agent/observe/observe.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { mint, mintChain, type Minted } from '../helpers/mint.ts';
import { site, startNginx } from '../helpers/testbed/nginx.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

/** A real nginx with one site, whose certificate file holds what is written last, and what is told of its chain. */
async function nginxWith(t: ExecutionContext, root: Minted, keyPem: string, pem: string) {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const [port, httpPort] = [await sandbox.port(), await sandbox.port()];
  const [certificate, key, roots] = ['site.pem', 'site.key', 'roots.pem'].map((name) =>
    join(sandbox.directory, name),
  ) as [string, string, string];
  const write = (content: string) => writeFileSync(certificate, content);
  writeFileSync(key, keyPem, { mode: 0o600 });
  writeFileSync(roots, root.pem);
  write(pem);
  const block = site({ serverNames: ['shop.example.test'], port, pairs: [{ certificate, key }] });
  const nginx = await startNginx(sandbox, { httpPort, sites: { shop: block } });
  const settings = join(sandbox.directory, 'agent.toml');
  writeFileSync(
    settings,
    `extra_roots = ["${roots}"]\n[certbot]\nconfig_directory = "${sandbox.directory}/none"\n[nginx]\nbinary = "${nginx.binary}"\nconfig = "${nginx.configFile}"\nprefix = "${nginx.prefix}"\nerror_log = "${nginx.errorLog}"\n`,
  );
  const loaded = loadConfig(systemFiles(), settings, { hostName: 'web-1', isRoot: true, stateHome: sandbox.directory });
  if (!loaded.ok) throw new Error(loaded.failure.join('\n'));
  const told = async () => {
    const seen = await observeHost(systemLooking(), loaded.value, { name: 'web-1', agentVersion: '0', platform: 'x' });
    const { snapshot } = decide(seen, [], [], loaded.value, Date.now());
    return snapshot.findings.filter(({ code }) => /^chain|not-served|unreachable/.test(code));
  };
  return { write, told, nginx, endpoint: `shop.example.test@127.0.0.1:${port}/ecdsa`, certificate, sandbox };
}

test('issuers that were put into the file and not loaded are told, and the printed command clears it', async (t) => {
  const { root, leaf, fullchain } = await mintChain();
  const { write, told, endpoint, certificate, sandbox } = await nginxWith(t, root, leaf.keyPem, leaf.pem);
  const bare = await told();
  t.deepEqual(
    bare.map(({ code, subject }) => `${code} ${subject.id}`),
    [`chain-untrusted ${endpoint}`, `chain-incomplete ${certificate}`],
    'as long as the file lacks them, the file is what is told',
  );
  write(fullchain);
  const [finding, ...more] = await told();
  t.deepEqual(more, []);
  t.is(finding?.code, 'chain-incomplete');
  t.is(finding?.severity, 'critical');
  t.is(finding?.subject.id, endpoint);
  t.regex(finding?.cause ?? '', /^nginx sends the certificate without CN=Test Intermediate, which .*site\.pem holds/);
  const [program = '', ...argv] = finding?.remedy.split(' ') ?? [];
  t.is((await sandbox.run(program, argv)).exit, 0);
  await until('nothing is told any more', async () => (await told()).length === 0);
});

test('a wrong order in the file is a warning, a repeat or a stranger a notice, a root nothing', async (t) => {
  const { root, intermediate, leaf, fullchain } = await mintChain();
  const stranger = await mint({ names: ['stranger.example.test'] });
  const { write, told, nginx, certificate } = await nginxWith(t, root, leaf.keyPem, fullchain);
  t.deepEqual(await told(), []);
  const orders: [Minted[], string[]][] = [
    [[leaf, root, intermediate], [`warning chain-incomplete ${certificate}`]],
    [[leaf, intermediate, intermediate], [`notice chain-incomplete ${certificate}`]],
    [[leaf, stranger, intermediate], [`notice chain-incomplete ${certificate}`]],
    [[leaf, intermediate, root], []],
  ];
  for (const [chain, expected] of orders) {
    write(chain.map(({ pem }) => pem).join(''));
    await nginx.reloadWhole();
    const summary = async () =>
      (await told()).map(({ severity, code, subject }) => `${severity} ${code} ${subject.id}`);
    await until(`${expected.join() || 'nothing'} is told`, async () => (await summary()).join() === expected.join());
    t.deepEqual(await summary(), expected);
  }
});
