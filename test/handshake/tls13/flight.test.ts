import { createPrivateKey } from 'node:crypto';
import type tls from 'node:tls';
import test from 'ava';
import { helloTemplate, type SentHello } from '../../../handshake/tls13/client-hello.ts';
import { clientFlight } from '../../../handshake/tls13/flight.ts';
import { mint, mintChain } from '../../helpers/mint.ts';
import fc from '../../helpers/properties.ts';
import * as rfc8448 from '../../helpers/rfc8448.ts';
import { messagesIn, recordedFlight, resealed } from '../../helpers/tls13-flight.ts';

const { root, intermediate, leaf } = await mintChain();
const stranger = await mint({ names: ['stranger.example.test'] });
/** Nothing that a client would make of it by itself. */
const order = [leaf, stranger, root, intermediate, leaf];
const served: tls.TlsOptions = { key: leaf.keyPem, cert: order.map(({ pem }) => pem).join('') };

test('the handshake of RFC 8448 is followed to its end, byte for byte', (t) => {
  const step = ofRfc8448()(rfc8448.serverFlight);
  t.true(step.ok, step.ok ? '' : step.failure.detail);
  const proved = step.ok ? step.value : undefined;
  t.deepEqual(
    proved?.chain.map((der) => Buffer.from(der)),
    [rfc8448.leaf],
  );
  t.deepEqual(Buffer.from(proved?.reply ?? []).subarray(6), rfc8448.clientFinished);
});

/** The client of that handshake. */
function ofRfc8448(): ReturnType<typeof clientFlight> {
  const record = Buffer.concat([Buffer.from('16030100c4', 'hex'), rfc8448.clientHello]);
  const offered = helloTemplate(record);
  if (!offered) throw new Error('a hello that is not read');
  const hello: SentHello = { message: rfc8448.clientHello, record, sessionId: new Uint8Array(0), offered };
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), rfc8448.clientKey]);
  return clientFlight(hello, createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
}

const suites = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256'];
for (const ciphers of suites) {
  test(`${ciphers}: in whatever pieces the flight comes, the chain is proved as sent and the server is content`, async (t) => {
    const { hello, share, bytes, completed } = await recordedFlight({
      ...served,
      ciphers,
      ALPNProtocols: ['http/1.1'],
    });
    const whole = clientFlight(hello, share.privateKey)(bytes);
    const proved = whole.ok ? whole.value : undefined;
    t.deepEqual(
      proved?.chain.map((der) => Buffer.from(der)),
      order.map(({ der }) => der),
    );
    t.is(proved?.alpn, 'http/1.1');
    t.is(await completed(proved?.reply ?? new Uint8Array(0)), 'completed');
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), (cuts) => {
        const take = clientFlight(hello, share.privateKey);
        const ends = [...cuts.sort((one, other) => one - other), bytes.length];
        const steps = ends.map((end, index) => take(bytes.subarray(ends[index - 1] ?? 0, end)));
        t.deepEqual(
          steps.find((step) => !step.ok || step.value),
          whole,
        );
      }),
    );
  });

  test(`${ciphers}: cut off it proves nothing, and with one other byte neither`, async (t) => {
    const { hello, share, bytes } = await recordedFlight({ ...served, ciphers });
    // the version that a record in plain text names means nothing (RFC 8446 5.1): of ServerHello's and of what follows it
    const meaningless = [2, 5 + bytes.readUInt16BE(3) + 2];
    const whole = clientFlight(hello, share.privateKey)(bytes);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        t.deepEqual(clientFlight(hello, share.privateKey)(bytes.subarray(0, at)), { ok: true, value: undefined });
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        const step = clientFlight(hello, share.privateKey)(damaged);
        if (meaningless.includes(at)) t.deepEqual(step, whole);
        else t.true(!step.ok || !step.value, `byte ${at}`);
      }),
    );
  });
}

test('a byte at a time is taken too', async (t) => {
  const { hello, share, bytes } = await recordedFlight(served);
  const take = clientFlight(hello, share.privateKey);
  const last = [...bytes].map((byte) => take(Uint8Array.of(byte))).find((step) => !step.ok || step.value);
  t.is(last?.ok === true && last.value?.chain.length, order.length);
});

