import { Duplex } from 'node:stream';
import tls from 'node:tls';
import test from 'ava';
import fc from '../helpers/properties.ts';
import { chainOf, stapleOf } from '../../handshake/certificate-message.ts';
import { sentCertificates } from '../../handshake/tls-certificates.ts';
import { mint, mintChain } from '../helpers/mint.ts';

const { root, intermediate, leaf } = await mintChain();
const stranger = await mint({ names: ['stranger.example.test'] });

/** Leaf, stranger, root, intermediate and the leaf again: nothing that a client would make of it by itself. */
const order = [leaf, stranger, root, intermediate, leaf];

interface Flight {
  bytes: Buffer;
  keyLog: string[];
  version: string | null;
}

/** All that a real server sends until the handshake is complete, and the client's key log; no socket between them. */
function flight(server: tls.TlsOptions): Promise<Flight> {
  return new Promise((resolve, reject) => {
    const kept: Buffer[] = [];
    const keyLog: string[] = [];
    const [ours, theirs] = pair((chunk) => kept.push(chunk));
    const secure = new tls.TLSSocket(theirs, {
      isServer: true,
      secureContext: tls.createSecureContext({
        key: leaf.keyPem,
        cert: order.map(({ pem }) => pem).join(''),
        ...server,
      }),
    });
    secure.on('error', reject);
    const client = tls.connect({ socket: ours, rejectUnauthorized: false, servername: 'shop.example.test' });
    client.on('keylog', (line: Buffer) => keyLog.push(line.toString('latin1')));
    client.once('error', reject);
    client.once('secureConnect', () => resolve({ bytes: Buffer.concat(kept), keyLog, version: client.getProtocol() }));
  });
}

function pair(seen: (chunk: Buffer) => void): [Duplex, Duplex] {
  const end = (other: () => Duplex, note: (chunk: Buffer) => void) =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        note(chunk);
        setImmediate(() => {
          other().push(chunk);
          done();
        });
      },
    });
  const ours: Duplex = end(
    () => theirs,
    () => {},
  );
  const theirs: Duplex = end(() => ours, seen);
  return [ours, theirs];
}

const kinds: [string, tls.TlsOptions][] = [
  ['TLS 1.2', { maxVersion: 'TLSv1.2' }],
  ['TLS 1.3 with AES-256', { ciphers: 'TLS_AES_256_GCM_SHA384' }],
  ['TLS 1.3 with AES-128', { ciphers: 'TLS_AES_128_GCM_SHA256' }],
  ['TLS 1.3 with ChaCha20', { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' }],
  ['TLS 1.3 after a HelloRetryRequest', { ecdhCurve: 'P-521' }],
];
for (const [kind, options] of kinds) {
  test(`${kind}: the chain is read exactly as sent`, async (t) => {
    const { bytes, keyLog, version } = await flight(options);
    const sent = sentCertificates(bytes, keyLog);
    t.deepEqual(
      sent.ok && sent.value.chain.map((der) => Buffer.from(der)),
      order.map(({ der }) => der),
    );
    t.is(sent.ok ? sent.value.tlsVersion : sent.failure.detail, version ?? 'no version');
  });

  test(`${kind}: cut off or damaged bytes are a failure or the same chain, and never throw`, async (t) => {
    const { bytes, keyLog } = await flight(options);
    const whole = sentCertificates(bytes, keyLog);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        const cut = sentCertificates(bytes.subarray(0, length), keyLog);
        t.true(!cut.ok || cut.value.chain.length === order.length);
      }),
    );
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const read = sentCertificates(damaged, keyLog);
        // TLS 1.3 protects the message: what is read at all is what was sent
        if (kind.startsWith('TLS 1.3') && read.ok) t.deepEqual(read, whole);
        t.true(!read.ok || read.value.chain.length > 0);
      }),
    );
  });
}

/** A record with some of a handshake's bytes. */
const record = (content: Uint8Array) =>
  Buffer.concat([Buffer.from([22, 3, 3, content.length >> 8, content.length & 255]), content]);

