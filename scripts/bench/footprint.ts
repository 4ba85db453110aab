import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packagedFiles } from '../../test/helpers/packaged-files.ts';
import { openSandbox, type Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { atRest, passing } from './footprint/at-rest.ts';
import { type FleetAgent, startFleetHost } from './footprint/fleet-host.ts';
import { memoryOf } from './footprint/process-cost.ts';
import { type Bench, type Goal, median } from './goal.ts';
import { unitEnvironment } from './unit-environment.ts';

const certificates = 20;
const rounds = 5;
/** After this the daemon has tidied up after its first look (agent/system/spare-memory.ts). */
const settledMs = 20_000;
const top = fileURLToPath(new URL('../..', import.meta.url));

/**
 * What the agent costs a host that has 20 certificates and a collector: memory and start against an idle Node, processor and wake-ups
 * over one whole round of looks, and `check`. By the single binary. What a page of memory costs after a rest is told beside it.
 */
export const footprint: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    progress('footprint: building the single binary, as it is shipped');
    const { binary } = await packagedFiles();
    const host = await startFleetHost(sandbox, certificates, unitEnvironment('agent'));
    const kept = await host.enrol('kept', [binary]);
    // Of a file of its own: what is read of the one daemon's executable would be present for the other as well.
    const copy = join(sandbox.directory, basename(binary));
    copyFileSync(binary, copy);
    const alone = await host.enrol('alone', [copy]);
    return [
      ...(await started(sandbox, kept, progress)),
      ...(await atRest(sandbox, { kept, alone }, settledMs, progress)),
      await checked(kept),
      ...sizes(binary),
    ];
  } finally {
    await sandbox.close();
  }
};

async function started(sandbox: Sandbox, agent: FleetAgent, progress: (text: string) => void): Promise<Goal[]> {
  const ours = { rss: [] as number[], anonymous: [] as number[], ms: [] as number[] };
  const bare = { rss: [] as number[], anonymous: [] as number[], ms: [] as number[] };
  for (let round = 1; round <= rounds; round += 1) {
    const began = performance.now();
    await sandbox.run(process.execPath, ['-e', '0']);
    bare.ms.push(performance.now() - began);
    const idle = sandbox.start(
      process.execPath,
      ['-e', 'setInterval(() => {}, 2 ** 30)'],
      join(sandbox.directory, 'idle.log'),
    );
    const { daemon, connectedMs } = await agent.start();
    ours.ms.push(connectedMs);
    await passing(settledMs);
    for (const [process, kept] of [[idle, bare] as const, [daemon, ours] as const]) {
      const { rss, anonymous } = memoryOf(process.pid);
      kept.rss.push(rss);
      kept.anonymous.push(anonymous);
      await process.end();
    }
    progress(
      `footprint: start ${round} of ${rounds}: connected after ${Math.round(connectedMs)} ms, ${ours.anonymous.at(-1)?.toFixed(1)} MB anonymous`,
    );
  }
  const line = (what: string, unit: string, key: keyof typeof ours, idle: string, below: number): Goal => ({
    what,
    unit,
    ours: median(ours[key]),
    baseline: { what: idle, value: median(bare[key]) },
    goal: { of: 'ratio', below },
    note: `median of ${rounds}, worst ${Math.max(...ours[key]).toFixed(0)}`,
  });
  return [
    line('anonymous memory at rest', 'MB', 'anonymous', 'idle node', 2),
    line('resident memory at rest', 'MB', 'rss', 'idle node', 1.6),
    line('start to connected', 'ms', 'ms', 'node -e 0', 3),
  ];
}

async function checked(agent: FleetAgent): Promise<Goal> {
  const took: number[] = [];
  for (let round = 1; round <= rounds; round += 1) took.push(await agent.check());
  return {
    what: `check of ${certificates} certificates`,
    unit: 'ms',
    ours: median(took),
    baseline: { what: 'allowed', value: 1000 },
    goal: { of: 'ours', below: 1000 },
    note: `median of ${rounds}, worst ${Math.max(...took).toFixed(0)} ms`,
  };
}

/** As `npm run package` last built them; the packages that are made for this are packed quickly, not well. */
function sizes(binary: string): Goal[] {
  const build = join(top, 'build');
  const packed = (existsSync(build) ? readdirSync(build) : []).filter((name) => /^certherd-agent_.+\.deb$/.test(name));
  const line = (what: string, path: string, below: number): Goal => ({
    what,
    unit: 'MB',
    ours: statSync(path).size / 1e6,
    baseline: { what: 'allowed', value: below },
    goal: { of: 'ours', below },
    note: basename(path),
  });
  return [line('single binary', binary, 115), ...packed.map((name) => line('the same packed', join(build, name), 30))];
}
