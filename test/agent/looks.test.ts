import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { LookedFrame } from '@certherd/protocol/look';
import {
  maxDerBytes,
  maxFrameBytes,
  maxLookedBytes,
  maxLookedCertificates,
  maxLookedChain,
  maxStapleBytes,
  protocolVersion,
  staplesSince,
} from '@certherd/protocol/version';
import { systemDialer } from '@certherd/handshake/dialer';
import { rootsBySubject } from '@certherd/x509/trust-path';
import test, { type ExecutionContext } from 'ava';
import { Check } from 'typebox/value';
import { allowedPlace } from '../../agent/decide/probe-policy.ts';
import { answerLooks } from '../../agent/looks.ts';
import type { Clock } from '../../agent/ports.ts';
import { systemClock } from '../../agent/system/clock.ts';
import { answerReader } from '../../collector/scan/answers.ts';
import { askVantage } from '../../collector/scan/looked-target.ts';
import { rawOcsp } from '../helpers/ocsp.ts';
import type { Dialer } from '../../handshake/dial.ts';
import { mint, mintChain, type Minted } from '../helpers/mint.ts';
import fc from '../helpers/properties.ts';

const id = '1d7a9f7e-4c1c-4b58-9f0a-0d2f3c6b7a10';
const host = 'shop.example.test';
const { root, intermediate, leaf, fullchain } = await mintChain({ names: [host] });
const reading = { read: answerReader(rootsBySubject([root.x509])), clock: systemClock() };

/** A thousand times as fast, so that nobody waits for the pace of looks. */
const hurried: Clock = {
  ...systemClock(),
  monotonic: () => performance.now() * 1000,
  after: (ms, task) => systemClock().after(ms / 1000, task),
};

