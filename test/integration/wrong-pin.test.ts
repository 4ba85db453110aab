import fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { prepareCollector } from '../../scripts/stage/products.ts';
import { makeAuthority } from '../helpers/testbed/authority.ts';
import { openSandbox, type Sandbox } from '../helpers/testbed/sandbox.ts';
import { until } from '../helpers/testbed/until.ts';

/** A TLS server with a key of its own that counts what it is told, handshakes left out. */
async function impostor(t: ExecutionContext, sandbox: Sandbox, port = 0) {
  const { certificateFile, keyFile, caFile } = await makeAuthority(sandbox);
  const seen = { handshakes: 0, bytes: 0 };
  const cert = fs.readFileSync(certificateFile);
  const server = tls.createServer({ cert, key: fs.readFileSync(keyFile) }, (socket) => {
    seen.handshakes += 1;
    socket.on('error', () => {}).on('data', (bytes) => void (seen.bytes += bytes.length));
  });
  server.on('tlsClientError', () => void (seen.handshakes += 1));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return { seen, caFile, authority: `localhost:${(server.address() as AddressInfo).port}` };
}

function agentOf(sandbox: Sandbox, name: string, tables = '') {
  const config = `${sandbox.directory}/${name}.toml`;
  fs.writeFileSync(config, `host_name = "${name}"\nstate_directory = "${sandbox.directory}/${name}"\n${tables}`);
  const program = path.resolve(import.meta.dirname, '../../agent/main.ts');
  return {
    enroll: (join: string) => sandbox.run(process.execPath, [program, 'enroll', join, '--config', config]),
    run: () =>
      sandbox.start(process.execPath, [program, 'run', '--config', config], `${sandbox.directory}/${name}.log`),
  };
}

test('to a server with another key, or without a trusted certificate, not one byte goes beyond the handshake', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { seen, authority, caFile } = await impostor(t, sandbox);
  const token = 'T'.repeat(43);
  for (const [index, trust] of ['P'.repeat(43), 'system-ca'].entries()) {
    const ran = await agentOf(sandbox, `web-${index}`).enroll(`certherd://${authority}/${trust}.${token}`);
    t.is(ran.exit, 1);
    t.regex(ran.stderr, /The token was not sent/);
    t.is(seen.handshakes, index + 1, 'it was connected to');
  }
  t.is(seen.bytes, 0);
  // The same server, trusted: what is counted is what would have come.
  await agentOf(sandbox, 'web-2', `extra_roots = [${JSON.stringify(caFile)}]\n`)
    .enroll(`certherd://${authority}/system-ca.${token}`)
    .catch(() => {});
  t.true(seen.bytes > 0);
});

test('an enrolled agent tells nothing to whoever takes the collector’s place with another key', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const collector = await prepareCollector(sandbox, 1);
  await collector.start();
  const agent = agentOf(sandbox, 'web-1');
  const join = await collector.join();
  t.is((await agent.enroll(join)).exit, 0);
  await collector.kill();
  const port = Number(/:(\d+)\//.exec(join)?.[1]);
  const { seen } = await impostor(t, sandbox, port);
  const running = agent.run();
  await until('it came back several times', () => seen.handshakes >= 3, { deadlineMs: 60_000 });
  t.true(running.running());
  t.is(seen.bytes, 0);
});
