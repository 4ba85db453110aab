import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import test from 'ava';
import { loadConfig } from '../../agent/config.ts';
import { performHere } from '../../agent/commands/act.ts';
import type { Request } from '../../agent/decide/action.ts';
import { systemFiles } from '../../agent/system/files.ts';
import { readMachine } from '../../agent/system/machine.ts';
import { shopName, startHost, type TestHost } from '../helpers/host.ts';
import { handshake } from '../helpers/testbed/handshake.ts';
import { until } from '../helpers/testbed/until.ts';

function perform(host: TestHost, request: Request) {
  const files = systemFiles();
  const machine = readMachine();
  const config = loadConfig(files, host.configFile, machine);
  if (!config.ok) throw new Error(config.failure.join('\n'));
  return performHere({ config: config.value, files }, request, () => {});
}
const served = async (host: TestHost) => (await handshake(host.tlsPort, shopName, 'ecdsa')).fingerprint;

test('nothing is done that the local policy does not allow', async (t) => {
  const host = await startHost(t);
  const before = { leaf: host.certbot.lineage('shop').leaf(), workers: host.nginx.workers() };
  const renewal = await perform(host, { verb: 'renew', lineage: 'shop' });
  t.is(renewal.reason, 'not-allowed');
  t.true(renewal.detail.includes(`set mode = "renew" in ${host.configFile}`), renewal.detail);
  t.is((await perform(host, { verb: 'reload', server: 'nginx' })).reason, 'not-allowed');
  host.setMode('deploy');
  t.is((await perform(host, { verb: 'renew', lineage: 'shop' })).reason, 'not-allowed');
  const command = await host.agent(['renew', 'shop']);
  t.is(command.exit, 1);
  t.regex(command.stderr, /mode is "deploy"/);
  t.deepEqual({ leaf: host.certbot.lineage('shop').leaf(), workers: host.nginx.workers() }, before);
});

test('renew issues, reload serves and proves, each step with its duration', async (t) => {
  const host = await startHost(t);
  host.setMode('renew');
  const before = host.certbot.lineage('shop').leaf();
  const renewed = await host.agent(['renew', 'shop', '--json']);
  t.is(renewed.exit, 0, renewed.stderr);
  const { outcomes } = JSON.parse(renewed.stdout);
  t.deepEqual(
    outcomes.map(({ verb, reason }: { verb: string; reason: string }) => [verb, reason]),
    [
      ['renew', 'done'],
      ['reload', 'done'],
    ],
  );
  t.deepEqual(
    outcomes[1].steps.map(({ step, ok }: { step: string; ok: boolean }) => [step, ok]),
    [
      ['preflight', true],
      ['nginx -t', true],
      ['nginx -s reload', true],
      ['prove every endpoint', true],
    ],
  );
  const leaf = host.certbot.lineage('shop').leaf();
  t.not(leaf, before);
  t.is(await served(host), leaf);
});

test('a name that no lineage has, and names that look like options or paths, never reach certbot', async (t) => {
  const host = await startHost(t);
  host.setMode('renew');
  t.is((await perform(host, { verb: 'renew', lineage: 'other' })).reason, 'not-found');
  for (const lineage of ['--help', '../shop', 'a/b', '']) {
    const ran = await actOn(host, { verb: 'renew', lineage });
    t.is(ran.exit, 64, lineage);
    t.regex(ran.stderr, /standard input must be one JSON line/);
  }
  t.is((await actOn(host, { verb: 'exec', command: 'id' })).exit, 64);
});

test('a certbot that hangs is ended with all its children at the deadline', async (t) => {
  const host = await startHost(t);
  host.setMode('renew');
  const script = `${host.sandbox.directory}/certbot`;
  const pidFile = `${host.sandbox.directory}/child.pid`;
  fs.writeFileSync(
    script,
    `#!/usr/bin/python3\nimport subprocess\nchild = subprocess.Popen(['/bin/sleep', '600'])\nopen('${pidFile}', 'w').write(str(child.pid))\nchild.wait()\n`,
    { mode: 0o755 },
  );
  const text = fs
    .readFileSync(host.configFile, 'utf8')
    .replace(/binary = ".*certbot"/, `binary = "${script}"\ndeadline_seconds = 10`);
  fs.writeFileSync(host.configFile, text);
  const outcome = await perform(host, { verb: 'renew', lineage: 'shop' });
  t.is(outcome.reason, 'timed-out');
  const child = fs.readFileSync(pidFile, 'utf8');
  await until(
    'the child is gone',
    () => !fs.existsSync(`/proc/${child}`) || fs.readFileSync(`/proc/${child}/stat`, 'utf8').includes(') Z '),
  );
  t.pass();
});

