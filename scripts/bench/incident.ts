import { watch } from 'node:fs';
import { dirname } from 'node:path';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { provedAt, readEstate } from '../stage/estate.ts';
import { narrating } from '../stage/narrator.ts';
import { type Exhibit, servedFor } from '../stage/sites.ts';
import { type Stage, setStage } from '../stage/stage.ts';
import { type Bench, type Goal, median } from './goal.ts';

const incidents = 10;

interface Times {
  /** Milliseconds from the last link swap. */
  served: number;
  proved: number;
}

/**
 * The incident, ten times: certbot renews and nobody reloads. From the lineage's last link swap until our own handshakes
 * see the new certificate, and until the collector calls it proved. The baseline is a person at the keyboard who types
 * `nginx -s reload` at the very instant of the swap, with no agent on the machine.
 */
export const incident: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const stage = await setStage(
      sandbox,
      narrating(process.stderr, () => performance.now()),
    );
    await firstProof(stage);
    const ours: Times[] = [];
    for (let round = 1; round <= incidents; round += 1) {
      ours.push(await healedByAgent(stage));
      progress(
        `incident ${round} of ${incidents}: served after ${Math.round(ours.at(-1)?.served ?? 0)} ms, proved after ${Math.round(ours.at(-1)?.proved ?? 0)} ms`,
      );
    }
    await stage.agent.end();
    const byHand: number[] = [];
    for (let round = 1; round <= incidents; round += 1) {
      byHand.push(await healedByHand(stage));
      progress(`by hand ${round} of ${incidents}: served after ${Math.round(byHand.at(-1) ?? 0)} ms`);
    }
    return goals(ours, byHand);
  } finally {
    await sandbox.close();
  }
};

function goals(ours: Times[], byHand: number[]): Goal[] {
  const served = ours.map((times) => times.served);
  const proved = ours.map((times) => times.proved);
  const baseline = { what: 'nginx -s reload by hand, to served', value: median(byHand) };
  const spread = (values: number[]) => `median of ${values.length}, max ${Math.round(Math.max(...values))} ms`;
  return [
    { what: 'link swap to served', unit: 'ms', ours: median(served), baseline, note: spread(served) },
    {
      what: 'link swap to served and proved',
      unit: 'ms',
      ours: median(proved),
      baseline,
      goal: { of: 'ours', below: 3000 },
      note: spread(proved),
    },
  ];
}

async function healedByAgent(stage: Stage): Promise<Times> {
  const { swappedAt, healed } = await renewAndWatch(
    stage,
    () => undefined,
    async (exhibit, newest) => {
      const seen = { served: 0 };
      await shown(exhibit, newest);
      seen.served = performance.now();
      const place = { serverName: exhibit.identifiers[0] ?? '', port: exhibit.port, algorithm: exhibit.algorithm };
      await until(
        'the collector calls it proved',
        async () => provedAt(await readEstate(stage.collector.webAddress), place, newest),
        { deadlineMs: 60_000 },
      );
      return { served: seen.served, proved: performance.now() };
    },
  );
  return { served: healed.served - swappedAt, proved: healed.proved - swappedAt };
}

async function healedByHand(stage: Stage): Promise<number> {
  let reloaded: Promise<unknown> | undefined;
  const { swappedAt, healed } = await renewAndWatch(
    stage,
    () => {
      reloaded ??= stage.nginx.reload();
    },
    async (exhibit, newest) => {
      await shown(exhibit, newest);
      return performance.now();
    },
  );
  await reloaded;
  return healed - swappedAt;
}

/**
 * Renews the shop's ECDSA certificate outside the agent. certbot swaps cert, privkey, chain and fullchain in this order,
 * so the first sight of the new fullchain.pem is the last swap; handshakes run from then on, while certbot still ends.
 */
async function renewAndWatch<T>(
  { certbot, exhibits }: Stage,
  swapped: () => void,
  heal: (exhibit: Exhibit, newest: string) => Promise<T>,
): Promise<{ swappedAt: number; healed: T }> {
  const exhibit = exhibits.shop;
  const lineage = certbot.lineage(exhibit.lineage);
  const before = lineage.leaf();
  let watcher: ReturnType<typeof watch> | undefined;
  const swap = new Promise<{ at: number; newest: string }>((resolve) => {
    watcher = watch(dirname(lineage.certificate), () => {
      const at = performance.now();
      const newest = leafIfThere(lineage.leaf);
      if (newest !== undefined && newest !== before) resolve({ at, newest });
    });
  });
  try {
    const renewal = certbot.renew(exhibit.lineage);
    const failing = renewal.then((ran) => {
      if (ran.exit !== 0) throw new Error(`certbot renew failed: ${ran.stderr}`);
      return swap;
    });
    const { at, newest } = await Promise.race([swap, failing]);
    swapped();
    const healed = await heal(exhibit, newest);
    await renewal;
    return { swappedAt: at, healed };
  } finally {
    watcher?.close();
  }
}

/** Between unlink and symlink there is no fullchain.pem. */
function leafIfThere(leaf: () => string): string | undefined {
  try {
    return leaf();
  } catch {
    return undefined;
  }
}

async function shown(exhibit: Exhibit, fingerprint: string): Promise<void> {
  await until('clients are shown the new certificate', async () => (await servedFor(exhibit)) === fingerprint, {
    deadlineMs: 60_000,
  });
}

async function firstProof({ certbot, collector, exhibits: { shop } }: Stage): Promise<void> {
  const place = { serverName: shop.identifiers[0] ?? '', port: shop.port, algorithm: shop.algorithm };
  await until(
    'the collector calls the shop proved',
    async () => provedAt(await readEstate(collector.webAddress), place, certbot.lineage(shop.lineage).leaf()),
    { deadlineMs: 30_000 },
  );
}
