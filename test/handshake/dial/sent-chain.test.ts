import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { lookingClients } from '../../../handshake/dial/looking-clients.ts';
import { systemDialer } from '../../../handshake/dialer.ts';
import { handshakeMessages } from '../../../handshake/tls-records.ts';
import { mint, mintChain } from '../../helpers/mint.ts';
import { startNginx } from '../../helpers/testbed/nginx.ts';
import { openSandbox, type Sandbox } from '../../helpers/testbed/sandbox.ts';
import { until } from '../../helpers/testbed/until.ts';

const dial = systemDialer(lookingClients());
const { root, intermediate, leaf } = await mintChain();
const stranger = await mint({ names: ['stranger.example.test'] });
const names = new Map(
  Object.entries({ root, intermediate, leaf, stranger }).map(([name, { der }]) => [der.toString('hex'), name]),
);

/** What the agent's dialler says that was sent, in words. */
async function seen(port: number): Promise<string> {
  const target = { address: '127.0.0.1', port, serverName: 'shop.example.test', proxyProtocol: false };
  const answer = await dial({ ...target, algorithm: 'ecdsa', timeoutMs: 5000 });
  if (!answer.ok) return `${answer.failure.reason}: ${answer.failure.detail}`;
  const { chain, tlsVersion } = answer.value;
  return [tlsVersion, ...chain.map((der) => names.get(Buffer.from(der).toString('hex')) ?? 'unknown')].join(' ');
}

/** What `openssl s_client -showcerts` says of the same, which shows the certificates as they came. */
async function shown(sandbox: Sandbox, port: number): Promise<string> {
  const argv = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'shop.example.test', '-showcerts'];
  const asked = await sandbox.run('/usr/bin/openssl', [...argv, '-no-CAfile', '-no-CApath', '-no-CAstore']);
  const pems = asked.stdout.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return pems.map((pem) => names.get(new X509Certificate(pem).raw.toString('hex'))).join(' ');
}

function opened(t: ExecutionContext): Sandbox {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  writeFileSync(join(sandbox.directory, 'leaf.key'), leaf.keyPem);
  return sandbox;
}

const chains: Record<string, (keyof typeof minted)[]> = {
  'the leaf alone': ['leaf'],
  'the usual order': ['leaf', 'intermediate'],
  'a wrong order': ['leaf', 'root', 'intermediate'],
  'a stranger and a repeat': ['leaf', 'stranger', 'intermediate', 'intermediate'],
};
const minted = { root, intermediate, leaf, stranger };

for (const version of ['TLSv1.2', 'TLSv1.3']) {
  test(`nginx with ${version}: each chain is seen exactly as it is sent`, async (t) => {
    const sandbox = opened(t);
    const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
    const ports = new Map<string, number>();
    for (const [title, chain] of Object.entries(chains)) {
      const port = await sandbox.port();
      const file = join(sandbox.directory, `${port}.pem`);
      writeFileSync(file, chain.map((name) => minted[name].pem).join(''));
      nginx.writeSite(
        String(port),
        `server { listen 127.0.0.1:${port} ssl; ssl_protocols ${version}; ssl_certificate ${file}; ssl_certificate_key ${sandbox.directory}/leaf.key; }\n`,
      );
      ports.set(title, port);
    }
    await nginx.reloadWhole();
    for (const [title, port] of ports) {
      const sent = chains[title]?.join(' ') ?? '';
      await until('nginx listens', async () => !(await seen(port)).startsWith('connection-refused'));
      t.is(await shown(sandbox, port), sent, `${title}, by openssl`);
      t.is(await seen(port), `${version} ${sent}`, title);
    }
  });
}

test('openssl s_server that insists on a certificate of its client has shown its own', async (t) => {
  const sandbox = opened(t);
  const [file, rest] = ['leaf.pem', 'rest.pem'].map((name) => join(sandbox.directory, name)) as [string, string];
  writeFileSync(file, leaf.pem);
  writeFileSync(rest, stranger.pem + intermediate.pem);
  for (const version of ['-tls1_2', '-tls1_3']) {
    const port = await sandbox.port();
    const argv = [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      version,
      '-Verify',
      '1',
      '-verify_return_error',
      '-quiet',
    ];
    sandbox.start(
      '/usr/bin/openssl',
      [...argv, '-cert', file, '-key', join(sandbox.directory, 'leaf.key'), '-cert_chain', rest],
      join(sandbox.directory, 'output.log'),
    );
    const expected = `TLSv1.${version.slice(-1)} leaf stranger intermediate`;
    await until('s_server listens', async () => !(await seen(port)).startsWith('connection-refused'));
    t.is(await seen(port), expected);
  }
});

test('openssl s_server that warns of a name it does not know, and goes on, has shown its certificate', async (t) => {
  const sandbox = opened(t);
  const [file, key] = ['leaf.pem', 'leaf.key'].map((name) => join(sandbox.directory, name)) as [string, string];
  writeFileSync(file, leaf.pem);
  for (const version of ['-tls1_2', '-tls1_3']) {
    const port = await sandbox.port();
    const argv = ['s_server', '-accept', `127.0.0.1:${port}`, version, '-quiet', '-cert', file, '-key', key];
    sandbox.start(
      '/usr/bin/openssl',
      [...argv, '-servername', 'other.example.test', '-cert2', file, '-key2', key],
      join(sandbox.directory, 'output.log'),
    );
    await until('s_server listens', async () => !(await seen(port)).startsWith('connection-refused'));
    t.is(await seen(port), `TLSv1.${version.slice(-1)} leaf`);
  }
});

const serverHelloDone = 14;
for (const [title, ciphers, last] of [
  ['an alert right behind the certificate', 'ECDHE-ECDSA-AES128-GCM-SHA256', 11],
  ['an exchange of keys by RSA', 'AES128-GCM-SHA256', serverHelloDone],
] as const) {
  test(`who shows a certificate and an alert has not shown that it holds the key: ${title}`, async (t) => {
    const { pem, keyPem } = last === 11 ? leaf : await mint({ names: ['shop.example.test'], key: 'rsa' });
    const server = net.createServer((socket) => {
      const sent: Buffer[] = [];
      const stream = new Duplex({
        read() {},
        write(chunk: Buffer, _encoding, done) {
          sent.push(chunk);
          // all that needs no key of the server, and what would come of a client without a certificate
          const told = handshakeMessages(
            Buffer.concat(sent),
            () => undefined,
            ({ type }) => type === last,
          );
          if (told.ok && told.value.at(-1)?.type === last) {
            for (const { type, body } of told.value) {
              const length = Buffer.alloc(4);
              length.writeUInt32BE((type << 24) | body.length);
              const head = Buffer.from([22, 3, 3, (body.length + 4) >> 8, (body.length + 4) & 0xff]);
              socket.write(Buffer.concat([head, length, body]));
            }
            socket.end(Buffer.from('15030300020228', 'hex'));
          }
          done();
        },
      });
      const secure = new tls.TLSSocket(stream, {
        isServer: true,
        secureContext: tls.createSecureContext({ cert: pem, key: keyPem, maxVersion: 'TLSv1.2', ciphers }),
      });
      secure.on('error', () => {});
      socket.on('error', () => {}).on('data', (chunk) => stream.push(chunk));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => server.close());
    const { port } = server.address() as net.AddressInfo;
    const target = { address: '127.0.0.1', port, serverName: 'shop.example.test', proxyProtocol: false };
    const answer = await dial({ ...target, algorithm: 'any', timeoutMs: 20_000 });
    t.is(answer.ok ? 'shown' : answer.failure.reason, 'no-shared-algorithm');
  });
}
