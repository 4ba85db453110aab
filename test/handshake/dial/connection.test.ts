import { Buffer } from 'node:buffer';
import { createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import type { DialTarget } from '../../../handshake/dial.ts';
import { type Client, onConnection } from '../../../handshake/dial/connection.ts';
import { failed } from '../../../protocol/failure.ts';

const connections = 200;
/** Bytes that a client holds while it speaks, and that come with what it tells. */
const held = 65_536;

test('what was said on a connection is freed by the next young collection, though the socket is not', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}).end('x'));
  t.teardown(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') return t.fail();
  const target: DialTarget = {
    address: '127.0.0.1',
    port: bound.port,
    serverName: 'shop.example.test',
    algorithm: 'any',
    proxyProtocol: false,
    timeoutMs: 20_000,
  };
  const client: Client = (_raw, end) => {
    const said = Buffer.alloc(held, 1);
    return { take: (chunk) => end(failed('handshake-failed', `${String(chunk)} after ${said.length} bytes`)) };
  };
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
  collect();
  const before = process.memoryUsage().arrayBuffers;
  for (let index = 0; index < connections; index++) {
    const ended = await onConnection(target, 20_000, client);
    t.false(ended.ok);
    if (!ended.ok) t.is(ended.failure.detail, `x after ${held} bytes`);
  }
  // what lives through two is old
  for (const _ of [1, 2]) collect({ type: 'minor' });
  const grown = process.memoryUsage().arrayBuffers - before;
  // the server's sockets have some of their own
  t.true(grown < (connections * held) / 2, `${grown} bytes of ${connections * held} are kept`);
});
