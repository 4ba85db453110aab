import test from 'ava';
import { hostHolds, hostRowsOf, renewabilityOf } from '../../../collector/present/host-rows.ts';
import { incidentEstate } from '../web/example-incident.ts';

const rows = hostRowsOf(incidentEstate(new Date('2026-11-23T03:00:00.000Z')));

test('the worst hosts stand first', (t) => {
  t.deepEqual(
    rows.slice(0, 4).map(({ host }) => host.name),
    ['edge-fra', 'web-1', 'build-1', 'api-2'],
  );
});

test('a host counts its endpoints, findings and lineages', (t) => {
  const row = rows.find(({ host }) => host.name === 'web-1');
  t.is(row?.endpoints, 5);
  t.is(row?.findings, 1);
  t.deepEqual(row?.renewability, { lineages: 3, good: 0, bad: 0 });
});

test('renewable is what a rehearsal told; what it could not tell counts for neither', (t) => {
  const rehearsal = (ok?: boolean) => ({
    rehearsal: { at: '2026-11-23T03:00:00.000Z', reasons: [], ...(ok !== undefined && { ok }) },
  });
  t.deepEqual(renewabilityOf([rehearsal(true), rehearsal(true), rehearsal(false), rehearsal(), {}]), {
    lineages: 5,
    good: 2,
    bad: 1,
  });
});

test('a host is found by name, status, reason, platform and label', (t) => {
  const found = (word: string) => rows.filter((row) => hostHolds(row, word)).map(({ host }) => host.name);
  t.deepEqual(found('owner=web'), ['web-1']);
  t.deepEqual(found('silent'), ['build-1']);
  t.deepEqual(found('nothing like this'), []);
});
