import fs from 'node:fs';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import test from 'ava';
import { systemTrust } from '@certherd/protocol/join';
import { collectorSocketOpener } from '../../../agent/system/collector-socket.ts';
import { trustedTls } from '../../../agent/system/trusted-tls.ts';
import { pinOfCertificate } from '../../../collector/receive/tls-identity.ts';
import { testDirectory } from '../../helpers/directory.ts';
import { startHostileCollector } from '../../helpers/hostile-collector.ts';
import { mint } from '../../helpers/mint.ts';
import { makeAuthority } from '../../helpers/testbed/authority.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';

test('a collector that reads nothing is left before what waits for it has grown beyond a few frames', async (t) => {
  const directory = testDirectory(t);
  const collector = await startHostileCollector(t, directory, directory);
  const { authority, pin } = JSON.parse(fs.readFileSync(`${directory}/enrolment.json`, 'utf8')) as Record<
    'authority' | 'pin',
    string
  >;
  const opened = await collectorSocketOpener([], {})({ authority, pin });
  if (!opened.ok) throw new Error(opened.failure.detail);
  const socket = opened.value;
  let isClosed = false;
  void socket.closed.then(() => {
    isClosed = true;
  });
  socket.send('{"type":"hello"}');
  (await collector.connected()).pause();
  const frame = 'x'.repeat(1024 * 1024);
  let sent = 0;
  for (; !isClosed && sent < 64; sent++) {
    socket.send(frame);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await socket.closed;
  t.true(sent < 64, `${sent} MiB`);
});

test('a server with the right key that never answers, or answers a little and no more, is no collector after ten seconds', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const { certificateFile, keyFile } = await makeAuthority(sandbox);
  const cert = fs.readFileSync(certificateFile, 'utf8');
  const open = collectorSocketOpener([], {});
  const opened = ['', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: web'].map(async (answer) => {
    const server = tls.createServer({ cert, key: fs.readFileSync(keyFile) }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => void (answer !== '' && socket.write(answer)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const result = await open({ authority, pin: pinOfCertificate(cert) });
    t.deepEqual(result, {
      ok: false,
      failure: { reason: 'not-a-collector', detail: `${authority} gave no answer within 10 s` },
    });
    // Once no connection is left.
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  await Promise.all(opened);
});

test('a try where nobody listens reads no roots, and a fault in reading them is a rejection', async (t) => {
  const server = tls.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const target = { host: '127.0.0.1', port, pin: systemTrust, connectMs: 10_000 };
  let reads = 0;
  const roots = () => {
    reads += 1;
    throw new Error('a fault');
  };
  const rejected = await t.throwsAsync(trustedTls(target, roots, {}).finally(() => server.close()));
  t.is(rejected.message, 'a fault');
  const detail = `connect ECONNREFUSED 127.0.0.1:${port}`;
  t.deepEqual(await trustedTls(target, roots, {}), { ok: false, failure: { reason: 'unreachable', detail } });
  const named = await trustedTls({ ...target, host: 'localhost' }, roots, {});
  t.regex(named.ok ? '' : named.failure.detail, /ECONNREFUSED/, 'of a name with two addresses, too');
  t.is(reads, 1);
});

test('where roots decide, the certificate of an address must name the address: one for localhost is not trusted there', async (t) => {
  const root = await mint({ authority: true, subject: [['CN', 'Test Root']] });
  const reached = async (name: string, environment: NodeJS.ProcessEnv) => {
    const { pem, keyPem } = await mint({ names: [name], issuer: root });
    const server = tls.createServer({ cert: pem, key: keyPem }, (socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as AddressInfo;
    const target = { host: '127.0.0.1', port, pin: systemTrust, connectMs: 10_000 };
    const result = await trustedTls(target, () => [root.pem], environment);
    if (result.ok) result.socket.destroy();
    return result.ok ? 'trusted' : result.failure.reason;
  };
  for (const environment of [{}, { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' }]) {
    t.is(await reached('127.0.0.1', environment), 'trusted');
    t.is(await reached('localhost', environment), 'untrusted');
  }
});