test('asked for a certificate it has none, and the server may go on', async (t) => {
  const options = { ...served, requestCert: true, rejectUnauthorized: false };
  const { hello, share, bytes, completed } = await recordedFlight(options);
  const step = clientFlight(hello, share.privateKey)(bytes);
  t.is(await completed((step.ok && step.value?.reply) || new Uint8Array(0)), 'completed');
});

test('what was sent for another hello proves nothing', async (t) => {
  const { hello, share } = await recordedFlight(served);
  const other = await recordedFlight(served, Buffer.alloc(64, 8));
  t.notDeepEqual(hello.message, other.hello.message);
  t.false(clientFlight(hello, share.privateKey)(other.bytes).ok);
});

test('a server that has the keys of the records, and changes any byte in them, proves nothing', async (t) => {
  const flight = await recordedFlight(served);
  const { hello, share } = flight;
  const messages = messagesIn(flight);
  const take = (content: Uint8Array) => clientFlight(hello, share.privateKey)(resealed(flight, content));
  const whole = clientFlight(hello, share.privateKey)(flight.bytes);
  const content = Buffer.concat(messages);
  t.deepEqual(take(content), whole, 'sealed again as one record it is the same');
  fc.assert(
    fc.property(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = Buffer.from(content);
      damaged[at] = (damaged[at] ?? 0) ^ change;
      const step = take(damaged);
      t.true(!step.ok || !step.value, `byte ${at}`);
    }),
  );
  const [extensions, certificate, verify, finished] = messages as [Buffer, Buffer, Buffer, Buffer];
  const forged: [string, Buffer[]][] = [
    ['without a signature', [extensions, certificate, finished]],
    ['without a certificate', [extensions, verify, finished]],
    ['without the first message', [certificate, verify, finished]],
    ['with a message twice', [extensions, extensions, certificate, verify, finished]],
    ['Finished alone', [finished]],
  ];
  for (const [what, list] of forged) {
    const step = take(Buffer.concat(list));
    t.is(!step.ok && step.failure.reason, 'handshake-failed', what);
  }
});

for (const [what, options] of [
  ['an older version', { maxVersion: 'TLSv1.2' }],
  ['another group', { ecdhCurve: 'P-521' }],
] as const) {
  test(`${what} is left to OpenSSL`, async (t) => {
    const { hello, share, bytes } = await recordedFlight({ ...served, ...options });
    t.like(clientFlight(hello, share.privateKey)(bytes), { ok: false, failure: { again: 'by-openssl' } });
  });
}

test('a warning about the name is passed over, as OpenSSL does, and warnings without end are no answer about it', (t) => {
  const warning = Buffer.from('15030300020170', 'hex');
  const fatal = Buffer.from('15030300020270', 'hex');
  const proof = (step: ReturnType<typeof after>) => step.ok && step.value;
  const after = (...chunks: Buffer[]) => ofRfc8448()(Buffer.concat(chunks));
  t.truthy(proof(after(warning, rfc8448.serverFlight)));
  t.like(after(fatal), { ok: false, failure: { reason: 'name-rejected' } });
  t.like(after(...Array.from({ length: 9 }, () => warning)), { ok: false, failure: { reason: 'handshake-failed' } });
});

test('no bytes make it throw, or prove anything', async (t) => {
  const { hello, share, bytes } = await recordedFlight(served);
  const helloLength = 5 + bytes.readUInt16BE(3);
  const record = fc
    .tuple(fc.constantFrom(20, 21, 22, 23), fc.uint8Array({ maxLength: 300 }))
    .map(([type, body]) => Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 255]), body]));
  fc.assert(
    fc.property(fc.boolean(), fc.array(fc.oneof(record, fc.uint8Array()), { maxLength: 8 }), (begun, chunks) => {
      const take = clientFlight(hello, share.privateKey);
      if (begun) take(bytes.subarray(0, helloLength));
      for (const chunk of chunks) {
        const step = take(chunk);
        t.true(!step.ok || !step.value);
        if (!step.ok) return;
      }
    }),
  );
});
