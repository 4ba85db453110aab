import test from 'ava';
import { followed } from '../../../../collector/web/live/applied-changes.ts';
import { fits, idOf, momentOf } from '../../../../collector/web/live/moments.ts';
import fc from '../../../helpers/properties.ts';
import { happenings, randomFleet } from '../../helpers/random-fleet.ts';

test('a page that read the estate once and applies what changes has the estate of the collector', (t) => {
  fc.assert(
    fc.property(happenings, happenings, fc.nat(3), (before, after, rarely) => {
      const fleet = randomFleet();
      for (const one of before) fleet.happen(one);
      fleet.settle();
      fleet.keeper.forgetChanges();
      const page = followed(structuredClone(fleet.kept()));
      for (const [index, one] of after.entries()) {
        fleet.happen(one);
        if (index % (rarely + 1) !== 0) continue;
        fleet.settle();
        const { at, targets } = fleet.kept();
        const hostless = [...fleet.keeper.hostless()];
        const isTold = index % 3 !== 0;
        const change = { at, ...fleet.keeper.changes(isTold), events: [], targets, hostless };
        const shown = page.apply(JSON.parse(JSON.stringify(change)));
        if (isTold) t.deepEqual(shown, JSON.parse(JSON.stringify(fleet.kept())));
      }
    }),
    { numRuns: 300 },
  );
});

test('lists that a change does not concern stay the same ones', (t) => {
  const fleet = randomFleet();
  for (const host of [0, 1]) fleet.happen({ what: 'told', host, certificates: [host, 5], findings: 1 });
  fleet.settle();
  fleet.keeper.forgetChanges();
  const first = fleet.kept();
  const page = followed(first);
  fleet.happen({ what: 'conflict', host: 1 });
  fleet.settle();
  const next = page.apply({ at: first.at, ...fleet.keeper.changes(true), events: [] });
  t.not(next.hosts, first.hosts);
  t.is(next.hosts[0], first.hosts[0]);
  t.is(next.endpoints, first.endpoints);
  t.is(next.findings, first.findings);
  t.deepEqual(next.certificates, first.certificates);
  t.true(next.certificates.every((certificate, index) => certificate === first.certificates[index]));
});

test('moments are told by process and revision, and only the next one fits', (t) => {
  const now = momentOf('W/"0123456789ab-7"');
  t.deepEqual(now, { run: '0123456789ab', revision: 7 });
  t.is(now && idOf(now), '0123456789ab-7');
  t.is(fits(now, momentOf('0123456789ab-8')), 'next');
  t.is(fits(now, momentOf('0123456789ab-7')), 'known');
  t.is(fits(now, momentOf('0123456789ab-9')), 'gap');
  t.is(fits(now, momentOf('aaaaaaaaaaaa-8')), 'gap');
  t.is(fits(undefined, momentOf('0123456789ab-8')), 'gap');
  for (const text of [null, '', '1', 'x-1', '"0123-"']) t.is(momentOf(text), undefined, String(text));
});
