import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { rootsBySubject } from '@certherd/x509/trust-path';
import test, { type ExecutionContext } from 'ava';
import type { Reach } from '@certherd/handshake/outside/address';
import { answerReader } from '../../../collector/scan/answers.ts';
import { createPace } from '@certherd/handshake/outside/pace';
import { createProbe, type ProbeNeeds } from '../../../collector/scan/probe.ts';
import { mostOfFamily, systemResolve } from '@certherd/handshake/outside/resolve';
import { systemClock } from '../../../collector/system/clock.ts';
import { oid, sequence, text, tlv } from '../../helpers/der.ts';
import { mint, mintChain } from '../../helpers/mint.ts';
import { altNames, extension, name, rawCertificate } from '../../helpers/raw-certificate.ts';
import { openSandbox } from '../../helpers/testbed/sandbox.ts';
import { startTestDns } from '../../helpers/testbed/test-dns.ts';
import { answerTo, crowdedDns } from '../helpers/dns-over-tcp.ts';
import { tls12Flight } from '../helpers/tls12-flight.ts';

const small = (await mint({ names: ['small.example.test'] })).der;
const sandbox = openSandbox();
test.after.always(() => sandbox.close());

const unhurried = { perSecond: 10_000, perSecondOfAddress: 10_000, atOnce: 64, atOnceOfAddress: 64 };

function probing(change: Partial<ProbeNeeds> = {}) {
  return createProbe({
    resolve: systemResolve(),
    inTurn: createPace(unhurried, systemClock),
    read: answerReader(rootsBySubject([])),
    clock: systemClock,
    allow: new Set<Reach>(['loopback']),
    versions: false,
    timeoutMs: 1_500,
    ...change,
  });
}

/** A listener whose connections are `attended`, and how many came. */
async function listening(t: ExecutionContext, attend: (socket: Socket) => void, host = '127.0.0.1') {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    attend(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const sent = () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0);
  return { port: (server.address() as AddressInfo).port, connections: () => connections, sent };
}

