import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { mintChain } from '../helpers/mint.ts';
import { agentProgram, cleared, found, look, type Scene } from '../helpers/scenario.ts';
import { apache, loadTls } from '../helpers/testbed/apache.ts';
import { haproxy, haproxyDefaults } from '../helpers/testbed/haproxy.ts';
import { openSandbox, type Sandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

const name = 'front.example.test';

/** A host on which only this server program is; its certificate comes from a CA that is trusted, the next one too. */
function hostOf(t: ExecutionContext): {
  sandbox: Sandbox;
  scene: (table: string) => Scene;
  issue: () => Promise<string>;
} {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const roots = join(sandbox.directory, 'roots.pem');
  const pem = join(sandbox.directory, 'front.pem');
  writeFileSync(roots, '');
  return {
    sandbox,
    scene(table) {
      const config = join(sandbox.directory, 'agent.toml');
      const absent = ['nginx', 'apache', 'haproxy'].filter((other) => !table.startsWith(`[${other}]`));
      const tables = absent.map((other) => `[${other}]\nconfig = "/nonexistent/${other}.conf"\n`).join('');
      writeFileSync(
        config,
        `extra_roots = ["${roots}"]\n[certbot]\nconfig_directory = "/nonexistent"\n${tables}${table}`,
      );
      return {
        sandbox,
        agent: (args) => sandbox.run(process.execPath, [agentProgram, ...args, '--config', config]),
      };
    },
    async issue() {
      const made = await mintChain({ names: [name] });
      writeFileSync(roots, made.root.pem);
      writeFileSync(pem, made.fullchain + made.leaf.keyPem, { mode: 0o600 });
      chmodSync(pem, 0o600);
      return pem;
    },
  };
}

test('not-served on Apache: the file was renewed, and Apache not reloaded', async (t) => {
  const { sandbox, scene, issue } = hostOf(t);
  const port = await sandbox.port();
  const pem = await issue();
  const site = `Listen 127.0.0.1:${port}\n<VirtualHost 127.0.0.1:${port}>\n  ServerName ${name}\n  SSLEngine on\n  SSLCertificateFile ${pem}\n</VirtualHost>\n`;
  const server = apache(sandbox, `Include base.conf\n${loadTls}\n${site}`);
  await server.start();
  const host = scene(`[apache]\nconfig = "${server.configFile}"\n`);
  await healthy(host);
  await issue();
  const finding = await found(host, 'not-served');
  t.is(finding.severity, 'critical');
  t.regex(finding.cause, /apache has not been reloaded since .* changed at /);
  // No systemd runs here: what its unit's ExecReload does is done, `apachectl graceful`.
  t.is(finding.remedy, 'systemctl reload apache2');
  t.is((await server.reload()).exit, 0);
  await cleared(t, host, finding);
});

test('not-served on HAProxy: the file was renewed, and HAProxy not reloaded', async (t) => {
  const { sandbox, scene, issue } = hostOf(t);
  const port = await sandbox.port();
  const pem = await issue();
  const ready = join(sandbox.directory, 'ready');
  const server = haproxy(sandbox, '');
  server.write(
    'haproxy.cfg',
    `${haproxyDefaults}frontend f\n  bind 127.0.0.1:${port} ssl crt ${pem} strict-sni\n  bind unix@${ready}\n`,
  );
  // -W is how Debian's unit runs it: a master that starts a new worker on USR2.
  const master = sandbox.start(
    server.binary,
    ['-W', '-db', '-f', server.configFile],
    join(sandbox.directory, 'haproxy.log'),
  );
  const host = scene(`[haproxy]\nconfig = "${server.configFile}"\n`);
  await healthy(host);
  await issue();
  const finding = await found(host, 'not-served', ({ evidence }) => evidence.served !== '');
  t.is(finding.severity, 'critical');
  t.regex(finding.cause, /haproxy has not been reloaded since .* changed at /);
  // No systemd runs here: what its unit's ExecReload does is done, `kill -USR2 $MAINPID`.
  t.is(finding.remedy, 'systemctl reload haproxy');
  master.signal('SIGUSR2');
  await cleared(t, host, finding);
});

/** Serves what is configured; that nobody renews it is a notice. */
async function healthy(host: Scene): Promise<void> {
  await until('it serves its certificate', async () => {
    const { endpoints, findings } = await look(host);
    const served = endpoints.some((endpoint) => endpoint.served === endpoint.configured);
    return served && findings.every(({ severity }) => severity === 'notice');
  });
}
