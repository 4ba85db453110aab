import { readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import type { DialTarget } from '../../../handshake/dial.ts';
import { onConnection } from '../../../handshake/dial/connection.ts';
import { lookingClient, shareOfDialer, templateOf } from '../../../handshake/dial/looking-client.ts';
import { signatureOffers } from '../../../handshake/dial/offers.ts';
import { opensslClient } from '../../../handshake/dial/openssl-client.ts';
import { lookingClients } from '../../../handshake/dial/looking-clients.ts';
import { systemDialer } from '../../../handshake/dialer.ts';
import { mint, mintChain } from '../../helpers/mint.ts';
import { opensslOcsp } from '../../helpers/ocsp.ts';
import { startNginx } from '../../helpers/testbed/nginx.ts';
import { openSandbox, type Sandbox } from '../../helpers/testbed/sandbox.ts';
import { until } from '../../helpers/testbed/until.ts';

const offers = signatureOffers();
const share = shareOfDialer();
const protocols = ['h2', 'http/1.1'];

function targetAt(port: number, algorithm: DialTarget['algorithm'] = 'any'): DialTarget {
  const serverName = 'shop.example.test';
  return { address: '127.0.0.1', port, serverName, algorithm, proxyProtocol: false, timeoutMs: 20_000 };
}

/** What each of the two clients sees there. */
async function both(port: number, algorithm: DialTarget['algorithm'] = 'any') {
  const target = targetAt(port, algorithm);
  const context = offers(algorithm);
  const template = context.ok ? templateOf(context.value, protocols) : undefined;
  if (!context.ok || !template) throw new Error('nothing can be offered');
  const { serverName } = target;
  const looking = await onConnection(target, 20_000, lookingClient(template, share, serverName));
  // only the looking client reads it
  const read = looking.ok ? looking.value.leaf?.der : undefined;
  if (looking.ok) delete looking.value.leaf;
  return {
    read,
    looking,
    openssl: await onConnection(target, 20_000, opensslClient(context.value, protocols, serverName)),
  };
}

test('what browsers offer first is offered first', (t) => {
  const context = offers('any');
  const template = context.ok ? templateOf(context.value, protocols) : undefined;
  t.deepEqual([...(template?.suites ?? [])].slice(0, 3), [0x1301, 0x1302, 0x1303]);
});

function opened(t: ExecutionContext): Sandbox {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  return sandbox;
}

const kinds: [string, string, ...string[]][] = [
  ['P-256', 'TLS_AES_256_GCM_SHA384', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ['P-384', 'TLS_AES_128_GCM_SHA256', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ['P-521', 'TLS_CHACHA20_POLY1305_SHA256', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  ['RSA', 'TLS_AES_128_GCM_SHA256', '-newkey', 'rsa:2048'],
  ['RSA-PSS', 'TLS_CHACHA20_POLY1305_SHA256', '-newkey', 'rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ['Ed25519', 'TLS_AES_256_GCM_SHA384', '-newkey', 'ed25519'],
  ['Ed448', 'TLS_AES_128_GCM_SHA256', '-newkey', 'ed448'],
];
for (const [kind, suite, ...key] of kinds) {
  test(`openssl s_server with a key of ${kind} and ${suite}: both clients see the same`, async (t) => {
    const sandbox = opened(t);
    const [file, keyFile] = ['leaf.pem', 'leaf.key'].map((name) => join(sandbox.directory, name)) as [string, string];
    const made = ['req', '-x509', '-nodes', ...key, '-subj', '/CN=shop.example.test', '-days', '30'];
    t.is((await sandbox.run('/usr/bin/openssl', [...made, '-keyout', keyFile, '-out', file])).exit, 0);
    const port = await sandbox.port();
    const argv = ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', file, '-key', keyFile, '-alpn', 'http/1.1'];
    sandbox.start(
      '/usr/bin/openssl',
      [...argv, '-ciphersuites', suite, '-quiet'],
      join(sandbox.directory, 'output.log'),
    );
    let seen: Awaited<ReturnType<typeof both>> | undefined;
    await until('s_server listens', async () => {
      seen = await both(port);
      return seen.looking.ok || seen.looking.failure.reason !== 'connection-refused';
    });
    t.true(seen?.looking.ok, JSON.stringify(seen?.looking));
    t.deepEqual(seen?.looking, seen?.openssl);
    t.like(seen?.looking, { value: { tlsVersion: 'TLSv1.3', alpn: 'http/1.1' } });
    t.deepEqual(seen?.looking.ok && [Buffer.from(seen.looking.value.chain[0] ?? '')], [Buffer.from(seen?.read ?? '')]);
  });
}

test('nginx sees a whole handshake of either client, and both see a chain as it is sent, and the same refusal', async (t) => {
  const sandbox = opened(t);
  const { root, intermediate, leaf } = await mintChain();
  const stranger = await mint({ names: ['stranger.example.test'] });
  const [file, keyFile, log, answerFile] = ['leaf.pem', 'leaf.key', 'handshakes.log', 'answer.der'].map((name) =>
    join(sandbox.directory, name),
  ) as [string, string, string, string];
  const answer = await opensslOcsp(sandbox, { leaf, issuer: intermediate });
  writeFileSync(answerFile, answer);
  writeFileSync(file, [leaf, stranger, root, leaf].map(({ pem }) => pem).join(''));
  writeFileSync(keyFile, leaf.keyPem);
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port() });
  const port = await sandbox.port();
  nginx.writeSite(
    'shop',
    `server { listen 127.0.0.1:${port} ssl http2; ssl_protocols TLSv1.2 TLSv1.3; error_log ${log} info; ssl_certificate ${file}; ssl_certificate_key ${keyFile}; ssl_stapling on; ssl_stapling_file ${answerFile}; }\n`,
  );
  await nginx.reloadWhole();
  const { looking, openssl } = await both(port);
  t.deepEqual(looking, openssl);
  t.like(looking, { value: { tlsVersion: 'TLSv1.3', alpn: 'h2' } });
  t.is(looking.ok && looking.value.chain.length, 4);
  t.deepEqual(looking.ok && looking.value.staple, new Uint8Array(answer), 'with what is stapled to the leaf');
  const older = await systemDialer(lookingClients())({ ...targetAt(port), tlsVersion: 'TLSv1.2' });
  t.deepEqual(older.ok && [older.value.tlsVersion, older.value.staple], ['TLSv1.2', new Uint8Array(answer)]);
  const other = await both(port, 'rsa');
  t.is(!other.looking.ok && other.looking.failure.reason, 'no-shared-algorithm');
  t.is(!other.openssl.ok && other.openssl.failure.reason, 'no-shared-algorithm');
  const complaints = () => readFileSync(log, 'utf8').match(/(?:SSL_do_handshake|peer closed)[^)]*/g) ?? [];
  await until('nginx has told of both refusals', () => complaints().length >= 2);
  t.is(complaints().length, 2, 'no other handshake was broken off');
  t.is(new Set(complaints()).size, 1, 'and both are the same to it');
});

test('a server of TLS 1.2 is asked by OpenSSL at the second connection, and from then on at the first', async (t) => {
  const leaf = await mint({ names: ['shop.example.test'] });
  const secure = tls.createServer({ cert: leaf.pem, key: leaf.keyPem, maxVersion: 'TLSv1.2' });
  secure.on('tlsClientError', () => {});
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    secure.emit('connection', socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  const dial = systemDialer(lookingClients());
  const target = { address: '127.0.0.1', port, serverName: 'shop.example.test', proxyProtocol: false };
  const ask = async () => {
    const answer = await dial({ ...target, algorithm: 'any', timeoutMs: 20_000 });
    return answer.ok ? answer.value.tlsVersion : answer.failure.detail;
  };
  t.deepEqual([await ask(), connections], ['TLSv1.2', 2]);
  t.deepEqual([await ask(), connections], ['TLSv1.2', 3]);
});
