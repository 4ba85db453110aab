import fs from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { lookingClients } from '../../handshake/dial/looking-clients.ts';
import { systemDialer } from '../../handshake/dialer.ts';
import type { DialTarget } from '../../handshake/dial.ts';
import { testDirectory } from '../helpers/directory.ts';
import { mint } from '../helpers/mint.ts';
import { until } from '../helpers/testbed/until.ts';

const dial = systemDialer(lookingClients());
const minted = await mint({ names: ['shop.example.test'] });
const secured = { key: minted.keyPem, cert: minted.pem };
const target = (change: Partial<DialTarget>): DialTarget => ({
  address: '127.0.0.1',
  port: 1,
  serverName: 'shop.example.test',
  algorithm: 'ecdsa',
  proxyProtocol: false,
  timeoutMs: 20_000,
  ...change,
});

async function listening(
  t: ExecutionContext,
  attend: (socket: net.Socket) => void,
  where: net.ListenOptions = { host: '127.0.0.1', port: 0 },
) {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    attend(socket);
  });
  await new Promise<void>((resolve) => server.listen(where, resolve));
  t.teardown(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
const reasonOf = async (change: Partial<DialTarget>) => {
  const answer = await dial(target(change));
  return answer.ok ? 'ok' : answer.failure.reason;
};

test('every kind of server that is none ends with its reason', async (t) => {
  const kinds: [string, string[], (socket: net.Socket) => void][] = [
    ['says nothing', ['timed-out'], () => {}],
    ['closes at once', ['connection-reset'], (socket) => socket.end()],
    ['resets', ['connection-reset'], (socket) => socket.resetAndDestroy()],
    ['plaintext', ['not-tls'], (socket) => socket.end('HTTP/1.0 400 no\r\n\r\n'.repeat(100))],
    ['alert 112', ['name-rejected'], (socket) => socket.end(Buffer.from('15030300020270', 'hex'))],
    ['alert 40', ['no-shared-algorithm'], (socket) => socket.end(Buffer.from('15030300020228', 'hex'))],
    ['half a record', ['timed-out'], (socket) => void socket.write(Buffer.from('16030300ff', 'hex'))],
    ['16 MB of a handshake', ['handshake-failed', 'not-tls'], (socket) => socket.end(endless())],
    [
      'a byte a time, for ever',
      ['timed-out'],
      (socket) => {
        socket.write(Buffer.from('1603034000', 'hex'));
        const drip = setInterval(() => socket.write('\0'), 50);
        socket.once('close', () => clearInterval(drip));
      },
    ],
  ];
  for (const [kind, reasons, attend] of kinds) {
    const port = await listening(t, attend);
    // Only what never comes is waited for: on a busy machine other answers take their time.
    const reason = await reasonOf({ port, timeoutMs: reasons.includes('timed-out') ? 700 : 20_000 });
    t.true(reasons.includes(reason), `${kind}: ${reason}`);
  }
  t.is(await reasonOf({ port: 1 }), 'connection-refused');
});

test('addresses and names that no client could use are failures, and nothing is thrown', async (t) => {
  const server = tls.createServer(secured);
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as net.AddressInfo;
  for (const serverName of [
    '',
    '.',
    '-',
    'a'.repeat(300),
    'ü.test',
    'a\0b',
    '\u{202e}',
    '*',
    '127.0.0.1',
    '::1',
    'x y',
  ])
    t.true((await dial(target({ port, serverName }))).ok, JSON.stringify(serverName));
  for (const address of [
    'unix:',
    `unix:/${'x'.repeat(200)}`,
    'unix:/nonexistent',
    '::ffff:999',
    'no such',
    '256.1.1.1',
  ])
    t.not(await reasonOf({ port, address }), 'ok', address);
  t.not(await reasonOf({ port: 0 }), 'ok');
});

test('a unix socket and an IPv6 address are asked like any other', async (t) => {
  const secure = tls.createServer(secured);
  t.teardown(() => secure.close());
  const path = `${testDirectory(t)}/tls`;
  await listening(t, (socket) => void secure.emit('connection', socket), { path });
  const answer = await dial(target({ address: `unix:${path}`, port: 0 }));
  t.deepEqual(answer.ok && answer.value.chain.map((der) => Buffer.from(der)), [minted.der]);

  const six = await listening(t, (socket) => void secure.emit('connection', socket), { host: '::1', port: 0 });
  t.is(await reasonOf({ address: '::1', port: six }), 'ok');
});

test('two thousand probes, good and bad, leave no descriptor open', async (t) => {
  const secure = tls.createServer(secured);
  secure.on('tlsClientError', () => {});
  t.teardown(() => secure.close());
  const good = await listening(t, (socket) => void secure.emit('connection', socket));
  const bad = await listening(t, (socket) => socket.resume().end('no'));
  const silent = await listening(t, (socket) => void socket.resume());
  const ports = [good, bad, silent, 1];
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const batch = async (count: number) => {
    for (let at = 0; at < count; at += 40)
      await Promise.all(
        ports.flatMap((port) => Array.from({ length: 10 }, () => dial(target({ port, timeoutMs: 150 })))),
      );
  };
  const before = open();
  await batch(2_000);
  // The other end of each connection is in this process too.
  await until(`no more than ${before} descriptors and a few are open`, () => open() <= before + 10);
  t.pass();
});

function endless(): Buffer {
  const record = Buffer.concat([Buffer.from('1603034000', 'hex'), Buffer.alloc(0x4000, 0x0b)]);
  return Buffer.concat(Array.from({ length: 1024 }, () => record));
}
