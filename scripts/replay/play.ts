import type { FindingView } from '../../collector/serve/estate.ts';
import { startHost } from '../../test/helpers/host.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { ended } from '../stage/deployed.ts';
import { readEstate } from '../stage/estate.ts';
import type { Narrator } from '../stage/narrator.ts';
import { prepareCollector } from '../stage/products.ts';
import type { Befallen, Outage, Played, Stage } from './outage.ts';

/** A busy machine is no outage that was missed. */
const patience = { deadlineMs: 240_000, everyMs: 50 };

/** Plays one outage on a stage of its own, which is gone afterwards. Never rejects: what went wrong is in `failure`. */
export async function play(outage: Outage, narrator: Narrator): Promise<Played> {
  const { name, title, sources } = outage;
  const closers: (() => unknown)[] = [];
  let played: Played = { name, title, sources, detected: false, healed: false };
  try {
    const stage = await narrator.during(
      'starting CA, nginx, collector and agent, and certbot issues',
      () => setStage(outage, (close) => void closers.push(close)),
      () => 'all is well: the collector has the host, and no finding that is urgent',
    );
    const befallen = await outage.befall(stage, narrator.fact);
    const finding = await detected(stage, befallen, narrator);
    played = { ...played, ...found(finding, befallen) };
    const healedSeconds = await healed(stage, befallen, finding, narrator);
    played = { ...played, healed: true, healedSeconds };
  } catch (error) {
    played = { ...played, failure: error instanceof Error ? error.message : String(error) };
  }
  for (const close of closers.toReversed()) await close();
  const { detectedSeconds: seconds, failure } = played;
  narrator.verdict(
    played.healed,
    failure ?? `detected after ${seconds} s, healed after ${played.healedSeconds} s by ${played.healedBy}`,
  );
  return played;
}

/** Nothing runs for the outage before this: the agent has looked once, and found nothing that needs anybody. */
async function setStage(outage: Outage, teardown: (close: () => unknown) => void): Promise<Stage> {
  const host = await startHost(
    { teardown: (close) => teardown(close) },
    {
      rescanSeconds: 5,
      ...(outage.acmeAnswer && { acmeAnswer: outage.acmeAnswer }),
      ...(outage.validitySeconds !== undefined && { validitySeconds: outage.validitySeconds }),
    },
  );
  await outage.prepare?.(host);
  host.setMode(outage.mode);
  const outside = `scan_allow = ["loopback"]\nscan_name_servers = ["${host.pebble.dnsServer}"]\n`;
  const collector = await prepareCollector(host.sandbox, 2, outside);
  await collector.start();
  const enrolled = await host.agent(['enroll', await collector.join()]);
  if (enrolled.exit !== 0) throw new Error(`enroll failed: ${enrolled.stderr}`);
  const stage = { host, collector, agent: host.daemon() };
  await until('the collector has the host, and all is well', () => isQuiet(stage), waiting(stage));
  return stage;
}

async function isQuiet({ collector }: Stage): Promise<boolean> {
  const { endpoints, findings } = await readEstate(collector.webAddress);
  return endpoints.some(({ status }) => status === 'proved') && findings.every(({ severity }) => severity === 'notice');
}

function detected(stage: Stage, { code, about, cause }: Befallen, narrator: Narrator): Promise<FindingView> {
  const isIt = (one: FindingView) => one.code === code && cause.test(one.cause) && (about?.(one) ?? true);
  return narrator.during(
    `waiting for the collector to tell of ${code}`,
    () =>
      until(
        `the collector tells of ${code} with the true cause`,
        async () => {
          const { findings } = await readEstate(stage.collector.webAddress);
          const finding = findings.find(isIt);
          if (!finding) throw new Error(findings.map((one) => `${one.code}: ${one.cause}`).join('; ') || 'no finding');
          return finding;
        },
        waiting(stage),
      ),
    (finding) => `${finding.code}: ${finding.cause}`,
  );
}

function found({ code, cause, remedy }: FindingView, { since, healedBy }: Befallen): Partial<Played> {
  return { detected: true, detectedSeconds: seconds(Date.now() - since), code, cause, remedy, healedBy };
}

/** Does what heals it; seconds until both the clients and the collector see that it is over. */
async function healed(stage: Stage, befallen: Befallen, finding: FindingView, narrator: Narrator): Promise<number> {
  const began = performance.now();
  const { code } = finding;
  const isGone = async () => {
    const { findings } = await readEstate(stage.collector.webAddress);
    return !findings.some((one) => one.code === code && (befallen.about?.(one) ?? true));
  };
  await narrator.during(
    `${befallen.healedBy}: ${finding.remedy}`,
    async () => {
      await befallen.heal(finding);
      await until('clients are shown the right certificate', befallen.isOver, waiting(stage));
      await until(`the collector tells of ${code} no longer`, isGone, waiting(stage));
    },
    () => `healed by ${befallen.healedBy}: ${finding.remedy}`,
  );
  return seconds(performance.now() - began);
}

function waiting({ agent }: Stage) {
  return { ...patience, hopeless: ended(agent) };
}

function seconds(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds / 100) / 10);
}
