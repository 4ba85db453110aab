import test from 'ava';
import { endpointHolds, endpointRowsOf } from '../../../collector/present/endpoint-rows.ts';
import { sift, wordsOf } from '../../../collector/present/facets.ts';
import { placesServing } from '../../../collector/present/target-rows.ts';
import { fingerprint, healthyEstate } from '../web/example-estate.ts';
import { incidentEstate } from '../web/example-incident.ts';

const at = new Date('2026-11-23T03:00:00.000Z');
const healthy = endpointRowsOf(healthyEstate(at));
const incident = incidentEstate(at);
const rows = endpointRowsOf(incident);
const found = (among: typeof rows, typed: string) =>
  sift(among, { words: wordsOf(typed), holds: endpointHolds }, [], new Map()).rows.length;

test('the worst endpoints stand first, and the given list is not reordered', (t) => {
  const statuses = rows.map(({ endpoint }) => endpoint.status);
  t.deepEqual(statuses.slice(0, 5), ['drift', 'drift', 'unreachable', 'unknown', 'unknown']);
  t.true(statuses.slice(5).every((status) => status === 'proved'));
  t.deepEqual(incident.endpoints, incidentEstate(at).endpoints);
});

test('endpoints are found by status, host and fingerprint', (t) => {
  t.is(found(rows, 'drift'), 2);
  t.is(found(rows, 'mail-1 SMTP'), 1);
  t.is(found(healthy, fingerprint('api-1 api.example.com ecdsa').slice(0, 12)), 3);
});

test('what the outside sees is compared for the same name, port and kind of key', (t) => {
  const [endpoint] = incident.endpoints.filter(({ served, serverName }) => served !== undefined && serverName !== '');
  if (endpoint === undefined) throw new Error('the example has one');
  const place = { address: '192.0.2.1', chain: [], since: at.toISOString(), algorithm: endpoint.algorithm };
  const target = {
    id: 1,
    everySeconds: 60,
    vantage: 'collector',
    setBy: 'me',
    setAt: at.toISOString(),
    leftOut: 0,
    target: `${endpoint.startTls === undefined ? '' : `${endpoint.startTls}://`}${endpoint.serverName}:${endpoint.port}`,
  };
  const seen = (served: string | undefined, more: object = {}) => {
    const places = [{ ...place, ...(served !== undefined && { served }), ...more }];
    return endpointRowsOf({ endpoints: [endpoint], targets: [{ ...target, places }] })[0]?.outside;
  };
  t.is(seen(endpoint.served), 'the same');
  t.is(seen('f'.repeat(64)), 'another');
  t.is(seen(undefined), 'nothing');
  t.is(seen(endpoint.served, { algorithm: endpoint.algorithm === 'rsa' ? 'ecdsa' : 'rsa' }), 'nothing');
  const failure = { reason: 'timed-out', detail: '', since: at.toISOString() } as const;
  t.is(seen(endpoint.served, { failure }), 'nothing', 'it keeps what it showed before, and is silent');
  const places = [{ ...place, served: endpoint.served ?? '' }];
  const { served = '' } = endpoint;
  t.is(placesServing([{ ...target, places }], served).length, 1);
  t.deepEqual(placesServing([{ ...target, places: [{ ...place, served, failure }] }], served), []);
  const silent = [{ ...target, places, failure: { reason: 'no-address', detail: '' } as const }];
  t.is(endpointRowsOf({ endpoints: [endpoint], targets: silent })[0]?.outside, 'nothing');
  const unasked = [{ ...target, places: [] }];
  t.is(endpointRowsOf({ endpoints: [endpoint], targets: unasked })[0]?.outside, undefined, 'nobody has looked yet');
  t.is(endpointRowsOf({ endpoints: [endpoint], targets: [] })[0]?.outside, undefined);
});
