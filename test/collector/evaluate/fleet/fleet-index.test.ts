import type { Certificate } from '@certherd/protocol/certificate';
import test from 'ava';
import { fleetFindings } from '../../../../collector/evaluate/fleet/fleet-findings.ts';
import {
  createFleetIndex,
  type FleetIndex,
  type KnownCertificate,
} from '../../../../collector/evaluate/fleet/fleet-index.ts';
import { leafKeys } from '../../../../collector/evaluate/fleet/leaf-keys.ts';
import { createSparseIndex } from '../../../../collector/evaluate/fleet/sparse-index.ts';
import { type Holding, type HostHoldings } from '../../../../collector/evaluate/fleet/holdings.ts';
import fc from '../../../helpers/properties.ts';
import { certificate } from '../../helpers/example-snapshot.ts';

const now = Date.parse('2026-11-27T12:00:00.000Z');
const policy = { knownIssuers: undefined };

/** Few names and instants, so that certificates stand for each other again and again. */
const sets = [['a.test'], ['b.test'], ['a.test', 'b.test'], ['*.test', 'a.test'], [], ['c.test'], ['d.test']];
const pool: Certificate[] = sets.flatMap((subjectAltNames, set) =>
  [1, 2, 2, 3].flatMap((month, copy) =>
    ['O=One, CN=X', 'O=Two, CN=Y'].map((issuer) =>
      certificate(`${set} ${month} ${copy} ${issuer}`, {
        subjectAltNames,
        issuer,
        notBefore: `2026-0${month}-01T00:00:00.000Z`,
      }),
    ),
  ),
);
/** What is told of one of them may be other the next time; its key is known once somebody proved it. Few keys, which certificates of other names have too. */
function facts(at: number, variant: number, isProved: boolean): KnownCertificate {
  const one = pool[at] ?? certificate('none');
  const change = {
    subjectAltNames: sets[(at + variant) % sets.length] ?? [],
    notBefore: `2026-0${variant}-15T00:00:00.000Z`,
  };
  const told = { certificate: variant === 0 ? one : { ...one, ...change }, firstSeenAt: now + variant };
  return isProved ? { ...told, keyDigest: `key ${at % 15}` } : told;
}

const holding = fc.record({
  file: fc.boolean(),
  endpoint: fc.boolean(),
  renewedHere: fc.boolean(),
  configured: fc.boolean(),
});
const told = fc.option(fc.array(fc.tuple(fc.nat(pool.length - 1), holding), { maxLength: 5 }), { nil: undefined });
const variant = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 }));
const changes = fc.array(fc.tuple(fc.constantFrom('h1', 'h2', 'h3', 'h4'), told, variant, fc.boolean()), {
  maxLength: 25,
});

function holdings(
  agentId: string,
  list: [number, { file: boolean; endpoint: boolean; renewedHere: boolean; configured: boolean }][],
): HostHoldings {
  const held = new Map<string, Holding>();
  for (const [at, { file, endpoint, renewedHere, configured }] of list)
    held.set(pool[at]?.fingerprint ?? '', {
      files: file ? ['/f.pem'] : [],
      endpoints: endpoint ? ['e'] : [],
      renewedHere,
      inUse: endpoint || configured,
    });
  return { agentId, hostName: agentId, held };
}

const all = (index: FleetIndex) =>
  new Map(['h1', 'h2', 'h3', 'h4'].map((id) => [id, JSON.stringify(fleetFindings(index, id, policy, now))]));

