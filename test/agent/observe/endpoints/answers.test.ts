import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import test, { type ExecutionContext } from 'ava';
import { type FailureReason, failed, success } from '@certherd/protocol/failure';
import { observeEndpoints } from '../../../../agent/observe/endpoints/observe-endpoints.ts';
import { endpointTargets } from '../../../../agent/observe/endpoints/targets.ts';
import type { Dialer, DialTarget } from '../../../../agent/ports.ts';
import { systemLooking } from '../../../../agent/system/looking.ts';
import { mint, type Minted } from '../../../helpers/mint.ts';
import { deployment } from '../../../helpers/observed.ts';
import { openSandbox } from '../../../helpers/testbed/sandbox.ts';
import { tlsProgram } from '../../../helpers/testbed/tls-program.ts';

const shop = 'shop.example.test';
const fingerprintOf = ({ x509 }: Minted) => x509.fingerprint256.replaceAll(':', '').toLowerCase();
const listener = { address: '127.0.0.1', port: 443, defaultServer: true, proxyProtocol: false };

/** A look at one name whose answers are played in this order, the last one for ever. */
async function played(
  answers: (Minted | FailureReason)[],
  { unsettled = false, configured, own = [] }: { unsettled?: boolean; configured?: Minted; own?: string[] } = {},
) {
  const asked: DialTarget[] = [];
  const dial: Dialer = (target) => {
    if (target.algorithm !== 'ecdsa') return Promise.resolve(failed('no-shared-algorithm', ''));
    const answer = answers[asked.length] ?? answers.at(-1) ?? 'unreachable';
    asked.push(target);
    if (typeof answer === 'string') return Promise.resolve(failed(answer, answer));
    return Promise.resolve(success({ chain: [answer.der], tlsVersion: 'TLSv1.3' }));
  };
  const { targets } = endpointTargets(
    [
      deployment({
        listeners: [own.length > 0 ? { ...listener, address: '0.0.0.0' } : listener],
        configured: configured ? fingerprintOf(configured) : 'c'.repeat(64),
      }),
    ],
    own,
  );
  const pauses: number[] = [];
  const { clock } = systemLooking();
  const quick = { ...clock, after: (ms: number, task: () => void) => (pauses.push(ms), clock.after(0, task)) };
  const { endpoints, notAsked } = await observeEndpoints({ dial, clock: quick, random: () => 0.25 }, targets, {
    algorithmOf: () => 'ecdsa',
    timeoutMs: 1000,
    isUnsettled: () => unsettled,
  });
  return { asked, endpoints, pauses, notAsked };
}

test('in a settled state one answer is enough, and three where old and new may be served side by side', async (t) => {
  const leaf = await mint({ names: [shop] });
  const settled = await played([leaf], { configured: leaf });
  t.is(settled.asked.length, 1);
  t.like(settled.endpoints, [{ served: fingerprintOf(leaf), answers: 1 }]);
  const unsettled = await played([leaf], { configured: leaf, unsettled: true });
  t.is(unsettled.asked.length, 3);
  t.like(unsettled.endpoints, [{ served: fingerprintOf(leaf), answers: 3 }]);
  t.deepEqual(unsettled.pauses, [15, 15], 'a pause between them, from the random number');
});

test('one answer of three that is not what is configured is the observation', async (t) => {
  const [fresh, old] = [await mint({ names: [shop] }), await mint({ names: [shop] })];
  for (const answers of [
    [fresh, old],
    [fresh, fresh, old],
    [old, fresh],
  ]) {
    const { endpoints, asked } = await played(answers, { configured: fresh, unsettled: true });
    t.like(endpoints, [{ served: fingerprintOf(old), answers: 1 }]);
    t.is(endpoints.length, 1);
    t.true(asked.length <= 3);
  }
});

test('addresses that waver stay one row, and one that keeps to another answer is a row of its own', async (t) => {
  const [fresh, old] = [await mint({ names: [shop] }), await mint({ names: [shop] })];
  const own = ['127.0.0.2'];
  const wavering = await played([fresh, old, fresh, old, fresh], { configured: fresh, own });
  t.like(wavering.endpoints, [{ address: '0.0.0.0', served: fingerprintOf(old) }]);
  t.is(wavering.endpoints.length, 1);
  const dial: Dialer = ({ address, algorithm }) => {
    const leaf = address === '127.0.0.1' ? old : fresh;
    if (algorithm !== 'ecdsa') return Promise.resolve(failed('no-shared-algorithm', ''));
    return Promise.resolve(success({ chain: [leaf.der], tlsVersion: 'TLSv1.3' }));
  };
  const deployments = [
    deployment({ listeners: [{ ...listener, address: '0.0.0.0' }], configured: fingerprintOf(fresh) }),
  ];
  const { targets } = endpointTargets(deployments, own);
  const look = { algorithmOf: () => 'ecdsa' as const, timeoutMs: 1000, isUnsettled: () => false };
  const { endpoints } = await observeEndpoints({ ...systemLooking(), dial }, targets, look);
  t.deepEqual(
    endpoints.map(({ id, served, answers }) => [id, served, answers]),
    [
      [`${shop}@0.0.0.0:443/ecdsa`, fingerprintOf(fresh), 3],
      [`${shop}@127.0.0.1:443/ecdsa`, fingerprintOf(old), 3],
    ],
  );
});

