import fs from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import test from 'ava';
import { runAgent, shopName, startHost } from '../helpers/host.ts';
import { openSandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

interface Report {
  version: number;
  host: { name: string };
  files: { path: string; certificates: { fingerprint: string }[] }[];
  lineages: { name: string }[];
  deployments: {
    server: string;
    configFile: string;
    line: number;
    serverNames: string[];
    listeners: { port: number }[];
    certificatePath: string;
    keyPath: string;
  }[];
  endpoints: { serverName: string; issued?: string; configured?: string; served?: string }[];
  findings: {
    code: string;
    severity: string;
    subject: { kind: string; id: string };
    since: string;
    cause: string;
    evidence: Record<string, string>;
    remedy: string;
  }[];
}

test('check tells a healthy host, the incident, and the host after the printed remedy', async (t) => {
  const host = await startHost(t);
  const leaf = host.certbot.lineage('shop').leaf();
  await until('the site is up', async () => (await host.agent(['check'])).exit === 0);

  const healthy: Report = JSON.parse((await host.agent(['check', '--json'])).stdout);
  t.is(healthy.version, 1);
  t.deepEqual(healthy.findings, []);
  t.deepEqual(
    healthy.lineages.map(({ name }) => name),
    ['shop'],
  );
  const [deployment] = healthy.deployments;
  t.is(deployment?.server, 'nginx');
  t.deepEqual(deployment?.serverNames, [shopName]);
  t.is(deployment?.listeners[0]?.port, host.tlsPort);
  t.regex(deployment?.certificatePath ?? '', /live\/shop\/fullchain\.pem$/);
  t.regex(deployment?.keyPath ?? '', /live\/shop\/privkey\.pem$/);
  const lines = fs.readFileSync(deployment?.configFile ?? '', 'utf8').split('\n');
  t.regex(lines[(deployment?.line ?? 0) - 1] ?? '', /^\s*server\b/);
  t.like(healthy.endpoints, [{ serverName: shopName, issued: leaf, configured: leaf, served: leaf }]);
  t.is(healthy.files.find(({ path }) => path.endsWith('/fullchain.pem'))?.certificates[0]?.fingerprint, leaf);

  await host.certbot.renew('shop');
  const renewed = host.certbot.lineage('shop').leaf();
  const incident = await host.agent(['check', '--json']);
  t.is(incident.exit, 2);
  const { findings }: Report = JSON.parse(incident.stdout);
  t.is(findings[0]?.code, 'not-served');
  t.like(findings[0]?.evidence, { issued: renewed, configured: renewed, served: leaf });
  const shown = await host.agent(['check']);
  t.true(shown.stdout.includes('CRITICAL not-served'), shown.stdout);
  t.notRegex(shown.stdout, /\u001b/, 'no colour where nobody looks');

  const [command = '', ...args] = (findings[0]?.remedy ?? '').split(' ');
  t.is((await host.sandbox.run(command, args)).exit, 0);
  await until('check is fine again', async () => (await host.agent(['check'])).exit === 0);
});

test('check sees a key that does not match, a file that is gone, and an nginx that is down', async (t) => {
  const host = await startHost(t);
  const files = host.certbot.lineage('shop');
  const codes = async () => {
    const ran = await host.agent(['check', '--json']);
    return { exit: ran.exit, codes: (JSON.parse(ran.stdout) as Report).findings.map(({ code }) => code) };
  };
  const key = fs.readFileSync(files.keyTarget());
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  fs.writeFileSync(files.keyTarget(), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  t.deepEqual(await codes(), { exit: 2, codes: ['key-mismatch', 'restart-would-fail'] });
  fs.writeFileSync(files.keyTarget(), key);

  const site = host.nginx.writeSite(
    'gone',
    `server { listen 127.0.0.1:${host.tlsPort} ssl; server_name gone.test; ssl_certificate /nonexistent/a.pem; ssl_certificate_key /nonexistent/a.key; }\n`,
  );
  t.like(await codes(), { exit: 2, codes: ['file-missing'] });
  fs.writeFileSync(site, 'server {\n  listen 1;\n');
  const broken = await host.agent(['check', '--json']);
  const finding = (JSON.parse(broken.stdout) as Report).findings.find(({ code }) => code === 'config-broken');
  t.true(finding?.cause.includes(`${site}:`), finding?.cause);
  fs.rmSync(site);

  const other = `${host.sandbox.directory}/other.conf`;
  fs.writeFileSync(other, 'events {}\nhttp {\n  server {\n');
  const elsewhere: Report = JSON.parse((await host.agent(['check', '--json', '--nginx-config', other])).stdout);
  t.is(elsewhere.findings.find(({ code }) => code === 'config-broken')?.cause.startsWith(`${other}:`), true);
  const brief = await host.agent(['check', '--findings-only']);
  t.is(brief.exit, 0);
  t.false(brief.stdout.includes('IDCLSE'), brief.stdout);

  await host.nginx.close();
  const unasked = await host.agent(['check', '--no-probe']);
  t.is(unasked.exit, 0, unasked.stdout);
  t.regex(unasked.stdout, /nothing was asked over the network/);
  const down = await codes();
  t.deepEqual(down, { exit: 2, codes: ['endpoint-unreachable'] });
});

test('a host with neither nginx nor certbot says so and exits 3', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const config = `${sandbox.directory}/agent.toml`;
  fs.writeFileSync(
    config,
    '[nginx]\nconfig = "/nonexistent/nginx.conf"\n[apache]\nconfig = "/nonexistent/apache2.conf"\n[haproxy]\nconfig = "/nonexistent/haproxy.cfg"\n[certbot]\nconfig_directory = "/nonexistent/letsencrypt"\n',
  );
  const json = await runAgent(sandbox, ['check', '--json', '--config', config]);
  t.is(json.exit, 3);
  t.deepEqual(
    (JSON.parse(json.stdout) as Report).findings.map(({ code }) => code),
    ['nothing-found'],
  );
  const table = await runAgent(sandbox, ['check', '--config', config]);
  t.is(table.exit, 3);
  t.regex(table.stdout, /there is no nginx config at \/nonexistent\/nginx\.conf/);
});

test('a config that is missing, wrong, or unknown options are one clear line and exit 3, for other commands 78 and 64', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const missing = await runAgent(sandbox, ['check', '--config', '/nonexistent/agent.toml']);
  t.is(missing.exit, 3);
  t.is(missing.stderr, 'certherd-agent: /nonexistent/agent.toml: does not exist: check --config\n');
  const config = `${sandbox.directory}/agent.toml`;
  fs.writeFileSync(config, 'mode = "always"\n');
  const wrong = await runAgent(sandbox, ['status', '--config', config]);
  t.is(wrong.exit, 78);
  t.is(
    wrong.stderr,
    `certherd-agent: ${config}:1: mode: expected one of "observe", "deploy", "renew", found "always"\n`,
  );
  t.is((await runAgent(sandbox, ['check', '--colour'])).exit, 3);
  const unknown = await runAgent(sandbox, ['chekc']);
  t.is(unknown.exit, 64);
  t.regex(unknown.stderr, /Did you mean check\?/);
  t.is((await runAgent(sandbox, ['--version'])).stdout, '0.1.0\n');
  const lines = (await runAgent(sandbox, ['version'])).stdout.split('\n');
  t.deepEqual(lines.slice(0, 2), ['certherd-agent 0.1.0', 'commit unknown']);
  const told = JSON.parse((await runAgent(sandbox, ['version', '--json'])).stdout);
  t.is(told.program, '0.1.0');
  t.is(told.node, process.versions.node);
  t.is((await runAgent(sandbox, ['--help'])).exit, 0);
});

test('root does not obey a policy that others may change', async (t) => {
  if (process.getuid?.() !== 0) {
    t.pass('only root has such a policy');
    return;
  }
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const config = `${sandbox.directory}/agent.toml`;
  fs.writeFileSync(config, 'mode = "renew"\n');
  fs.chmodSync(config, 0o664);
  const writable = await runAgent(sandbox, ['status', '--config', config]);
  t.is(writable.exit, 78);
  t.true(writable.stderr.includes(`others than root may change it (owner 0, mode 664)`), writable.stderr);
  fs.chmodSync(config, 0o644);
  fs.chownSync(config, 65534, 65534);
  t.is((await runAgent(sandbox, ['check', '--config', config])).exit, 3);
});
