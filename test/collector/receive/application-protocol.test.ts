import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { until } from '../../helpers/testbed/until.ts';
import { listenOnStore } from '../helpers/listener-on-store.ts';

const connections = 12;
/** What the collector makes between two connections takes more than a piece of Node's pool. */
const between = Array.from({ length: 4 }, () => 30_000);

test('agents that offer http/1.1, or nothing, are let in, and whoever offers others alone is not', async (t) => {
  const dial = await dialler(t);
  t.is((await dial(['http/1.1'])).alpnProtocol, 'http/1.1');
  t.is((await dial(['h2', 'http/1.1'])).alpnProtocol, 'http/1.1');
  t.is((await dial()).alpnProtocol, false);
  await t.throwsAsync(dial(['imap']), { code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL' });
});

test('keys are exchanged by X25519 also with whoever offers larger ones, which would be kept', async (t) => {
  const dial = await dialler(t);
  t.like((await dial()).getEphemeralKeyInfo(), { type: 'ECDH', name: 'X25519' });
});

test('TLS begins with the first byte that somebody says, whenever it comes; who says none is cut off, and who leaves without one frees its place', async (t) => {
  const { join, waiting } = await listenOnStore(t);
  const { hostname, port } = new URL(`https://${(await join()).authority}`);
  const dial = async () => {
    const before = waiting();
    const socket = connectTcp({ host: hostname, port: Number(port) });
    t.teardown(() => socket.destroy());
    await until('it takes a place', () => waiting() > before);
    return socket;
  };
  const leaving = await dial();
  leaving.end();
  await until('its place is free', () => waiting() === 0);
  const socket = connect({ socket: await dial(), rejectUnauthorized: false });
  t.teardown(() => socket.destroy());
  await once(socket, 'secureConnect');
  t.is(socket.getProtocol(), 'TLSv1.3');
  socket.destroy();
  await until('its place is free', () => waiting() === 0);
  const mute = await dial();
  mute.resume();
  await once(mute, 'close');
  await until('its place is free', () => waiting() === 0);
});

test('a connection keeps no piece of the memory that small buffers share', async (t) => {
  const dial = await dialler(t);
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  await dial();
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  for (let made = 0; made < connections; made++) {
    between.map((bytes) => Buffer.allocUnsafe(bytes));
    await dial();
  }
  collectGarbage();
  const kept = process.memoryUsage().arrayBuffers - before;
  t.true(kept < (connections * Buffer.poolSize) / 2, `${kept} bytes`);
});

async function dialler(t: ExecutionContext) {
  const { join } = await listenOnStore(t);
  const { authority } = await join();
  const { hostname, port } = new URL(`https://${authority}`);
  return async (ALPNProtocols?: string[]): Promise<TLSSocket> => {
    const offered = ALPNProtocols && { ALPNProtocols };
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false, ...offered });
    socket.on('error', () => {});
    t.teardown(() => socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };
}
