import { readFileSync, writeFileSync } from 'node:fs';
import { until } from '../../test/helpers/testbed/until.ts';
import { deployed, ended } from '../stage/deployed.ts';
import { eventsSince, readEstate } from '../stage/estate.ts';
import { servedFor, short } from '../stage/sites.ts';
import { briefSeconds } from '../stage/stage.ts';
import { demand, type Step } from './step.ts';

/** A certificate comes due, and nobody but the agent does anything about it. */
export const renewal: Step = {
  name: 'renewal',
  title: 'a certificate comes due',
  async play(stage, narrator) {
    const { certbot, collector, exhibits, nginx, briefPebble } = stage;
    const lineage = certbot.lineage(exhibits.portal.lineage);
    // A CA that issues for less than a minute: once. The next renewal goes to the usual one again.
    const usual = readFileSync(lineage.renewalConfig);
    const issuedAt = Date.now();
    const issued = await narrator.during(
      `certbot issues ${exhibits.portal.lineage} for ${briefSeconds} s`,
      () =>
        certbot.issue(exhibits.portal.lineage, exhibits.portal.identifiers, {
          keyType: exhibits.portal.algorithm,
          webroot: nginx.webroot,
          pebble: briefPebble,
        }),
      () => `its life is ${briefSeconds} s: half of it is its renewal time`,
    );
    demand(issued.exit === 0, `certbot could not issue: ${issued.stderr}`);
    writeFileSync(lineage.renewalConfig, usual);
    const brief = lineage.leaf();
    await deployed(stage, narrator, { exhibit: exhibits.portal, fingerprint: brief, since: issuedAt });
    const deployedAt = Date.now();

    await narrator.during(
      'waiting for it to come due, and for the agent to renew it',
      () =>
        until('the agent renews it', () => lineage.leaf() !== brief, {
          deadlineMs: 45_000,
          everyMs: 50,
          hopeless: ended(stage.agent),
        }),
      () => `the agent renewed it: ${short(lineage.leaf())} takes the place of ${short(brief)}`,
    );
    const renewed = lineage.leaf();
    const evidence = await deployed(stage, narrator, {
      exhibit: exhibits.portal,
      fingerprint: renewed,
      since: deployedAt,
    });
    demand((await servedFor(exhibits.portal)) === renewed, 'it is served no more');
    const estate = await readEstate(collector.webAddress);
    const renewals = eventsSince(estate, 'renewal', issuedAt).filter(
      ({ subject }) => subject.id === exhibits.portal.lineage,
    );
    demand(renewals.length === 1, `the collector has ${renewals.length} renewal events of it, where one was done`);
    demand(renewals[0]?.ok === true, `the renewal is told as failed: ${renewals[0]?.summary}`);
    return `renewed ${short(renewed)} with nobody's help; ${evidence}`;
  },
};
