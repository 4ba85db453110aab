import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import test from 'ava';
import { type HeldSocket, socketsOfDialer, type TakeSocket } from '../../../handshake/dial/sockets.ts';
import { until } from '../../helpers/testbed/until.ts';

/** A server that sends back what it is sent, unless it was told otherwise. */
const server = createServer((socket) => {
  socket.on('error', () => {});
  speak(socket);
});
let speak: (socket: Socket) => unknown = echo;
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const bound = server.address();
const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
test.after(() => void server.close());

function echo(socket: Socket): void {
  socket.pipe(socket);
}

interface Heard {
  held: HeldSocket;
  /** What came, then 'closed', or what went wrong. */
  heard: string[];
}

/** Connects, sends a word, and hears what comes. */
function connected(take: TakeSocket, word: string, to = port): Heard {
  const heard: string[] = [];
  const held = take({
    connected: () => void held.raw.write(word),
    take: (chunk) => void heard.push(String(chunk)),
    failed: (error) => void heard.push(error.message),
    closed: () => void heard.push('closed'),
  });
  held.raw.connect({ host: '127.0.0.1', port: to });
  return { held, heard };
}

/** As a dialer does when it has seen enough. */
async function letGo(held: HeldSocket): Promise<void> {
  const closed = once(held.raw, 'close');
  held.holder = undefined;
  held.raw.destroy();
  await closed;
}

test.serial('a socket that was let go whole connects again, and tells its next holder alone', async (t) => {
  speak = echo;
  const { again } = socketsOfDialer();
  const seen = new Set<Socket>();
  for (const word of ['one', 'two', 'three']) {
    const { held, heard } = connected(again, word);
    await until(word, () => heard.length > 0);
    t.deepEqual(heard, [word]);
    seen.add(held.raw);
    await letGo(held);
    t.deepEqual(heard, [word], 'nothing is told of what was let go');
  }
  t.is(seen.size, 1);
});

test.serial('one that the server closed, that failed, or that has something left to say does not', async (t) => {
  const { again } = socketsOfDialer();
  speak = (socket) => socket.end('enough');
  const ended = connected(again, 'x');
  await until('it is closed', () => ended.heard.includes('closed'));
  const closedPort = await unusedPort();
  const refused = connected(again, 'x', closedPort);
  await until('it is refused', () => refused.heard.includes('closed'));
  t.regex(refused.heard[0] ?? '', /ECONNREFUSED/);
  speak = (socket) => socket.pause();
  const stuck = connected(again, 'y'.repeat(64 << 20));
  await until('more is written than is taken', () => stuck.held.raw.writableLength > 0 && !stuck.held.raw.connecting);
  await letGo(stuck.held);
  speak = echo;
  const next = connected(again, 'next');
  await until('next', () => next.heard.length > 0);
  t.deepEqual(next.heard, ['next']);
  for (const { held } of [ended, refused]) t.not(next.held.raw, held.raw);
  await letGo(next.held);
});

test.serial('one that is for once is used once', async (t) => {
  speak = echo;
  const { again, once: forOnce } = socketsOfDialer();
  const first = connected(forOnce, 'one');
  await until('one', () => first.heard.length > 0);
  await letGo(first.held);
  for (const take of [forOnce, again])
    t.not(take({ connected() {}, take() {}, failed() {}, closed() {} }).raw, first.held.raw);
});

async function unusedPort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  await new Promise((closed) => other.close(closed));
  return address !== null && typeof address === 'object' ? address.port : 0;
}