const hostile: readonly [what: string, reasons: readonly string[], attend: (socket: Socket) => void | Promise<void>][] =
  [
    ['accepts and says nothing', ['timed-out'], () => {}],
    [
      'stalls in the middle of a record',
      ['timed-out'],
      (socket) => void socket.write(Buffer.from('16030304000200', 'hex')),
    ],
    ['hangs up at once', ['connection-reset'], (socket) => void socket.end()],
    ['resets', ['connection-reset'], (socket) => void socket.resetAndDestroy()],
    ['speaks HTTP', ['not-tls', 'handshake-failed'], (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['sends noise without end', ['not-tls', 'handshake-failed', 'connection-reset', 'malformed'], noise],
    ['sends one byte of a handshake at a time', ['timed-out'], drip],
    ['warns without end', ['timed-out', 'handshake-failed', 'not-tls'], warn],
    [
      'presents 101 certificates',
      ['malformed', 'handshake-failed'],
      async (socket) => void socket.write(tls12Flight(Array.from({ length: 101 }, () => small))),
    ],
    [
      'presents 16 MB of certificates',
      ['malformed', 'handshake-failed', 'timed-out', 'connection-reset'],
      (socket) => pour(socket),
    ],
    [
      'presents a certificate that is none',
      ['malformed', 'handshake-failed'],
      (socket) => void socket.write(tls12Flight([Buffer.from('not DER')])),
    ],
  ];

for (const [what, reasons, attend] of hostile)
  test(`a server that ${what} is told as what it is, within its time and memory`, async (t) => {
    const { port, sent } = await listening(t, (socket) => void attend(socket));
    // Only what never comes is waited for: on a busy machine other answers take their time.
    const timeoutMs = reasons.includes('timed-out') ? 1_500 : 20_000;
    const seen = await probing({ timeoutMs })({ host: '127.0.0.1', port });
    const [place] = seen.places;
    t.deepEqual(place?.answers, []);
    t.true(reasons.includes(place?.failure?.reason ?? ''), `${place?.failure?.reason}: ${place?.failure?.detail}`);
    t.true((place?.failure?.detail.length ?? 0) <= 2000);
    // Two connections may be made, and what waits in the kernel's buffers counts.
    t.true(sent() < 16e6, 'it is not taken');
  });

test('a chain of 100 certificates is judged, and its search for a root ends', async (t) => {
  const { leaf, intermediate, root } = await mintChain({ names: ['deep.example.test'] });
  const read = answerReader(rootsBySubject([root.x509]));
  const strangers = Array.from({ length: 98 }, () => small);
  const shown = { chain: [leaf.der, ...strangers, intermediate.der], tlsVersion: 'TLSv1.3' };
  const answer = read(shown, 'deep.example.test', Date.now());
  t.true(answer.ok && answer.value.trusted && answer.value.nameMatches);
  t.is(answer.ok && answer.value.certificates.length, 100);
});

test('issuers of strangers take neither the memory of a collector nor the place of others', async (t) => {
  const { leaf, intermediate } = await mintChain();
  const read = answerReader(rootsBySubject([]));
  const readIssuer = (der: Uint8Array) => {
    const answer = read({ chain: [leaf.der, new Uint8Array(der)], tlsVersion: 'TLSv1.3' }, 'a.test', Date.now());
    return answer.ok ? answer.value.certificates[1] : t.fail(answer.failure.detail);
  };
  const names = Array.from({ length: 1_000 }, (_, at) => text(0x82, `${at}.example.test`));
  const large = rawCertificate({ extensions: [altNames(...names)] }).der;
  t.deepEqual(readIssuer(large), readIssuer(large));
  t.not(readIssuer(large), readIssuer(large), 'a large one is not kept');
  // what stands behind a certificate makes it another one to keep
  for (let at = 0; at < 600; at++) readIssuer(Buffer.concat([small, Buffer.from([at >> 8, at & 255])]));
  t.is(readIssuer(intermediate.der), readIssuer(intermediate.der), 'an ordinary one is, whatever came before');
});

test('no address out of a certificate is asked: not for its issuer, and not for what was revoked', async (t) => {
  const { port: place, connections } = await listening(t, (socket) => void socket.end());
  const uri = text(0x86, `http://127.0.0.1:${place}/`);
  const { pem, keyPem } = rawCertificate({
    issuer: name('who is not sent'),
    extensions: [
      altNames(text(0x82, 'a.example.test')),
      extension(
        '1.3.6.1.5.5.7.1.1',
        sequence(...['1', '2'].map((how) => sequence(oid(`1.3.6.1.5.5.7.48.${how}`), uri))),
      ),
      extension('2.5.29.31', sequence(sequence(tlv(0xa0, tlv(0xa0, uri))))),
    ],
  });
  const server = tls.createServer({ cert: pem, key: keyPem }, (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const seen = await probing({ timeoutMs: 20_000 })({ host: '127.0.0.1', port });
  t.like(seen.places[0]?.answers[0], { trusted: false, chainProblem: 'no-issuer' });
  t.is(connections(), 0);
});

test('a name of thousands of addresses is asked at a few, and the rest is counted', async (t) => {
  const many = Array.from({ length: 4_000 }, (_, at) => `127.1.${at >> 8}.${at & 255}`);
  const dns = await crowdedDns(many);
  t.teardown(dns.close);
  const { port, connections } = await listening(t, (socket) => void socket.end());
  const seen = await probing({ resolve: systemResolve([dns.server]) })({ host: 'many.example.test', port });
  t.is(seen.places.length, mostOfFamily);
  t.is(seen.leftOut, 4_000 - mostOfFamily);
  t.is(connections(), 0, 'nobody listens at those');
});

test('a name that leads where nothing may be asked is not connected to, in whatever form the address is written', async (t) => {
  const dns = await startTestDns(sandbox);
  const { port, connections } = await listening(t, (socket) => void socket.end());
  const dialled: string[] = [];
  const probe = probing({
    resolve: systemResolve([dns.server]),
    allow: new Set(),
    dial: async ({ address }) => {
      dialled.push(address);
      return { ok: false, failure: { reason: 'timed-out', detail: 'not dialled' } };
    },
  });
  await dns.set('inward.example.test', {
    a: ['127.0.0.1', '10.1.2.3', '169.254.169.254', '93.184.216.34'],
    aaaa: ['::1', 'fd00:ec2::254'],
  });
  const seen = await probe({ host: 'inward.example.test', port });
  t.deepEqual(dialled, ['93.184.216.34']);
  t.is(seen.places.filter(({ failure }) => failure?.reason === 'not-allowed').length, 5);
  t.is(connections(), 0);
});

test('a name that is another address each time it is asked is asked once, and that answer is judged and connected to', async (t) => {
  const answers = [['93.184.216.34'], ['127.0.0.1']];
  let asked = 0;
  const dialled: string[] = [];
  const probe = probing({
    allow: new Set(),
    versions: true,
    resolve: async () => ({ ok: true, value: { addresses: answers[asked++] ?? [], leftOut: 0 } }),
    dial: async ({ address, serverName }) => {
      dialled.push(`${serverName} at ${address}`);
      return { ok: false, failure: { reason: 'timed-out', detail: '' } };
    },
  });
  await probe({ host: 'rebinding.example.test', port: 443 });
  t.deepEqual([asked, dialled], [1, ['rebinding.example.test at 93.184.216.34']]);
});

test('hundreds of names at once are asked for a few at a time, so that no resolver loses a question', async (t) => {
  let open = 0;
  let most = 0;
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      udp.send(answerTo(bytes, ['127.0.0.1']), from.port, from.address);
    }, 5);
  });
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  t.teardown(() => udp.close());
  const resolve = systemResolve([`127.0.0.1:${udp.address().port}`]);
  const found = await Promise.all(Array.from({ length: 300 }, (_, index) => resolve(`n${index}.example.test`)));
  t.is(found.filter(({ ok }) => ok).length, 300);
  t.true(most <= 2 * 16, `${most} questions at once`);
});

test('a resolver that does not answer, and a name without an address, are told apart', async (t) => {
  const dns = await startTestDns(sandbox, '');
  const none = await systemResolve([dns.server])('nobody.example.test');
  t.is(none.ok ? 'ok' : none.failure.reason, 'no-address');
  const { port } = await listening(t, (socket) => void socket.end());
  const silent = await systemResolve([`127.0.0.1:${port}`])('shop.example.test');
  t.is(silent.ok ? 'ok' : silent.failure.reason, 'not-resolved');
});

function noise(socket: Socket): void {
  const chunk = Buffer.alloc(65_536, 0xa5);
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
}

function drip(socket: Socket): void {
  const bytes = tls12Flight([small]);
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= 40) clearInterval(timer);
    else socket.write(bytes.subarray(at, ++at));
  }, 100);
}

function warn(socket: Socket): void {
  const warning = Buffer.from('15030300020170', 'hex');
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(warning);
  }, 5);
}

/** A Certificate message that says it has 16 MB, and comes. */
function pour(socket: Socket): void {
  const flight = tls12Flight([Buffer.alloc(16_000_000, 0x30)]);
  let at = 0;
  const more = () => {
    while (!socket.destroyed && at < flight.length) {
      const chunk = flight.subarray(at, (at += 65_536));
      if (!socket.write(chunk)) return;
    }
  };
  socket.on('drain', more);
  more();
}
