import { createServer, type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { StartTls } from '@certherd/protocol/snapshot';
import { lookingClients } from '../../../handshake/dial/looking-clients.ts';
import { systemDialer } from '../../../handshake/dialer.ts';
import { mint } from '../../helpers/mint.ts';
import { postgresBinaries, startPostgres } from '../../helpers/testbed/postgres.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { plainTextServer } from '../../helpers/plain-text-server.ts';

const dial = systemDialer(lookingClients());
const leaf = await mint({ names: ['mail.example.test'] });

async function asked(port: number, startTls: StartTls | undefined, timeoutMs = 5000): Promise<string> {
  const target = { address: '127.0.0.1', port, serverName: 'mail.example.test', proxyProtocol: false, timeoutMs };
  const answer = await dial({ ...target, algorithm: 'ecdsa', ...(startTls && { startTls }) });
  if (!answer.ok) return answer.failure.reason;
  return leaf.der.equals(answer.value.chain[0] ?? new Uint8Array(0)) ? 'the leaf' : 'another leaf';
}

async function listening(t: ExecutionContext, attend: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => attend(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Their clients speak first, in what is no TLS record: a server of TLS hangs up. */
const speakFirst: readonly string[] = ['postgres', 'ldap'];

for (const protocol of StartTls.enum) {
  test(`${protocol}: the leaf is seen behind the plain-text dialogue, as openssl s_client sees it`, async (t) => {
    const server = await plainTextServer(protocol, leaf);
    t.teardown(() => server.close());
    t.is(await asked(server.port, protocol), 'the leaf');
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const peer = ['-starttls', protocol, '-connect', `127.0.0.1:${server.port}`, '-servername', 'mail.example.test'];
    const seen = await sandbox.run('/usr/bin/openssl', ['s_client', ...peer]);
    t.true(seen.stdout.includes(leaf.pem.trim()), 'an independent client sees it too');
    const without = await asked(server.port, undefined);
    t.is(
      without,
      speakFirst.includes(protocol) ? 'connection-reset' : 'not-tls',
      'and without the dialogue it is no TLS',
    );
  });

  test(`${protocol}: plain text behind the leave to begin TLS is never taken for the server's`, async (t) => {
    const server = await plainTextServer(protocol, leaf, 'behind it\r\n');
    t.teardown(() => server.close());
    t.is(await asked(server.port, protocol), 'malformed');
  });

  test(`${protocol}: a server that speaks TLS at once, or nothing, ends at the deadline`, async (t) => {
    const secure = tls.createServer({ cert: leaf.pem, key: leaf.keyPem });
    secure.on('tlsClientError', () => {});
    t.teardown(() => secure.close());
    const port = await listening(t, (socket) => void secure.emit('connection', socket));
    t.is(await asked(port, protocol, 700), speakFirst.includes(protocol) ? 'connection-reset' : 'timed-out');
    t.is(await asked(await listening(t, () => {}), protocol, 300), 'timed-out');
  });
}

test('no application protocol is offered to a mail server or a database', async (t) => {
  const server = await plainTextServer('smtp', leaf);
  t.teardown(() => server.close());
  await asked(server.port, 'smtp');
  t.deepEqual(server.offeredProtocols(), []);
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const peer = ['s_client', '-starttls', 'smtp', '-alpn', 'h2', '-connect', `127.0.0.1:${server.port}`];
  await sandbox.run('/usr/bin/openssl', peer);
  t.deepEqual(server.offeredProtocols(), ['h2'], 'a client that offers one is noticed');
});

(postgresBinaries === undefined ? test.skip : test)(
  'PostgreSQL itself shows its certificate, and refuses where its TLS is off',
  async (t) => {
    const sandbox = openSandbox();
    t.teardown(() => sandbox.close());
    const secured = await startPostgres(sandbox, leaf);
    t.is(await asked(secured.port, 'postgres'), 'the leaf');
    t.is(await asked((await startPostgres(sandbox)).port, 'postgres'), 'starttls-refused');
  },
);