test('after any changes the findings are those of an index that is made anew, and only touched agents have others', (t) => {
  fc.assert(
    fc.property(changes, fc.nat(2 ** 32 - 1), fc.boolean(), (steps, seed, isBehind) => {
      const index = createFleetIndex();
      const hosts = new Map<string, HostHoldings>();
      const certificates = new Map<string, KnownCertificate>();
      let known = new Map(certificates);
      const proved = new Set<number>();
      // Beside it one that keeps only what there is something to say of, and that hears of no deployment again.
      const sparse = createSparseIndex(
        policy,
        (agentId) => {
          const host = hosts.get(agentId);
          if (!host) return undefined;
          const seen = [...host.held].filter(([, { files, endpoints }]) => files.length + endpoints.length > 0);
          return { holdings: { ...host, held: new Map(seen) }, certificates: isBehind ? known : certificates };
        },
        seed,
      );
      let before = all(index);
      for (const [agentId, list, variant, isProved] of steps) {
        known = new Map(certificates);
        for (const [at] of list ?? []) {
          if (isProved) proved.add(at);
          certificates.set(pool[at]?.fingerprint ?? '', facts(at, variant, proved.has(at)));
        }
        const next = list && holdings(agentId, list);
        const touched = index.replace(agentId, next, certificates);
        const touchedSparse = sparse.replace(agentId, next, certificates);
        if (next) hosts.set(agentId, next);
        else hosts.delete(agentId);
        const anew = createFleetIndex();
        for (const [id, one] of [...hosts].sort(([a], [b]) => (a < b ? 1 : -1))) anew.replace(id, one, certificates);
        const after = all(index);
        t.deepEqual(after, all(anew));
        t.deepEqual(all(sparse), after);
        for (const [id, text] of after) if (!touched.has(id) || !touchedSparse.has(id)) t.is(before.get(id), text, id);
        before = after;
      }
    }),
    { numRuns: 500 },
  );
});

test('a copy is found by the names that another host told of it', (t) => {
  const issued = (mark: string, month: number, name: string) =>
    certificate(mark, { subjectAltNames: [name], notBefore: `2026-0${month}-01T00:00:00.000Z` });
  const copy = { files: ['/f.pem'], endpoints: ['e'], renewedHere: false, inUse: true };
  const known = new Map<string, KnownCertificate>();
  const hosts = new Map<string, HostHoldings>();
  const index = createSparseIndex(
    policy,
    (agentId) => {
      const holdings = hosts.get(agentId);
      return holdings && { holdings, certificates: known };
    },
    7,
  );
  const tell = (agentId: string, one?: Certificate) => {
    if (one) known.set(one.fingerprint, { certificate: one, firstSeenAt: now });
    const told = one && { agentId, hostName: agentId, held: new Map([[one.fingerprint, copy]]) };
    if (told) hosts.set(agentId, told);
    return index.replace(agentId, told, known);
  };
  tell('h1', issued('one', 1, 'a.test'));
  tell('h2', issued('one', 1, 'b.test'));
  tell('h2');
  t.true(tell('h3', issued('two', 2, 'b.test')).has('h1'));
  t.deepEqual(
    fleetFindings(index, 'h1', policy, now).map(({ code }) => code),
    ['stale-copy'],
  );
});

test('names of one host cost what they are many, however many they are', (t) => {
  const known = new Map<string, KnownCertificate>();
  for (let at = 0; at < 40; at += 1) {
    const names = Array.from({ length: 5_000 }, (_, number) => `${at}-${number}`);
    const one = certificate(`many-${at}`, { subjectAltNames: names });
    known.set(one.fingerprint, { certificate: one, firstSeenAt: now });
  }
  const unused = { files: ['/f.pem'], endpoints: [], renewedHere: false, inUse: false };
  const held = new Map([...known.keys()].map((fingerprint) => [fingerprint, unused]));
  const index = createSparseIndex(policy, () => undefined, 7);
  const before = process.cpuUsage();
  index.replace('h1', { agentId: 'h1', hostName: 'h1', held }, known);
  const { user } = process.cpuUsage(before);
  t.is(index.heldBy('h1').length, 40);
  t.true(
    user < 8_000_000,
    `${user / 1000} ms of the processor: half a second is usual, and 20 s where each key is looked for among all`,
  );
});

