import test from 'ava';
import type { Estate } from '../../../collector/serve/estate.ts';
import { byUrgency, certificateRowsOf, certificateSearch } from '../../../collector/present/certificate-rows.ts';
import { fingerprint, healthyEstate } from '../web/example-estate.ts';
import { incidentEstate } from '../web/example-incident.ts';

const at = new Date('2026-11-23T03:00:00.000Z');
const healthy = healthyEstate(at);
const incident = incidentEstate(at);
const checkout = fingerprint('web-1 checkout.example.com ecdsa');

const rowOf = (estate: Estate, print: string) =>
  certificateRowsOf(estate).find(({ certificate }) => certificate.fingerprint === print);

test('a certificate is as its worst endpoint is', (t) => {
  t.is(rowOf(healthy, checkout)?.state, 'proved');
  t.is(rowOf(incident, checkout)?.state, 'drift');
  const [endpoint] = healthy.endpoints.filter(({ served }) => served === checkout);
  if (endpoint === undefined) throw new Error('the example has this endpoint');
  const expired = { ...healthy, endpoints: [...healthy.endpoints, { ...endpoint, status: 'expired' as const }] };
  t.is(rowOf(expired, checkout)?.state, 'expired');
});

test('what should be served and is not, is awaited; what nothing has to do with, is unserved', (t) => {
  const endpoints = healthy.endpoints.map((endpoint) =>
    endpoint.served === checkout ? { ...endpoint, served: fingerprint('old') } : endpoint,
  );
  t.is(rowOf({ ...healthy, endpoints }, checkout)?.state, 'awaited');
  t.is(rowOf({ ...healthy, endpoints: [] }, checkout)?.state, 'unserved');
});

test('labels are those of its endpoints, else of the hosts whose files hold it', (t) => {
  t.deepEqual(rowOf(incident, checkout)?.owner, ['payments']);
  t.deepEqual(rowOf(incident, checkout)?.team, ['checkout']);
  t.deepEqual(rowOf({ ...incident, endpoints: [] }, checkout)?.owner, ['web']);
});

test('who renews it follows from its lineage and what the host may do', (t) => {
  const automationOf = (estate: Estate, label: string) => rowOf(estate, fingerprint(label))?.automation;
  t.is(automationOf(healthy, 'web-1 checkout.example.com ecdsa'), 'certherd');
  t.is(automationOf(healthy, 'web-2 checkout.example.com ecdsa'), 'certbot');
  t.is(automationOf(healthy, 'legacy-7 intranet.example.org ecdsa'), 'by hand');
  const held = { ...healthy, lineages: healthy.lineages.map((lineage) => ({ ...lineage, autorenew: false })) };
  t.is(automationOf(held, 'web-1 checkout.example.com ecdsa'), 'by hand');
  const own = { ...healthy, lineages: healthy.lineages.map((lineage) => ({ ...lineage, mode: 'renew' as const })) };
  t.is(automationOf(own, 'web-2 checkout.example.com ecdsa'), 'certherd');
});

test('a renewal belongs to the newest certificate of its lineage', (t) => {
  const [lineage] = healthy.lineages;
  t.is(rowOf(healthy, lineage?.issued ?? '')?.renewal, lineage?.renewal?.at);
  const renewed = healthy.lineages.map((one) => ({ ...one, issued: fingerprint('newer') }));
  t.is(rowOf({ ...healthy, lineages: renewed }, lineage?.issued ?? '')?.renewal, undefined);
});

test('what is served and ends first stands first', (t) => {
  const [first] = healthy.certificates;
  if (first === undefined) throw new Error('the example has certificates');
  const unserved = {
    ...first,
    fingerprint: fingerprint('unserved'),
    endpoints: [],
    notAfter: '2020-01-01T00:00:00.000Z',
  };
  const rows = certificateRowsOf({ ...healthy, certificates: [unserved, ...healthy.certificates] }).sort(byUrgency);
  t.is(rows.at(-1)?.certificate.fingerprint, unserved.fingerprint);
  const ends = rows.slice(0, -1).map(({ certificate }) => certificate.notAfter);
  t.deepEqual(ends, ends.toSorted());
});

test('a certificate is found by what it says, where it lies, and whose it is', (t) => {
  const holds = certificateSearch();
  const row = rowOf(incident, checkout);
  if (row === undefined) throw new Error('the example has this certificate');
  for (const word of ['checkout', checkout.slice(0, 10), "let's", 'fullchain.pem', 'web-1', 'owner=payments'])
    t.true(holds(row, word), word);
  t.false(holds(row, 'owner=web'));
});
