import type net from 'node:net';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { lookingClients } from '../../../handshake/dial/looking-clients.ts';
import { systemDialer } from '../../../handshake/dialer.ts';
import { mint } from '../../helpers/mint.ts';
import { startNginx } from '../../helpers/testbed/nginx.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { until } from '../../helpers/testbed/until.ts';
import { writeFileSync } from 'node:fs';

const dial = systemDialer(lookingClients());
const leaf = await mint({ names: ['shop.example.test'] });

async function asked(port: number): Promise<string> {
  const target = { address: '127.0.0.1', port, serverName: 'shop.example.test', proxyProtocol: false };
  const answer = await dial({ ...target, algorithm: 'ecdsa', timeoutMs: 5000 });
  return answer.ok ? (answer.value.alpn ?? 'none') : `${answer.failure.reason}: ${answer.failure.detail}`;
}

async function served(t: ExecutionContext, options: tls.TlsOptions): Promise<number> {
  const server = tls.createServer({ cert: leaf.pem, key: leaf.keyPem, ...options });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

test('nginx chooses h2 where it has it, else http/1.1', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const [key, certificate] = [`${sandbox.directory}/leaf.key`, `${sandbox.directory}/leaf.pem`];
  writeFileSync(key, leaf.keyPem);
  writeFileSync(certificate, leaf.pem);
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
  const [two, one] = [await sandbox.port(), await sandbox.port()];
  const pair = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;
  nginx.writeSite(
    'both',
    `server { listen 127.0.0.1:${two} ssl http2; ${pair} }\nserver { listen 127.0.0.1:${one} ssl; ${pair} }\n`,
  );
  await nginx.reloadWhole();
  await until('nginx listens', async () => !(await asked(one)).startsWith('connection-refused'));
  t.is(await asked(two), 'h2');
  t.is(await asked(one), 'http/1.1');
});

test('a server without application protocols chooses none', async (t) => {
  t.is(await asked(await served(t, {})), 'none');
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`a server that speaks none of the web's protocols is seen all the same, in ${version}`, async (t) => {
    t.is(await asked(await served(t, { ALPNProtocols: ['imap'], maxVersion: version })), 'none');
  });
}
