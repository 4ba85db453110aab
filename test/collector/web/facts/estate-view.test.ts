import test from 'ava';
import { endpointRows, matches } from '../../../../collector/web/facts/estate-view.ts';
import { fingerprint, healthyEstate } from '../example-estate.ts';
import { incidentEstate } from '../example-incident.ts';

const at = new Date('2026-11-23T03:00:00.000Z');
const healthy = healthyEstate(at);
const incident = incidentEstate(at);

test('a filter wants every word, in any case and order', (t) => {
  t.true(matches('', ['anything']));
  t.true(matches('  WEB-1 shop ', ['shop.example.com', 'web-1']));
  t.false(matches('web-1 mail', ['shop.example.com', 'web-1']));
  t.false(matches('x', [undefined]));
});

test('the worst endpoints stand first', (t) => {
  const statuses = endpointRows(incident.endpoints, '').map(({ status }) => status);
  t.deepEqual(statuses.slice(0, 5), ['drift', 'drift', 'unreachable', 'unknown', 'unknown']);
  t.true(statuses.slice(5).every((status) => status === 'proved'));
});

test('endpoints are found by status, host and fingerprint', (t) => {
  t.is(endpointRows(incident.endpoints, 'drift').length, 2);
  t.is(endpointRows(incident.endpoints, 'mail-1 smtp').length, 1);
  t.is(endpointRows(healthy.endpoints, fingerprint('api-1 api.example.com ecdsa').slice(0, 12)).length, 3);
});

test('the given lists are not reordered', (t) => {
  const names = incident.endpoints.map(({ id }) => id);
  endpointRows(incident.endpoints, '');
  t.deepEqual(
    incident.endpoints.map(({ id }) => id),
    names,
  );
});
