import http from 'node:http';
import net from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { systemWebGet } from '../../../agent/system/web-get.ts';

const get = systemWebGet();

/** A server of loopback that writes this to whoever connects, and then keeps the connection. */
async function says(t: ExecutionContext, write: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => write(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
const ask = (port: number, timeoutMs = 5000) =>
  get({ url: 'http://shop.example.test/x?y=1', at: { address: '127.0.0.1', port }, timeoutMs });

test('the name goes into Host while another address is connected to, and a redirect is told and not followed', async (t) => {
  const heard: string[] = [];
  const server = http.createServer((request, response) => {
    heard.push(`${request.headers.host} ${request.url}`);
    response.writeHead(301, { location: 'https://elsewhere.test/' }).end('moved');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  const answer = await ask(typeof address === 'object' && address ? address.port : 0);
  t.deepEqual(answer, { ok: true, value: { status: 301, location: 'https://elsewhere.test/', body: 'moved' } });
  t.deepEqual(heard, ['shop.example.test /x?y=1']);
});

test('of an answer without end the first 64 KiB are kept', async (t) => {
  const port = await says(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const more = (): unknown => socket.destroyed || socket.write('x'.repeat(65_536), () => more());
    more();
  });
  const answer = await ask(port);
  t.is(answer.ok && answer.value.body.length, 65_536);
});

for (const [title, text, reason] of [
  ['says nothing', '', 'timed-out'],
  ['stops in the middle', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx', 'timed-out'],
  ['talks of something else', 'SSH-2.0-OpenSSH_9.2\r\n', undefined],
  ['changes the protocol', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', undefined],
  ['sends headers without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(100_000)}`, undefined],
] as const)
  test(`a server that ${title} is a failure, and nothing waits for ever`, async (t) => {
    const port = await says(t, (socket) => void (text && socket.write(text)));
    const answer = await ask(port, reason === 'timed-out' ? 200 : 5000);
    t.false(answer.ok);
    if (!answer.ok && reason) t.is(answer.failure.reason, reason);
  });

test('where nobody listens the connection is refused', async (t) => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await new Promise((resolve) => server.close(resolve));
  const answer = await ask(port);
  t.is(answer.ok || answer.failure.reason, 'connection-refused');
});
