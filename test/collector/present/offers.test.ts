import test from 'ava';
import { offersOf } from '../../../collector/present/offers.ts';

const host = { connected: true, mode: 'renew', name: 'web-1' } as const;
const endpoint = { server: 'nginx', serverName: 'shop.example' } as const;
const lineages = [{ name: 'shop' }];
const overdue = { code: 'overdue', subject: { kind: 'lineage', id: 'shop' } } as const;
const notServed = { code: 'not-served', subject: { kind: 'endpoint', id: 'shop@0.0.0.0:443/ecdsa' } } as const;

const verbsOf = (...[finding, facts]: Parameters<typeof offersOf>) => offersOf(finding, facts).map(({ verb }) => verb);

test('a lineage whose renewal is late can be renewed, and looked at again', (t) => {
  t.deepEqual(offersOf(overdue, { host, lineages, concerned: [] }), [
    { verb: 'renew', subject: 'shop', name: 'shop' },
    { verb: 'verify', subject: 'shop', name: 'shop' },
  ]);
});

test('what the policy of the host, or of the lineage, does not allow is not offered', (t) => {
  const facts = { lineages, concerned: [endpoint] };
  t.deepEqual(verbsOf(overdue, { ...facts, host: { ...host, mode: 'deploy' } }), ['verify']);
  t.deepEqual(verbsOf(notServed, { ...facts, host: { ...host, mode: 'observe' } }), ['verify']);
  const asksForMore = { ...facts, lineages: [{ name: 'shop', mode: 'renew' as const }] };
  t.deepEqual(verbsOf(overdue, { ...asksForMore, host: { ...host, mode: 'observe' } }), ['renew', 'verify']);
  t.deepEqual(verbsOf(notServed, { ...asksForMore, host: { ...host, mode: 'observe' } }), ['reload', 'verify']);
});

test('a certificate that is not served yet wants a reload of the server that serves it', (t) => {
  t.deepEqual(offersOf(notServed, { host, lineages, concerned: [endpoint] })[0], {
    verb: 'reload',
    subject: 'nginx',
    name: 'nginx',
  });
  const other = { ...endpoint, server: 'other' as const };
  t.deepEqual(
    verbsOf(notServed, { host, lineages, concerned: [other] }),
    ['verify'],
    'nobody reloads a listed listener',
  );
});

test('an endpoint that is looked at again is called by its name, where it has one', (t) => {
  const last = (serverName: string) =>
    offersOf(notServed, { host, lineages, concerned: [{ ...endpoint, serverName }] }).at(-1);
  t.deepEqual(last('shop.example'), { verb: 'verify', subject: notServed.subject.id, name: 'shop.example' });
  t.is(last('')?.name, notServed.subject.id);
});

test('what neither a renewal nor a reload would end is only looked at again', (t) => {
  const mismatch = { code: 'key-mismatch', subject: { kind: 'lineage', id: 'shop' } } as const;
  t.deepEqual(verbsOf(mismatch, { host, lineages, concerned: [endpoint] }), ['verify']);
  const missing = { code: 'file-missing', subject: { kind: 'file', id: '/etc/shop.pem' } } as const;
  t.deepEqual(offersOf(missing, { host, lineages, concerned: [] }), [
    { verb: 'rescan', subject: 'web-1', name: 'web-1' },
  ]);
});

test('nothing is asked of a host that is not connected', (t) => {
  t.deepEqual(verbsOf(overdue, { host: { ...host, connected: false }, lineages, concerned: [] }), []);
  t.deepEqual(verbsOf(overdue, { host: undefined, lineages, concerned: [] }), []);
});

test('of a place that was seen from outside the host looks again at all that it has; of no host nothing is asked', (t) => {
  const front = {
    code: 'front-holds-copy',
    subject: { kind: 'endpoint', id: 'shop.example@192.0.2.1:443/ecdsa' },
  } as const;
  t.deepEqual(offersOf(front, { host, lineages, concerned: [] }), [
    { verb: 'rescan', subject: 'web-1', name: 'web-1' },
  ]);
  t.deepEqual(offersOf(front, { host: undefined, lineages: [], concerned: [] }), []);
});
