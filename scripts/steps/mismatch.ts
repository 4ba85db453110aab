import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { until } from '../../test/helpers/testbed/until.ts';
import { deployed, ended } from '../stage/deployed.ts';
import { findingOf, readEstate } from '../stage/estate.ts';
import type { Narrator } from '../stage/narrator.ts';
import { runRemedy } from '../stage/remedy.ts';
import { servedFor, short } from '../stage/sites.ts';
import type { Stage } from '../stage/stage.ts';
import { demand, type Step } from './step.ts';

/** A renewal whose key does not fit: nginx must not be touched, and the finding must say how to mend it. */
export const mismatch: Step = {
  name: 'key mismatch',
  title: 'a broken renewal: the key does not match',
  async play(stage, narrator) {
    const { certbot, collector, exhibits, nginx } = stage;
    const lineage = certbot.lineage(exhibits.api.lineage);
    const before = await servedFor(exhibits.api);
    const workers = nginx.workers();
    const reloads = reloadsLogged(nginx.errorLog);
    await narrator.during(
      'certbot renews, and the key is replaced by one that does not belong to it',
      () => breakRenewal(stage),
      () => `on disk is ${short(lineage.leaf())} with a key of another certificate`,
    );
    const broken = lineage.leaf();
    demand(broken !== before, 'certbot renewed nothing');

    const finding = await narrator.during(
      'waiting for the finding',
      () =>
        until(
          'the collector shows a key-mismatch finding',
          async () => findingOf(await readEstate(collector.webAddress), 'key-mismatch', exhibits.api.lineage),
          { deadlineMs: 30_000, everyMs: 50, hopeless: ended(stage.agent) },
        ),
      (found) => `finding ${found.code}: ${found.cause}`,
    );
    demand(
      finding.severity === 'critical' && finding.cause !== '' && finding.remedy !== '',
      'it lacks cause or remedy',
    );
    await narrator.during(
      'waiting for the agent to look twice more',
      () => lookedAgain(collector.webAddress, 2),
      () => 'the agent looked twice more, and left nginx alone',
    );
    demand((await servedFor(exhibits.api)) === before, 'clients are shown another certificate');
    demand(nginx.workers().join() === workers.join(), 'nginx has other workers: it was reloaded');
    demand(reloadsLogged(nginx.errorLog) === reloads, "nginx's log tells of a reload");

    const mendedAt = Date.now();
    await narrator.during(
      `running the remedy as it is written: ${finding.remedy}`,
      () => runRemedy(stage.sandbox, finding.remedy),
      () => 'the remedy, run word by word, ended with 0',
    );
    const mended = lineage.leaf();
    demand(mended !== broken, 'the remedy renewed nothing');
    const evidence = await deployed(stage, narrator, { exhibit: exhibits.api, fingerprint: mended, since: mendedAt });
    await findingGone(stage, narrator);
    return `nginx kept ${short(before)} until the remedy brought ${short(mended)}; ${evidence}`;
  },
};

/**
 * Renews outside the agent and puts a stranger's key in the place of the new one. The agent is stopped (SIGSTOP) from
 * the first new file on, so that it finds the broken pair whole and never sees the good one that certbot wrote.
 */
async function breakRenewal({ agent, certbot, exhibits }: Stage): Promise<void> {
  const lineage = certbot.lineage(exhibits.api.lineage);
  const watcher = watch(lineage.archive, () => agent.signal('SIGSTOP'));
  try {
    const renewed = await certbot.renew(exhibits.api.lineage);
    demand(renewed.exit === 0, `certbot renew failed: ${renewed.stderr}`);
    watcher.close();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const target = lineage.keyTarget();
    const beside = `${target}.new`;
    writeFileSync(beside, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    renameSync(beside, target);
  } finally {
    watcher.close();
    agent.signal('SIGCONT');
  }
}

async function findingGone({ collector, exhibits }: Stage, narrator: Narrator): Promise<void> {
  await narrator.during(
    'waiting for the finding to end',
    () =>
      until(
        'the key-mismatch finding ends',
        async () =>
          findingOf(await readEstate(collector.webAddress), 'key-mismatch', exhibits.api.lineage) === undefined,
        { everyMs: 50 },
      ),
    () => 'the finding is gone',
  );
}

/** Waits until the collector was told `times` more that the facts were looked at. */
async function lookedAgain(webAddress: string, times: number): Promise<void> {
  const observedAt = async () => (await readEstate(webAddress)).hosts[0]?.observedAt;
  for (let time = 0; time < times; time += 1) {
    const last = await observedAt();
    await until('the agent looks again', async () => (await observedAt()) !== last, { everyMs: 100 });
  }
}

/** nginx notes "reconfiguring" when a reload begins (src/os/unix/ngx_process_cycle.c). */
function reloadsLogged(errorLog: string): number {
  return readFileSync(errorLog, 'utf8').split('reconfiguring').length - 1;
}