test('with a key that does not match nothing is reloaded', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  await host.certbot.renew('shop');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  fs.writeFileSync(host.certbot.lineage('shop').keyTarget(), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const workers = host.nginx.workers();
  const outcome = await perform(host, { verb: 'reload', server: 'nginx' });
  t.is(outcome.reason, 'preflight-failed');
  t.deepEqual(
    outcome.steps.map(({ step, ok }) => [step, ok]),
    [['preflight', false]],
  );
  t.deepEqual(host.nginx.workers(), workers);
});

test("a config that only nginx refuses fails its own test, with nginx's reason, and nothing is reloaded", async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  host.nginx.writeSite('odd', 'server { listen 127.0.0.1:1; root /x; no_such_directive on; }\n');
  const workers = host.nginx.workers();
  const outcome = await perform(host, { verb: 'reload', server: 'nginx' });
  t.is(outcome.reason, 'config-test-failed');
  t.regex(outcome.detail, /unknown directive "no_such_directive"/);
  t.deepEqual(host.nginx.workers(), workers);
});

test('a reload that nginx silently gives up, because an address is taken, is not proved', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  const squatter = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
  t.teardown(() => squatter.close());
  const { port } = squatter.address() as net.AddressInfo;
  const { certificate, key } = host.certbot.lineage('shop');
  host.nginx.writeSite(
    'taken',
    `server { listen 127.0.0.1:${port} ssl; server_name taken.test; ssl_certificate ${certificate}; ssl_certificate_key ${key}; }\n`,
  );
  const outcome = await perform(host, { verb: 'reload', server: 'nginx' });
  t.is(outcome.reason, 'not-proved');
  t.regex(outcome.detail, /1 of 2 endpoints: taken\.test at 127\.0\.0\.1:\d+ \(ecdsa\) gives/);
  t.deepEqual(
    outcome.steps.map(({ ok }) => ok),
    [true, true, true, false],
    'nginx itself says that all is well',
  );
});

test('an nginx that does not run is said, and not started', async (t) => {
  const host = await startHost(t);
  host.setMode('deploy');
  await host.nginx.close();
  const outcome = await perform(host, { verb: 'reload', server: 'nginx' });
  t.is(outcome.reason, 'reload-failed');
  await t.throwsAsync(served(host));
});

test('a program that is not there is named, with what to do', async (t) => {
  const host = await startHost(t);
  host.setMode('renew');
  fs.writeFileSync(
    host.configFile,
    fs.readFileSync(host.configFile, 'utf8').replace(/binary = ".*certbot"/, 'binary = "/nonexistent/certbot"'),
  );
  const outcome = await perform(host, { verb: 'renew', lineage: 'shop' });
  t.is(outcome.reason, 'program-absent');
  t.regex(outcome.detail, /\/nonexistent\/certbot cannot be run.*install certbot/);
});

test('an action whose agent ends goes on to its own end', async (t) => {
  const host = await startHost(t);
  host.setMode('renew');
  const before = host.certbot.lineage('shop').leaf();
  const child = spawn(process.execPath, ['agent/main.ts', 'act', '--config', host.configFile], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += String(text);
  });
  child.stdin.end('{"verb":"renew","lineage":"shop"}\n');
  await new Promise((resolve) => child.stdout.once('data', resolve));
  child.stdout.destroy();
  const exit = await new Promise((resolve) => child.once('close', resolve));
  t.is(exit, 0, stderr);
  t.not(host.certbot.lineage('shop').leaf(), before);
  t.false(fs.existsSync(`${host.sandbox.directory}/state/action.lock`), 'its lock is free again');
});

async function actOn(host: TestHost, request: object): Promise<{ exit: number | null; stderr: string }> {
  const child = spawn(process.execPath, ['agent/main.ts', 'act', '--config', host.configFile], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += String(text);
  });
  child.stdin.end(`${JSON.stringify(request)}\n`);
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exit, stderr };
}
