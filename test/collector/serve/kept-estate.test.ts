import { setImmediate as othersTurn } from 'node:timers/promises';
import test from 'ava';
import type { Log } from '../../../collector/ports.ts';
import type { EstateChange } from '../../../collector/serve/estate-change.ts';
import { keepEstate } from '../../../collector/serve/kept-estate.ts';
import type { HostFacts, LabelRule } from '../../../collector/store/facts.ts';
import { silentLog } from '../../../collector/system/log.ts';
import { until } from '../../helpers/testbed/until.ts';
import { certificate, endpoint, snapshot } from '../helpers/example-snapshot.ts';
import { handClock } from '../helpers/hand-clock.ts';

const start = Date.parse('2026-11-27T12:00:00.000Z');
const one = certificate('one');
const { certificates: _, ...told } = snapshot(one);
type Told = Partial<NonNullable<HostFacts['snapshot']>>;

/** Hosts in a database whose reading takes as long as a test wants. */
function fleetOf(count: number, { log = silentLog, readMs = 0 }: { log?: Log; readMs?: number } = {}) {
  const clock = handClock(start);
  const hosts = new Map<string, HostFacts>();
  const labels: LabelRule[] = [];
  const published: EstateChange[] = [];
  const reads = { took: readMs, hosts: 0, meanwhile: () => {} };
  const heard: string[] = [];
  const voices = { away: new Set<string>(), heard };
  let digests = 0;
  const tell = (agentId: string, change: Told = {}) => {
    const now = clock.now();
    const kept = { digest: `${(digests += 1)}`, observedAt: now, receivedAt: now, ...told, ...change };
    const never = { conflictAt: undefined, revokedAt: undefined };
    hosts.set(agentId, {
      agentId,
      name: agentId,
      agentVersion: '1',
      enrolledAt: start,
      heardAt: now,
      ...never,
      snapshot: kept,
    });
  };
  for (let number = 0; number < count; number++) tell(`web-${number}`);
  const marks = () => [...hosts.values()].map((host, index) => ({ row: index + 1, ...host }));
  const estate = keepEstate({
    store: {
      hostMarks: async (after, limit) =>
        marks()
          .filter(({ row }) => row > after)
          .slice(0, limit),
      marksOf: async (ids) => marks().filter(({ agentId }) => ids.includes(agentId)),
      async readHosts(ids) {
        clock.advance(reads.took);
        reads.hosts += ids.length;
        reads.meanwhile();
        await othersTurn();
        const certificates = [{ certificate: one, firstSeenAt: start, basis: 'told' as const }];
        return ids.flatMap((id) => hosts.get(id) ?? []).map((host) => ({ host, certificates }));
      },
      events: async () => [],
      labels: async () => [...labels],
      listed: async () => [],
      targets: { all: async () => [] } as never,
      transparency: { certificates: async () => [], logs: async () => [] } as never,
      campaigns: { halted: async () => [] } as never,
    },
    presenceOf: (agentId) => {
      const connected = !voices.away.has(agentId);
      return { connected, silent: false, heardAt: clock.now(), observedAt: clock.now() };
    },
    heardSince: () => voices.heard.splice(0),
    knownIssuers: undefined,
    graceMs: 0,
    clock,
    log,
    publish(change) {
      if (change !== 'unreadable') published.push(change);
    },
  });
  return { estate, clock, hosts, labels, published, reads, voices, tell };
}

test('a host that cannot be looked at keeps its last part, is logged once, and is of no concern to others', async (t) => {
  const errors: unknown[] = [];
  const log = { ...silentLog, error: (fields: { agentId?: string }) => errors.push(fields.agentId) };
  const { estate, hosts, tell } = fleetOf(9, { log });
  t.teardown(estate.close);
  t.is((await estate.current()).parts.hosts.size, 9);
  for (let again = 0; again < 2; again++) {
    const broken = {
      get: () => {
        throw new RangeError('Invalid time value');
      },
    };
    tell('web-3', { endpoints: [Object.defineProperty(endpoint(one), 'served', broken)] });
    tell('web-4', { endpoints: [] });
    estate.changed(['hosts', 'certificates'], ['web-3', 'web-4']);
    const { parts } = await estate.current();
    const endpoints = new Map([...parts.hosts].map(({ agentId, part }) => [agentId, part.endpoints.length]));
    t.deepEqual([endpoints.size, endpoints.get('web-3'), endpoints.get('web-4')], [9, 1, 0]);
  }
  t.deepEqual(errors, ['web-3']);
  // Its row is looked at once it can be judged, with nothing else changed.
  const facts = hosts.get('web-3');
  if (facts?.snapshot) hosts.set('web-3', { ...facts, snapshot: { ...facts.snapshot, endpoints: [] } });
  estate.changed(['hosts'], ['web-3']);
  const { parts } = await estate.current();
  t.deepEqual([...parts.hosts].find(({ agentId }) => agentId === 'web-3')?.part.endpoints, []);
});

test('while many hosts are looked at, a reader waits a tenth of a second for what is known up to then, and not for all', async (t) => {
  const { estate, reads, published, tell } = fleetOf(400);
  t.teardown(estate.close);
  const first = await estate.current();
  t.is(first.parts.hosts.size, 400);
  reads.took = 30;
  reads.hosts = 0;
  const all = Array.from({ length: 400 }, (_, number) => `web-${number}`);
  for (const agentId of all) tell(agentId, { endpoints: [] });
  estate.changed(['hosts', 'certificates'], all);
  const done = (now: typeof first) => [...now.parts.hosts].filter(({ part }) => part.endpoints.length === 0).length;
  const early = await estate.current();
  t.true(done(early) >= 4 && done(early) <= 40, String(done(early)));
  t.is(early.revision, first.revision + published.length);
  const later = await estate.current();
  t.true(done(later) > done(early) && done(later) < 400, String(done(later)));
  t.is(later.revision, first.revision + published.length);
  t.is(published.flatMap(({ hosts }) => hosts).length, done(later));
  await until('all are looked at', async () => done(await estate.current()) === 400);
  t.is(reads.hosts, 400);
});

test('that a host is connected is told at once, also where another one was just read as it said hello', async (t) => {
  const { estate, clock, published, reads, voices, tell } = fleetOf(2);
  t.teardown(estate.close);
  voices.away.add('web-1');
  await estate.current();
  reads.meanwhile = () => {
    voices.away.delete('web-1');
    voices.heard.push('web-1');
    estate.changed(['heard'], ['web-1']);
  };
  tell('web-0', { endpoints: [] });
  estate.changed(['hosts', 'certificates'], ['web-0']);
  await estate.current();
  await othersTurn();
  t.deepEqual(
    published.flatMap(({ hosts }) => hosts.map(({ agentId }) => agentId)),
    ['web-0'],
  );
  clock.advance(50);
  await until('it is told', () => published.length === 2);
  t.like(published[1]?.hosts, [{ agentId: 'web-1', host: { connected: true } }]);
});