async function listening(t: ExecutionContext, cert: string, { keyPem }: Minted) {
  const server = createServer({ cert, key: keyPem }, (socket) => socket.on('error', () => {}));
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

function looking(
  port: number,
  addresses: string[],
  reach: readonly ('private' | 'loopback')[] = ['loopback'],
  dial: Dialer = systemDialer(),
) {
  return answerLooks({
    config: {
      probe: { allow: [allowedPlace(`${host}:${port}`)], reach, nameServers: [] },
      probeTimeoutMs: 10_000,
    },
    clock: hurried,
    dial,
    resolver: () => async () => ({ ok: true, value: { addresses, leftOut: 3 } }),
  });
}

test('what an agent is shown goes over the wire once for each certificate, and the collector judges it as if it had looked itself', async (t) => {
  const port = await listening(t, fullchain, leaf);
  const answer = looking(port, ['127.0.0.1', '127.0.0.2', '169.254.169.254', '::ffff:169.254.169.254']);
  const looked = await answer({ type: 'look', id, host, port }, protocolVersion);
  t.true(Check(LookedFrame, looked));
  t.is(looked.certificates.length, 2);
  t.is(looked.places[0]?.answers[0]?.staple, '', 'nothing is stapled');
  const seen = await askVantage({ name: 'web-1', look: async () => looked }, { host, port }, reading);
  t.is(seen?.leftOut, 3);
  const [here, refused, never, mapped] = seen?.places ?? [];
  t.like(here?.answers[0], { algorithm: 'ecdsa', nameMatches: true, trusted: true });
  t.is(here?.answers[0]?.certificates.length, 2);
  // 127.0.0.2 is this machine too, and nobody listens there.
  t.is(refused?.failure?.reason, 'connection-refused');
  t.is(never?.failure?.reason, 'not-allowed');
  t.is(mapped?.failure?.reason, 'not-allowed');
});

test('what is stapled is told to a collector that knows it, as far as it fits, and is proved there', async (t) => {
  const staple = rawOcsp({ leaf, issuer: intermediate });
  const shows = (stapled: Uint8Array) => {
    const addresses = Array.from({ length: 16 }, (_, at) => `127.0.0.${at + 1}`);
    const dial: Dialer = async () => {
      return { ok: true, value: { chain: [leaf.der, intermediate.der], tlsVersion: 'TLSv1.3', staple: stapled } };
    };
    return looking(443, addresses, ['loopback'], dial);
  };
  const ask = (stapled: Uint8Array, version = protocolVersion) =>
    shows(stapled)({ type: 'look', id, host, port: 443 }, version);
  const told = async (stapled: Uint8Array, version = protocolVersion) => {
    const looked = await ask(stapled, version);
    t.true(Check(LookedFrame, looked));
    return askVantage({ name: 'web-1', look: async () => looked }, { host, port: 443 }, reading);
  };
  const stateOf = async (stapled: Uint8Array, version = protocolVersion) =>
    (await told(stapled, version))?.places[0]?.answers[0]?.staple?.state;
  t.is(await stateOf(staple), 'good');
  t.is(await stateOf(rawOcsp({ leaf, issuer: intermediate, key: leaf.key })), 'signature-wrong');
  t.is(await stateOf(Buffer.alloc(0)), 'none');
  t.is(await stateOf(staple, staplesSince - 1), undefined, 'an older one would not know it');
  t.is(await stateOf(Buffer.alloc(maxStapleBytes + 1)), undefined);
  const large = await ask(Buffer.alloc(maxStapleBytes, 7));
  const kept = large.places.flatMap(({ answers }) => answers.map((one) => one.staple));
  t.true(JSON.stringify(large).length < maxFrameBytes && kept.length === 16);
  t.is((await told(Buffer.alloc(maxStapleBytes, 7)))?.failure, undefined);
});

test('an agent looks at no other name or port, and connects to no address that its settings leave out', async (t) => {
  const port = await listening(t, fullchain, leaf);
  const answer = looking(port, ['127.0.0.1', '10.0.0.1'], []);
  const [other, elsewhere, inside] = await Promise.all([
    answer({ type: 'look', id, host: 'other.example.test', port }, protocolVersion),
    answer({ type: 'look', id, host, port: port === 1 ? 2 : 1 }, protocolVersion),
    answer({ type: 'look', id, host, port }, protocolVersion),
  ]);
  t.deepEqual([other.failure?.reason, elsewhere.failure?.reason], ['vantage-refused', 'vantage-refused']);
  t.deepEqual(
    inside.places.map(({ failure }) => failure?.reason),
    ['not-allowed', 'not-allowed'],
  );
  const seen = await askVantage({ name: 'web-1', look: async () => other }, { host, port }, reading);
  t.regex(seen?.failure?.detail ?? '', /^web-1: \[probe\] allow in its agent\.toml does not name/);
});

test('more looks at a time than a host makes are turned away, and more certificates than fit are a failure', async (t) => {
  const crowd = await Promise.all(
    Array.from(
      { length: maxLookedCertificates + 1 },
      async (_, index) => (await mint({ names: [`${index}.test`] })).pem,
    ),
  );
  const port = await listening(t, leaf.pem + crowd.join(''), leaf);
  const answer = looking(port, ['127.0.0.1']);
  const all = await Promise.all(
    Array.from({ length: 9 }, () => answer({ type: 'look', id, host, port }, protocolVersion)),
  );
  const busy = all.filter(({ failure }) => failure?.reason === 'vantage-busy');
  t.is(busy.length, 1);
  for (const looked of busy)
    t.is(
      await askVantage({ name: 'web-1', look: async () => looked }, { host, port }, reading),
      undefined,
      'it was no look',
    );
  t.deepEqual([...new Set(all.flatMap(({ places }) => places.map(({ failure }) => failure?.reason)))], ['too-large']);
  t.true(all.every((one) => Check(LookedFrame, one) && one.certificates.length === 0));
});

test('what is cheap to send is cheap to read: each certificate is decoded once, and no more is read than an agent may tell', async (t) => {
  const der = leaf.der.toString('base64');
  const chain = Array.from({ length: maxLookedChain }, () => 0);
  const place = (address: number) => ({
    address: `192.0.2.${address}`,
    answers: [{ algorithm: 'ecdsa' as const, chain, tlsVersion: 'TLSv1.3' }],
  });
  const looked = (certificates: string[], places = Array.from({ length: 16 }, (_, at) => place(at))) => ({
    type: 'looked' as const,
    id,
    certificates,
    places,
    leftOut: 0,
  });
  t.true(Check(LookedFrame, looked([der])));
  const longer = { ...place(1), answers: [{ algorithm: 'ecdsa', chain: [...chain, 0], tlsVersion: 'TLSv1.3' }] };
  t.false(Check(LookedFrame, { ...looked([der]), places: [longer] }));

  const shown = new Set<Uint8Array>();
  const read: typeof reading.read = (handshake, ...rest) => {
    for (const one of handshake.chain) shown.add(one);
    return reading.read(handshake, ...rest);
  };
  const ask = (certificates: string[]) =>
    askVantage({ name: 'web-1', look: async () => looked(certificates) }, { host, port: 443 }, { ...reading, read });
  t.is((await ask([der]))?.places.length, 16);
  t.is(shown.size, 1);
  const large = 'A'.repeat(Math.ceil(maxDerBytes / 3) * 4);
  const much = await ask(Array.from({ length: Math.floor(maxLookedBytes / large.length) + 1 }, () => large));
  t.like(much, { places: [], failure: { reason: 'too-large' } });
});

test('whatever an agent answers, what was seen is of addresses and has what the collector itself read', async (t) => {
  const ders = [leaf.der.toString('base64'), root.der.toString('base64'), 'AAAA'];
  const failure = fc.record({ reason: fc.constant('timed-out' as const), detail: fc.string() });
  const frame = fc.record(
    {
      type: fc.constant('looked' as const),
      id: fc.constant(id),
      certificates: fc.subarray(ders),
      places: fc.array(
        fc.record(
          {
            address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 64 }), fc.constant('fe80::1%eth0')),
            answers: fc.array(
              fc.record({
                algorithm: fc.constantFrom('ecdsa' as const, 'rsa' as const),
                chain: fc.array(fc.nat(4), { minLength: 1, maxLength: 4 }),
                tlsVersion: fc.string({ maxLength: 16 }),
              }),
              { maxLength: 3 },
            ),
            failure,
          },
          { requiredKeys: ['address', 'answers'] },
        ),
        { maxLength: 4 },
      ),
      leftOut: fc.nat(),
      failure,
    },
    { requiredKeys: ['type', 'id', 'certificates', 'places', 'leftOut'] },
  );
  await fc.assert(
    fc.asyncProperty(frame, async (looked) => {
      const seen = await askVantage({ name: 'web-1', look: async () => looked }, { host, port: 443 }, reading);
      for (const { address, answers } of seen?.places ?? []) {
        t.regex(address, /^[0-9a-f.:]+$/i);
        t.is(new Set(answers.map(({ algorithm }) => algorithm)).size, answers.length);
        for (const { certificates } of answers) t.true(certificates.length > 0);
      }
    }),
  );
});