test('what may pass by itself is asked once more, other failures are not', async (t) => {
  const leaf = await mint({ names: [shop] });
  for (const reason of ['connection-reset', 'connection-refused', 'timed-out'] as const) {
    const passing = await played([reason, leaf], { configured: leaf });
    t.like(passing.endpoints, [{ served: fingerprintOf(leaf) }], reason);
    t.deepEqual(passing.pauses, [112.5]);
    const standing = await played([reason], { configured: leaf });
    t.is(standing.endpoints[0]?.failure?.reason, reason);
    t.is(standing.asked.length, 2);
  }
  const refused = await played(['not-tls'], { configured: leaf });
  t.is(refused.asked.length, 1);
});

test('an own address that the host has no way to is counted and is no row', async (t) => {
  const leaf = await mint({ names: [shop] });
  const { endpoints, notAsked } = await played([leaf, 'unreachable'], { configured: leaf, own: ['192.0.2.9'] });
  t.like(endpoints, [{ answeredAt: ['127.0.0.1'] }]);
  t.deepEqual(notAsked, [{ reason: 'address-unreachable', count: 1, examples: [`${shop}@192.0.2.9:443`] }]);
});

test('where IPv6 is switched off no client can connect to "::", and its names are counted and no rows', async (t) => {
  const { clock } = systemLooking();
  const detail = 'connect EADDRNOTAVAIL ::1:443 - Local (:::0)';
  const { targets } = endpointTargets([deployment({ listeners: [{ ...listener, address: '::' }] })]);
  const look = { algorithmOf: () => 'ecdsa' as const, timeoutMs: 1000, isUnsettled: () => false };
  const seen = (words: string) => {
    const dial: Dialer = () => Promise.resolve(failed('unreachable', words));
    return observeEndpoints({ dial, clock, random: () => 0 }, targets, look);
  };
  const { endpoints, notAsked } = await seen(detail);
  t.deepEqual(endpoints, []);
  t.deepEqual(notAsked, [{ reason: 'address-unreachable', count: 1, examples: [`${shop}@[::1]:443`] }]);
  // a sandbox that filters the family away is a fault of ours, and has to be told
  t.like((await seen('connect EAFNOSUPPORT ::1:443')).endpoints, [{ failure: { reason: 'unreachable' } }]);
});

/** Accepts and says nothing. */
async function tarpit(t: ExecutionContext): Promise<{ server: Server; port: number; accepted: () => number }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { server, port: typeof address === 'object' && address ? address.port : 0, accepted: () => sockets.length };
}

test('fifty names behind a tarpit end within two timeouts and a pause, and hold no other listener up', async (t) => {
  const sandbox = openSandbox();
  t.teardown(() => sandbox.close());
  const leaf = await mint({ names: [shop] });
  const port = await sandbox.port();
  await tlsProgram(sandbox, { address: '127.0.0.1', port }, leaf);
  const pit = await tarpit(t);
  const names = Array.from({ length: 50 }, (_, index) => `n${index}.example.test`);
  const { targets } = endpointTargets([
    deployment({ serverNames: names, listeners: [{ ...listener, port: pit.port }] }),
    deployment({ line: 99, configured: fingerprintOf(leaf), listeners: [{ ...listener, port }] }),
  ]);
  const ports = systemLooking();
  const began = ports.clock.monotonic();
  const times: { port: number; at: number }[] = [];
  const timed: Dialer = async (target) => {
    const answer = await ports.dial(target);
    times.push({ port: target.port, at: ports.clock.monotonic() - began });
    return answer;
  };
  const timeoutMs = 700;
  const { endpoints } = await observeEndpoints({ ...ports, dial: timed }, targets, {
    algorithmOf: () => 'ecdsa',
    timeoutMs,
    isUnsettled: () => false,
  });
  const silent = endpoints.filter((endpoint) => endpoint.port === pit.port);
  t.is(silent.length, 50);
  t.true(silent.every(({ failure }) => failure?.reason === 'timed-out'));
  t.is(endpoints.find((endpoint) => endpoint.port === port)?.served, fingerprintOf(leaf));
  t.true(pit.accepted() <= 32, `${pit.accepted()} connections: 16 at a time, twice`);
  t.true(times.findIndex((one) => one.port === port) < 2, 'the other listener was answered first');
});

test('after a minute nothing more is asked, and what was not asked says so', async (t) => {
  const names = Array.from({ length: 100 }, (_, index) => `n${index}.example.test`);
  let now = 0;
  const dial: Dialer = ({ serverName }) => {
    now += 2000;
    return Promise.resolve(serverName === 'n0.example.test' ? failed('not-tls', '') : failed('timed-out', 'slow'));
  };
  const { clock } = systemLooking();
  const quick = { ...clock, monotonic: () => now, after: (_ms: number, task: () => void) => clock.after(0, task) };
  const { targets } = endpointTargets([deployment({ serverNames: names, listeners: [listener] })]);
  const { endpoints } = await observeEndpoints({ dial, clock: quick, random: () => 0.5 }, targets, {
    algorithmOf: () => 'ecdsa',
    timeoutMs: 1000,
    isUnsettled: () => false,
  });
  t.true(now <= 60_000 + 16 * 2000, String(now));
  t.is(endpoints.length, 100);
  t.regex(endpoints.at(-1)?.failure?.detail ?? '', /^not asked/);
});