for (const [what, size] of [
  ['one certificate of many names', 600],
  ['many certificates', 1],
] as const)
  test(`a host that has ${what} is opened once, however many hosts come with one of its names each`, (t) => {
    const names = Array.from({ length: 600 }, (_, number) => `host-${number}.test`);
    const known = new Map<string, KnownCertificate>();
    const hosts = new Map<string, HostHoldings>();
    const opened: string[] = [];
    const index = createSparseIndex(
      policy,
      (agentId) => {
        opened.push(agentId);
        const holdings = hosts.get(agentId);
        return holdings && { holdings, certificates: known };
      },
      7,
    );
    const served = { files: ['/f.pem'], endpoints: ['e'], renewedHere: true, inUse: true };
    const tell = (agentId: string, ...certificates: string[][]) => {
      const list = certificates.map((subjectAltNames, at) => certificate(`${agentId} ${at}`, { subjectAltNames }));
      for (const one of list) known.set(one.fingerprint, { certificate: one, firstSeenAt: now });
      const held = new Map(list.map(({ fingerprint }) => [fingerprint, served]));
      hosts.set(agentId, { agentId, hostName: agentId, held });
      index.replace(agentId, hosts.get(agentId), known);
    };
    const all = Array.from({ length: 600 / size }, (_, at) => names.slice(at * size, (at + 1) * size));
    tell('all', ...all);
    for (const [number, name] of names.entries()) tell(`h${number}`, [name, `${number}.test`]);
    t.deepEqual(opened, ['all']);
    t.is(index.heldBy('all').length, all.length);
    t.is(index.heldBy('h599').length, 1);
  });

test('what number a name has nobody can tell who does not know the seed', (t) => {
  const [one, other] = ['one', 'other'].map((mark) =>
    certificate(mark, { subjectAltNames: ['shop.test', `${mark}.test`] }),
  );
  if (!one || !other) return t.fail();
  const shared = (left: Set<number>, right: Set<number>) => [...left].filter((key) => right.has(key)).length;
  const keysOf = (one: Certificate, seed: number) => leafKeys({ certificate: one, keyDigest: 'of both' }, 'CA', seed);
  for (const seed of [0, 1, 2 ** 32 - 1]) t.is(shared(keysOf(one, seed), keysOf(other, seed)), 2);
  t.is(shared(keysOf(one, 1), keysOf(one, 2)), 0);
});

const many = 3_000;
const orders: [title: string, place: (at: number) => number][] = [
  ['the oldest first', (at) => at],
  ['the youngest first', (at) => many - at],
  ['in any order', (at) => (at * 1_009) % many],
];
const shapes: [title: string, names: (number: number) => string[]][] = [
  ['of one name', () => ['shop.test']],
  ['of one name beside another of its own', (number) => [`host-${number}.test`, 'shop.test']],
];

/** How often certificates are looked at, and agents touched, while each of many hosts comes with its own, renews it, and goes. */
function costOf(names: (number: number) => string[], place: (at: number) => number): number {
  let cost = 0;
  const issued = (number: number, day: number) => {
    const made = certificate(`${number} ${day}`, { subjectAltNames: names(number) });
    const notBefore = new Date(now + day * 60_000).toISOString();
    const get = () => {
      cost += 1;
      return notBefore;
    };
    return Object.defineProperty(made, 'notBefore', { get });
  };
  const index = createFleetIndex();
  const tell = (number: number, one: Certificate | undefined) => {
    const agentId = `h${number}`;
    const held = new Map<string, Holding>();
    if (one) held.set(one.fingerprint, { files: ['/f.pem'], endpoints: ['e'], renewedHere: true, inUse: true });
    const known = { get: () => one && { certificate: one, firstSeenAt: now } };
    const touched = index.replace(agentId, one && { agentId, hostName: agentId, held }, known);
    cost += touched.size;
  };
  for (let at = 0; at < many; at++) tell(at, issued(at, place(at)));
  for (let at = 0; at < many; at++) tell(at, issued(at, many + place(at)));
  for (let at = 0; at < many; at++) tell(at, undefined);
  return cost;
}

for (const [how, place] of orders)
  for (const [shape, names] of shapes)
    test(`${many} hosts with certificates ${shape}, ${how}, cost little more than with names of their own`, (t) => {
      const own = costOf((number) => [`host-${number}.test`], place);
      const shared = costOf(names, place);
      // A place among them is found in as many steps as their number has binary digits.
      t.true(shared < own * 2 * Math.log2(many), `${shared} and ${own}`);
    });
