import type { Certificate } from '@certherd/protocol/certificate';
import test from 'ava';
import { fleetFindings } from '../../../../collector/evaluate/fleet/fleet-findings.ts';
import { createFleetIndex, type FleetIndex } from '../../../../collector/evaluate/fleet/fleet-index.ts';
import { type Holding, type HostHoldings } from '../../../../collector/evaluate/fleet/holdings.ts';
import fc from '../../../helpers/properties.ts';
import { certificate } from '../../helpers/example-snapshot.ts';

const now = Date.parse('2026-11-27T12:00:00.000Z');
const policy = { knownIssuers: undefined };

/** Few names and instants, so that certificates stand for each other again and again. */
const sets = [['a.test'], ['b.test'], ['a.test', 'b.test'], ['*.test', 'a.test'], []];
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
const certificates = new Map(pool.map((one) => [one.fingerprint, { certificate: one, firstSeenAt: now }]));

const holding = fc.record({
  file: fc.boolean(),
  endpoint: fc.boolean(),
  renewedHere: fc.boolean(),
  configured: fc.boolean(),
});
const told = fc.option(fc.array(fc.tuple(fc.nat(pool.length - 1), holding), { maxLength: 5 }), { nil: undefined });
const changes = fc.array(fc.tuple(fc.constantFrom('h1', 'h2', 'h3', 'h4'), told), { maxLength: 25 });

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
    fc.property(changes, (steps) => {
      const index = createFleetIndex();
      const hosts = new Map<string, HostHoldings>();
      let before = all(index);
      for (const [agentId, list] of steps) {
        const next = list && holdings(agentId, list);
        const touched = index.replace(agentId, next, certificates);
        if (next) hosts.set(agentId, next);
        else hosts.delete(agentId);
        const anew = createFleetIndex();
        for (const [id, one] of [...hosts].sort(([a], [b]) => (a < b ? 1 : -1))) anew.replace(id, one, certificates);
        const after = all(index);
        t.deepEqual(after, all(anew));
        for (const [id, text] of after) if (!touched.has(id)) t.is(before.get(id), text, id);
        before = after;
      }
    }),
    { numRuns: 500 },
  );
});
