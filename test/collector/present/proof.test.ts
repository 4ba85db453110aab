import test from 'ava';
import { needsOf } from '../../../collector/present/needs.ts';
import { nextToEnd, proofOf, verdictOf } from '../../../collector/present/proof.ts';
import type { Estate } from '../../../collector/serve/estate.ts';
import { before, emptyEstate, healthyEstate } from '../web/example-estate.ts';
import { incidentEstate } from '../web/example-incident.ts';

const at = new Date('2026-11-23T03:00:00.000Z');
const verdict = (estate: Estate, connection: 'live' | 'lost' = 'live') =>
  verdictOf(needsOf(estate), proofOf(estate), connection);

test('green needs every endpoint proved and a live connection', (t) => {
  const healthy = healthyEstate(at);
  t.deepEqual(verdict(healthy), { tone: 'good', sentence: 'Nothing needs a person' });
  t.is(verdict(healthy, 'lost').tone, 'unknown');
});

test('one endpoint that is not proved is enough to be not green', (t) => {
  const healthy = healthyEstate(at);
  const endpoints = healthy.endpoints.map((endpoint, index) =>
    index === 3 ? { ...endpoint, status: 'unknown' as const } : endpoint,
  );
  t.is(verdict({ ...healthy, endpoints }).tone, 'unknown');
});

test('no host and no endpoint are unknown, never green', (t) => {
  t.deepEqual(verdict(emptyEstate(at)), { tone: 'unknown', sentence: 'No host yet' });
  t.is(verdict({ ...healthyEstate(at), endpoints: [] }).tone, 'unknown');
});

test('an incident is red and counted, and stays red when the connection is lost', (t) => {
  t.deepEqual(verdict(incidentEstate(at)), { tone: 'critical', sentence: '4 things need a person' });
  t.is(verdict(incidentEstate(at), 'lost').tone, 'critical');
});

test('one thing needs, and with warnings alone the page is not red', (t) => {
  const incident = incidentEstate(at);
  const findings = incident.findings.filter(({ severity }) => severity === 'warning');
  t.deepEqual(verdict({ ...healthyEstate(at), findings }), { tone: 'warning', sentence: '1 thing needs a person' });
});

test('the proof is as old as the oldest look at what is proved', (t) => {
  const healthy = healthyEstate(at);
  const endpoints = healthy.endpoints.map((endpoint, index) => ({
    ...endpoint,
    observedAt: before(at, 1000 * index),
    status: index > 5 ? ('unknown' as const) : endpoint.status,
  }));
  const proof = proofOf({ ...healthy, endpoints });
  t.is(proof.lookedAt, before(at, 5000));
  t.is(proof.endpoints.proved, 6);
});

test('the next certificate to end is a served one that has not ended', (t) => {
  const { certificates } = healthyEstate(at);
  t.is(nextToEnd(certificates, at.getTime())?.subjectAltNames[0], 'cdn.example.net');
  t.is(nextToEnd(certificates, at.getTime() + 10 * 86_400_000)?.subjectAltNames[0], 'api.example.com');
  t.is(nextToEnd([], 0), undefined);
});
