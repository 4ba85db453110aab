import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { httpsOpener } from '../../../agent/system/https.ts';
import { mint, mintChain } from '../../helpers/mint.ts';

const chain = mintChain({ names: ['localhost'] });

async function listening(t: ExecutionContext, server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A TLS server for `localhost`, and a session that trusts its root. */
async function serverOn(t: ExecutionContext, answer: RequestListener, deadlineMs?: number) {
  const { leaf, fullchain, root } = await chain;
  const server = https.createServer(
    { key: leaf.keyPem, cert: fullchain, requestCert: true, rejectUnauthorized: false },
    answer,
  );
  const connections: TLSSocket[] = [];
  server.on('secureConnection', (socket) => connections.push(socket));
  const port = await listening(t, server);
  const session = httpsOpener({}, deadlineMs)([root.pem]);
  t.teardown(() => {
    session.close();
    server.closeAllConnections();
  });
  return { port, session, connections, address: `https://localhost:${port}/dir` };
}

test('the body, the status, Retry-After and Date come as they are, over one connection, without a client certificate', async (t) => {
  const seen: http.IncomingMessage[] = [];
  const date = 'Fri, 27 Nov 2026 12:00:00 GMT';
  const { session, address, connections } = await serverOn(t, (request, response) => {
    seen.push(request);
    const headers = { 'retry-after': '60', date, 'set-cookie': 'a=b' };
    response.writeHead(seen.length === 1 ? 200 : 503, headers).end('{"a":1}');
  });
  t.deepEqual(await session.get(address), {
    ok: true,
    value: { status: 200, body: '{"a":1}', retryAfter: '60', date },
  });
  t.deepEqual(await session.get(address), {
    ok: true,
    value: { status: 503, body: '{"a":1}', retryAfter: '60', date },
  });
  t.is(connections.length, 1);
  t.deepEqual(Object.keys(connections[0]?.getPeerCertificate() ?? {}), []);
  t.deepEqual(
    seen.map(({ method, url, headers }) => [method, url, headers.cookie, headers.authorization]),
    [
      ['GET', '/dir', undefined, undefined],
      ['GET', '/dir', undefined, undefined],
    ],
  );
});

test('no redirect is followed, wherever it leads', async (t) => {
  const asked: string[] = [];
  const other = http.createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('{}');
  });
  const otherPort = await listening(t, other);
  const { session, address } = await serverOn(t, (request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(302, { location: `http://127.0.0.1:${otherPort}/elsewhere` }).end();
  });
  const answer = await session.get(address);
  t.is(answer.ok && answer.value.status, 302);
  t.deepEqual(asked, ['/dir']);
});

test('a server that the roots do not cover, or whose certificate has another name, is not asked', async (t) => {
  let asked = 0;
  const { port, address } = await serverOn(t, (_request, response) => {
    asked += 1;
    response.end('{}');
  });
  const stranger = await mint({ names: ['localhost'], authority: true });
  const { root } = await chain;
  for (const [roots, target] of [
    [[stranger.pem], address],
    [[], address],
    [['no certificate at all'], address],
    [[root.pem], `https://127.0.0.1:${port}/dir`],
  ] as const) {
    const session = httpsOpener({})(roots);
    const answer = await session.get(target);
    session.close();
    t.is(answer.ok ? 'answered' : answer.failure.reason, 'handshake-failed', target);
  }
  t.is(asked, 0);
});

test('an answer beyond 64 KiB, one without an end, and one that drips are given up', async (t) => {
  const drip = (response: http.ServerResponse) => {
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  };
  const { session, address } = await serverOn(
    t,
    ({ url }, response) => {
      if (url === '/large') response.end('x'.repeat(65_537));
      else if (url === '/fits') response.end('x'.repeat(65_536));
      else if (url === '/drip') drip(response);
      else if (url === '/cut')
        response.writeHead(200, { 'content-length': '100' }).write('x', () => response.destroy());
    },
    600,
  );
  const reasonAt = async (path: string) => {
    const answer = await session.get(address.replace('/dir', path));
    return answer.ok ? answer.value.body.length : answer.failure.reason;
  };
  t.is(await reasonAt('/large'), 'too-large');
  t.is(await reasonAt('/fits'), 65_536);
  t.is(await reasonAt('/never'), 'timed-out');
  t.is(await reasonAt('/drip'), 'timed-out');
  t.is(await reasonAt('/cut'), 'unreachable');
});

test('other schemes and what is no address are refused, and a server that speaks no TLS fails', async (t) => {
  const plain = http.createServer((_request, response) => response.end('{}'));
  const port = await listening(t, plain);
  const session = httpsOpener({})([]);
  t.teardown(() => session.close());
  const reasonOf = async (address: string) => {
    const answer = await session.get(address);
    return answer.ok ? 'answered' : answer.failure.reason;
  };
  for (const address of [`http://127.0.0.1:${port}/`, 'file:///etc/passwd', 'not an address', ''])
    t.is(await reasonOf(address), 'unsupported', address);
  t.true(['handshake-failed', 'unreachable'].includes(await reasonOf(`https://127.0.0.1:${port}/`)));
  t.is(await reasonOf('https://127.0.0.1:1/'), 'unreachable');
});

test('closing ends a question under way, and nothing is asked afterwards', async (t) => {
  let arrived = () => {};
  const asked = new Promise<void>((resolve) => (arrived = resolve));
  const { session, address, connections } = await serverOn(t, () => arrived());
  const answer = session.get(address);
  await asked;
  session.close();
  t.false((await answer).ok);
  t.false((await session.get(address)).ok);
  t.is(connections.length, 1);
});

test('HTTPS_PROXY is asked for a tunnel, and NO_PROXY keeps it out', async (t) => {
  const tunnels: string[] = [];
  const proxy = http.createServer();
  proxy.on('connect', (request, socket: net.Socket) => {
    tunnels.push(request.url ?? '');
    const [, port = ''] = (request.url ?? '').split(':');
    const through = net.connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    through.on('error', () => socket.destroy());
    socket.on('error', () => through.destroy());
  });
  const proxyPort = await listening(t, proxy);
  t.teardown(() => proxy.closeAllConnections());
  const { port, address } = await serverOn(t, (_request, response) => response.end('{}'));
  const { root } = await chain;
  for (const [environment, expected] of [
    [{ HTTPS_PROXY: `http://127.0.0.1:${proxyPort}` }, [`localhost:${port}`]],
    [{ HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`, NO_PROXY: 'localhost' }, []],
  ] as const) {
    tunnels.length = 0;
    const session = httpsOpener(environment)([root.pem]);
    const answer = await session.get(address);
    session.close();
    t.true(answer.ok, JSON.stringify(answer));
    t.deepEqual(tunnels, [...expected]);
  }
});
