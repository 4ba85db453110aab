import net from 'node:net';
import tls from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { collectorSocketOpener } from '../../../agent/system/collector-socket.ts';
import { mint } from '../../helpers/mint.ts';

const open = collectorSocketOpener();
const pin = 'A'.repeat(43);

async function authorityOf(t: ExecutionContext, server: net.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}
const attended = (attend: (socket: net.Socket) => void) =>
  net.createServer((socket) => {
    socket.on('error', () => {});
    socket.resume();
    attend(socket);
  });

test('servers that are no collector are told apart, and not a byte of a request reaches one with another key', async (t) => {
  t.like(await open({ authority: '127.0.0.1:1', pin }), { failure: { reason: 'unreachable' } });
  const plain = await authorityOf(
    t,
    attended((socket) => socket.end('HTTP/1.0 400 no\r\n\r\n')),
  );
  t.like(await open({ authority: plain, pin }), { failure: { reason: 'not-a-collector' } });
  const closing = await authorityOf(
    t,
    attended((socket) => socket.destroy()),
  );
  t.like(await open({ authority: closing, pin }), { failure: { reason: 'unreachable' } });

  const { pem, keyPem } = await mint({ names: ['collector.test'] });
  let received = '';
  const other = tls.createServer({ cert: pem, key: keyPem }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => (received += String(bytes)));
  });
  t.like(await open({ authority: await authorityOf(t, other), pin }), { failure: { reason: 'wrong-pin' } });
  t.is(received, '');
});

test('a server that sends a byte at a time, and never a whole handshake, is left after ten seconds', async (t) => {
  const slow = attended((socket) => {
    socket.write(Buffer.from('1603034000', 'hex'));
    const drip = setInterval(() => socket.write('\0'), 200);
    socket.once('close', () => clearInterval(drip));
  });
  const began = performance.now();
  t.like(await open({ authority: await authorityOf(t, slow), pin }), { failure: { reason: 'unreachable' } });
  t.true(performance.now() - began < 15_000);
});
