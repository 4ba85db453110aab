import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { asking } from '../../../../agent/observe/endpoints/answer.ts';
import { endpointTargets } from '../../../../agent/observe/endpoints/targets.ts';
import { observeNginx } from '../../../../agent/observe/nginx-servers.ts';
import { systemFiles } from '../../../../agent/system/files.ts';
import { systemLooking } from '../../../../agent/system/looking.ts';
import { deployment } from '../../../helpers/observed.ts';
import { runAgent } from '../../../helpers/host.ts';
import { mint } from '../../../helpers/mint.ts';
import { startNginx } from '../../../helpers/testbed/nginx.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { until } from '../../../helpers/testbed/until.ts';

/** Server names of one block each, in an order in which every kind of precedence counts. */
const blocks = [
  ['first.example.test'],
  ['~^(?<any>.+)\\.late\\.dev$'],
  ['~^www\\d+\\.late\\.dev$'],
  ['~^(?<label>[a-z]+\\d)\\.EXAMPLE\\.org$'],
  ['*.example.org'],
  ['certherd-probe.example.org'],
  ['www.example.*'],
  ['*.test'],
  ['.dotted.net'],
  ['*.certherd-probe.dotted.net'],
  ['~^x\\.(one|two)\\.net$', '~^only-\\w+-(a|b)\\.net$'],
  ['x.one.net', '*.two.net'],
  ['~^x\\.one\\.net$'],
];

test('nginx gives every name that is asked to the very block that it is asked for', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const port = await sandbox.port();
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
  const folder = sandbox.folder('leaves');
  const texts: string[] = [];
  for (const [index, names] of blocks.entries()) {
    const leaf = await mint({ names: [`block-${index}.test`] });
    const file = join(folder, String(index));
    writeFileSync(`${file}.pem`, leaf.pem);
    writeFileSync(`${file}.key`, leaf.keyPem);
    texts.push(
      `server { listen 127.0.0.1:${port} ssl; server_name ${names.map((name) => `"${name}"`).join(' ')}; ssl_certificate ${file}.pem; ssl_certificate_key ${file}.key; }\n`,
    );
  }
  nginx.writeSite('all', texts.join(''));
  await nginx.reloadWhole();
  const { deployments } = observeNginx(systemFiles(), nginx.configFile);
  const { targets, notAsked } = endpointTargets(deployments);
  const { askOnce } = asking(systemLooking(), { timeoutMs: 5000 });
  const shown = async (target: (typeof targets)[number]) => {
    const answer = await askOnce({ target, algorithm: 'ecdsa', address: '127.0.0.1' });
    return answer.ok ? answer.value.certificates[0]?.subjectAltNames[0] : answer.failure.reason;
  };
  await until('the blocks are served', async () => (await shown(targets[0] ?? t.fail())) === 'block-0.test');
  const asked: Record<string, string> = {};
  for (const target of targets) {
    const index = blocks.findIndex((names) => names.includes(target.serverName));
    t.is(await shown(target), `block-${index}.test`, `${target.serverName} asked as ${target.askedName}`);
    asked[target.serverName] = target.askedName;
  }
  t.like(asked, {
    'first.example.test': 'first.example.test',
    '~^(?<any>.+)\\.late\\.dev$': 'certherd-probe.late.dev',
    '*.example.org': 'certherd-probe-2.example.org',
    '*.test': 'certherd-probe.test',
    'www.example.*': 'www.example.certherd-probe.example',
    '.dotted.net': 'dotted.net',
    '~^only-\\w+-(a|b)\\.net$': 'only-certherdprobe-a.net',
  });
  const place = `127.0.0.1:${port}`;
  t.deepEqual(notAsked, [
    {
      reason: 'claimed-elsewhere',
      count: 4,
      examples: [
        `~^www\\d+\\.late\\.dev$@${place}`,
        `~^(?<label>[a-z]+\\d)\\.EXAMPLE\\.org$@${place}`,
        `~^x\\.(one|two)\\.net$@${place}`,
        `~^x\\.one\\.net$@${place}`,
      ],
    },
  ]);
  const settings = join(sandbox.directory, 'agent.toml');
  writeFileSync(
    settings,
    `[nginx]\nconfig = "${nginx.configFile}"\nprefix = "${nginx.prefix}"\n[certbot]\nconfig_directory = "/nonexistent"\n`,
  );
  const told = JSON.parse((await runAgent(sandbox, ['check', '--json', '--config', settings])).stdout);
  t.deepEqual(told.notAsked, notAsked);
  t.deepEqual(
    told.endpoints.flatMap((row: { serverName: string; askedName?: string }) => row.askedName ?? []).sort(),
    targets.flatMap(({ serverName, askedName }) => (askedName === serverName ? [] : [askedName])).sort(),
  );
});

const listener = { address: '127.0.0.1', port: 443, defaultServer: false, proxyProtocol: false };
const named = (serverNames: string[], line = 1, change = {}) =>
  deployment({ serverNames, line, listeners: [listener], ...change });
const reasons = (deployments: Parameters<typeof endpointTargets>[0]) =>
  endpointTargets(deployments).notAsked.map(({ reason, count }) => [reason, count]);

test('what is not asked is counted with its reason', (t) => {
  t.deepEqual(
    reasons([
      named(['', '_', '192.0.2.1', '$hostname', '~^(?!a)b', '~^ $', '~^ok\\.test$']),
      named(['~^ok', '*.ok.test'], 2),
      named(['*.ok.test'], 3),
    ]),
    [
      ['not-the-default', 3],
      ['variable', 1],
      ['expression-not-read', 2],
      ['no-name-found', 1],
    ],
  );
});

test('where another block has an expression before it that is not read, nothing is asked in the name of the later one', (t) => {
  t.deepEqual(reasons([named(['~^(?=w)www']), named(['~^w+$'], 2)]), [['expression-not-read', 2]]);
});

test('of 150 expressions at one listener those that come too late to be compared are counted', (t) => {
  const expressions = Array.from({ length: 150 }, (_, index) => named([`~^n${index}\\.test$`], index + 1));
  const { targets, notAsked } = endpointTargets(expressions);
  t.is(targets.length, 100);
  t.deepEqual(
    notAsked.map(({ reason, count }) => [reason, count]),
    [['expression-not-read', 50]],
  );
});

test('a wildcard of httpd is asked by a name that no host before it has', (t) => {
  const apache = { server: 'apache' as const };
  const { targets } = endpointTargets([
    named(['*.example.org', 'w?w.example.net'], 1, apache),
    named(['certherd-probe.example.org'], 2, apache),
    named(['*.org'], 3, apache),
  ]);
  t.deepEqual(
    targets.map(({ askedName }) => askedName),
    ['certherd-probe-2.example.org', 'wew.example.net', 'certherd-probe.example.org', 'certherd-probe.org'],
  );
});
