import { createSocket } from 'node:dgram';
import { rootsBySubject } from '@certherd/x509/trust-path';
import test, { type ExecutionContext } from 'ava';
import { answerReader } from '../../../collector/scan/answers.ts';
import { createPace } from '@certherd/handshake/outside/pace';
import { createProbe } from '../../../collector/scan/probe.ts';
import { systemResolve } from '@certherd/handshake/outside/resolve';
import { systemClock } from '../../../collector/system/clock.ts';
import { mint } from '../../helpers/mint.ts';
import { answerTo } from '../helpers/dns-over-tcp.ts';

/** A resolver that knows 127.0.0.1 for every name, and says `code` (RFC 1035 4.1.1) of its IPv6 addresses, or of both families. */
async function failingDns(t: ExecutionContext, code: number, both = false): Promise<string> {
  const udp = createSocket('udp4');
  udp.on('message', (bytes, from) => {
    const answer = answerTo(bytes, both ? [] : ['127.0.0.1']);
    if (both || answer.readUInt16BE(6) === 0) answer[3] = (answer[3] ?? 0) | code;
    udp.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve));
  t.teardown(() => udp.close());
  return `127.0.0.1:${udp.address().port}`;
}

for (const [what, code, expected] of [
  ['is not told by the resolver', 2, 'ipv6'],
  ['is denied with the whole name, which has addresses', 3, 'ipv6'],
  ['has no address', 0, undefined],
] as const)
  test(`a family that ${what}: ${expected === undefined ? 'there are none' : 'not told'}`, async (t) => {
    const found = await systemResolve([await failingDns(t, code)])('shop.example.test');
    t.deepEqual(found.ok && found.value.addresses, ['127.0.0.1']);
    t.is(found.ok ? found.value.notTold?.family : 'failed', expected);
  });

test('a name that is denied in both families has no address', async (t) => {
  const found = await systemResolve([await failingDns(t, 3, true)])('shop.example.test');
  t.is(found.ok ? 'ok' : found.failure.reason, 'no-address');
});

for (const [reason, expected] of [
  ['timed-out', ['rsa timed-out']],
  ['connection-reset', ['rsa connection-reset']],
  ['no-shared-algorithm', []],
] as const)
  test(`the second handshake ends with ${reason}: ${expected.length === 0 ? 'the key is not had' : 'not answered'}`, async (t) => {
    const { der } = await mint({ names: ['shop.example.test'] });
    const probe = createProbe({
      resolve: async () => ({ ok: true, value: { addresses: ['127.0.0.1'], leftOut: 0 } }),
      inTurn: createPace({ perSecond: 1e4, perSecondOfAddress: 1e4, atOnce: 64, atOnceOfAddress: 64 }, systemClock),
      read: answerReader(rootsBySubject([])),
      clock: systemClock,
      allow: new Set(['loopback']),
      versions: false,
      timeoutMs: 1_000,
      dial: async ({ algorithm }) =>
        algorithm === 'any'
          ? { ok: true, value: { chain: [der], tlsVersion: 'TLSv1.3' } }
          : { ok: false, failure: { reason, detail: '' } },
    });
    const { places } = await probe({ host: 'shop.example.test', port: 443 });
    t.is(places[0]?.answers.length, 1);
    t.deepEqual(
      (places[0]?.notAnswered ?? []).map(({ algorithm, failure }) => `${algorithm} ${failure.reason}`),
      [...expected],
    );
  });
