import { until } from '../../test/helpers/testbed/until.ts';
import { proved, served } from '../stage/deployed.ts';
import { eventsSince, readEstate } from '../stage/estate.ts';
import { servedFor, short } from '../stage/sites.ts';
import { demand, type Step } from './step.ts';

/** The collector dies; the host goes on by itself, and what happened arrives afterwards, once. */
export const outage: Step = {
  name: 'collector outage',
  title: 'the collector is killed while a renewal happens',
  async play(stage, narrator) {
    const { certbot, collector, exhibits } = stage;
    const lineage = certbot.lineage(exhibits.shopRsa.lineage);
    const before = await servedFor(exhibits.shopRsa);
    const earlier = new Set((await readEstate(collector.webAddress)).events.map(identity));
    await collector.kill();
    const since = Date.now();
    demand(await unreachable(collector.webAddress), 'the collector still answers');
    narrator.fact('the collector is gone (SIGKILL)');

    const renewed = await narrator.during(
      'certbot renew, with no hook',
      () => certbot.renew(exhibits.shopRsa.lineage),
      () => `on disk is ${short(lineage.leaf())}, nginx loaded ${short(before)}`,
    );
    demand(renewed.exit === 0, `certbot renew failed: ${renewed.stderr}`);
    const newest = lineage.leaf();
    const expected = { exhibit: exhibits.shopRsa, fingerprint: newest, since };
    await served(stage, narrator, expected);
    demand(await unreachable(collector.webAddress), 'the collector came back by itself');

    await narrator.during(
      'starting the collector again',
      () => collector.start(),
      () => 'the collector is up again, on the same data',
    );
    const evidence = await proved(stage, narrator, { ...expected, deadlineMs: 60_000 });
    await narrator.during(
      'waiting for the agent to be heard twice more',
      () => heardAgain(collector.webAddress, 2),
      () => 'the session goes on, nothing more arrives',
    );
    const { events } = await readEstate(collector.webAddress);
    const once = new Set(events.map(identity));
    demand(once.size === events.length, 'an event is there twice');
    demand(
      [...earlier].every((event) => once.has(event) || events.length === 100),
      'an event from before the crash is lost',
    );
    const deployments = eventsSince(await readEstate(collector.webAddress), 'deployment', since);
    demand(deployments.length === 1, `${deployments.length} deployment events arrived, where one was done`);
    return `the host did without; its event arrived once; ${evidence}`;
  },
};

function identity({ agentId, epoch, seq }: { agentId: string; epoch: string; seq: number }): string {
  return `${agentId} ${epoch} ${seq}`;
}

async function unreachable(webAddress: string): Promise<boolean> {
  return readEstate(webAddress).then(
    () => false,
    () => true,
  );
}

async function heardAgain(webAddress: string, times: number): Promise<void> {
  const heardAt = async () => (await readEstate(webAddress)).hosts[0]?.lastHeardAt;
  for (let time = 0; time < times; time += 1) {
    const last = await heardAt();
    await until('the agent is heard', async () => (await heardAt()) !== last, { everyMs: 100 });
  }
}