test('a flight in small pieces is read, and one of thousands of them is a failure', async (t) => {
  const { bytes } = await flight({ maxVersion: 'TLSv1.2' });
  const handshake: Buffer[] = [];
  for (let at = 0; bytes[at] === 22; at += 5 + bytes.readUInt16BE(at + 3))
    handshake.push(bytes.subarray(at + 5, at + 5 + bytes.readUInt16BE(at + 3)));
  const whole = Buffer.concat(handshake);
  const inPieces = (size: number) =>
    Buffer.concat(
      Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
        record(whole.subarray(index * size, (index + 1) * size)),
      ),
    );
  for (const size of [3, 7, 512]) t.deepEqual(sentCertificates(inPieces(size), []), sentCertificates(bytes, []));
  t.like(sentCertificates(inPieces(1), []), { failure: { reason: 'malformed' } });
  const requests = Buffer.concat([record(Buffer.alloc(16_000)), record(whole)]);
  t.like(sentCertificates(requests, []), { failure: { reason: 'malformed' } });
});

test('without the key log a TLS 1.3 flight has no certificate that could be read', async (t) => {
  const { bytes } = await flight({});
  const read = sentCertificates(bytes, []);
  t.is(!read.ok && read.failure.reason, 'handshake-failed');
});

test('no bytes and no key log make it throw', (t) => {
  const record = fc
    .tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 300 }))
    .map(([type, body]) => Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 255]), body]));
  const message = fc.tuple(fc.constantFrom(2, 8, 11), fc.uint8Array({ maxLength: 200 })).map(([type, body]) => {
    const inner = Buffer.concat([Buffer.from([type, 0, body.length >> 8, body.length & 255]), body]);
    return Buffer.concat([Buffer.from([22, 3, 3, inner.length >> 8, inner.length & 255]), inner]);
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(fc.oneof(record, message), { maxLength: 8 }).map((all) => Buffer.concat(all)),
      ),
      fc.array(fc.oneof(fc.string(), fc.constant(`SERVER_HANDSHAKE_TRAFFIC_SECRET 00 ${'ab'.repeat(32)}`))),
      (bytes, keyLog) => {
        const read = sentCertificates(bytes, keyLog);
        t.true(read.ok ? read.value.chain.length > 0 : ['malformed', 'handshake-failed'].includes(read.failure.reason));
      },
    ),
  );
});

test('what is stapled to the leaf is found, what is stapled to another is not, and a status whose lengths do not fit is none', (t) => {
  const sized = (size: number, bytes: Uint8Array) => {
    const length = Buffer.alloc(6);
    length.writeUIntBE(bytes.length, 0, 6);
    return Buffer.concat([length.subarray(6 - size), bytes]);
  };
  const extension = (type: number, bytes: Uint8Array) => Buffer.concat([Buffer.from([0, type]), sized(2, bytes)]);
  const status = (answer: Uint8Array) => extension(5, Buffer.concat([Buffer.from([1]), sized(3, answer)]));
  const entry = ({ der }: { der: Uint8Array }, ...extensions: Buffer[]) =>
    Buffer.concat([sized(3, der), sized(2, Buffer.concat(extensions))]);
  const message = (...entries: Buffer[]) => Buffer.concat([Buffer.from([0]), sized(3, Buffer.concat(entries))]);
  const found = (body: Uint8Array) => {
    const staple = stapleOf(body);
    return staple.ok ? Buffer.from(staple.value).toString('latin1') : staple.failure.reason;
  };
  const scts = extension(18, Buffer.from('scts'));
  const answer = Buffer.from('answer');
  t.is(found(message(entry(leaf, scts, status(answer)), entry(intermediate))), 'answer');
  t.is(found(message(entry(leaf), entry(intermediate, status(answer)))), '');
  t.is(found(message(entry(leaf, scts))), '');
  for (const broken of [[], [1], [2, 0, 0, 1, 7], [1, 0, 0, 2, 7], [1, 0, 0, 1, 7, 7], [1, 0, 0, 0]])
    t.is(found(message(entry(leaf, extension(5, Buffer.from(broken))))), 'malformed', String(broken));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      if (chainOf(bytes, true).ok) t.notThrows(() => stapleOf(bytes));
    }),
  );
});
