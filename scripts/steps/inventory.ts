import { until } from '../../test/helpers/testbed/until.ts';
import { ended } from '../stage/deployed.ts';
import { provedAt, readEstate } from '../stage/estate.ts';
import { endpointsOf, servedFor } from '../stage/sites.ts';
import { countOf } from '../stage/stage.ts';
import type { Step } from './step.ts';

/** The collector knows every certificate and endpoint, and says of each what our own handshakes say. */
export const inventory: Step = {
  name: 'inventory',
  title: 'the inventory appears',
  async play({ agent, certbot, collector, exhibits }, narrator) {
    const expected = await Promise.all(
      endpointsOf(exhibits).map(async ({ serverName, exhibit }) => ({
        place: { serverName, port: exhibit.port, algorithm: exhibit.algorithm },
        leaf: certbot.lineage(exhibit.lineage).leaf(),
        served: await servedFor(exhibit, serverName),
      })),
    );
    for (const { place, leaf, served } of expected)
      if (served !== leaf) throw new Error(`${place.serverName} does not serve its newest certificate from the start`);
    narrator.fact(
      `own handshakes: ${countOf(expected.length, 'endpoint')}, each serves its lineage's newest certificate`,
    );

    const estate = await narrator.during(
      'waiting for the agent to report',
      () =>
        until(
          `the collector says of all ${expected.length} endpoints that they are proved`,
          async () => {
            const seen = await readEstate(collector.webAddress);
            return expected.every(({ place, leaf }) => provedAt(seen, place, leaf)) && seen;
          },
          { deadlineMs: 30_000, everyMs: 50, hopeless: ended(agent) },
        ),
      (seen) =>
        `the collector has them: ${countOf(seen.hosts.length, 'host')}, ${countOf(seen.lineages.length, 'lineage')}`,
    );
    const urgent = estate.findings.filter(({ severity }) => severity !== 'notice');
    if (urgent.length > 0) throw new Error(`there is a finding already: ${urgent[0]?.code}: ${urgent[0]?.cause}`);
    return `${countOf(expected.length, 'endpoint')} of ${countOf(estate.lineages.length, 'lineage')}: issued = configured = served`;
  },
};
