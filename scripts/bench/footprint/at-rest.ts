import { fileURLToPath } from 'node:url';
import type { Sandbox } from '../../../test/helpers/testbed/sandbox.ts';
import type { Goal } from '../goal.ts';
import type { FleetAgent } from './fleet-host.ts';
import { readMemoryOf } from './kept-present.ts';
import { type Spent, spentBy } from './process-cost.ts';

/** Left alone for a minute memory costs nothing anywhere that was seen; after five it does, where a hypervisor has taken it. */
const readEveryMs = 20_000;
/** The first looks after the tidying take V8's space for new objects anew, and find its caches flushed; what follows for years does not. */
const looksBefore = 3;
const control = fileURLToPath(new URL('rested-memory.ts', import.meta.url));

/** What an agent spent from one look of the whole host to the next, a minute. */
interface Rest {
  aMinute: Spent;
  minutes: number;
}

/**
 * Two agents at once, from one look of the whole host to the next: as much of everything as there is in all the time that follows.
 * The memory of `kept` is read meanwhile, and `alone` is left alone, as a bare Node beside them is (decision 112).
 */
export async function atRest(
  sandbox: Sandbox,
  { kept, alone }: { kept: FleetAgent; alone: FleetAgent },
  settledMs: number,
  progress: (text: string) => void,
): Promise<Goal[]> {
  const daemons = { kept: (await kept.start()).daemon, alone: (await alone.start()).daemon };
  await passing(settledMs);
  for (let look = 0; look < looksBefore; look += 1) await Promise.all([kept.look(), alone.look()]);
  await passing(settledMs);
  const restMs = nextLookOf(kept) - Date.now();
  progress(`footprint: at rest until the next look, in ${Math.round(restMs / 1000)} s`);
  const reading = setInterval(() => readMemoryOf(daemons.kept.pid), readEveryMs);
  try {
    const [own, left, page] = await Promise.all([
      untilNextLook(kept, daemons.kept.pid, settledMs),
      untilNextLook(alone, daemons.alone.pid, settledMs),
      restedPage(sandbox, restMs),
    ]);
    return linesOf(own, left, page, restMs / 60_000);
  } finally {
    clearInterval(reading);
    await Promise.all([daemons.kept.end(), daemons.alone.end()]);
  }
}

function linesOf(own: Rest, left: Rest, page: RestedPage, restMinutes: number): Goal[] {
  const over = ({ minutes }: Rest) => `over ${minutes.toFixed(1)} minutes with one look at everything`;
  const line = (what: string, unit: string, ours: number, below: number): Goal => ({
    what,
    unit,
    ours,
    baseline: { what: 'allowed', value: below },
    note: over(own),
  });
  const goal = (one: Goal): Goal => ({ ...one, goal: { of: 'ours', below: one.baseline.value } });
  const taken = page.restedNs > 10 * page.againNs && page.restedNs > 1000;
  return [
    goal(line('processor at rest, a minute, its memory present', 'ms', own.aMinute.cpuMs, 15)),
    {
      ...line('processor at rest, a minute, left alone', 'ms', left.aMinute.cpuMs, 15),
      note: taken
        ? `${over(left)}; memory that is left alone is taken away here, as the next line has it`
        : `${over(left)}; no memory is taken away here, as the next line has it`,
    },
    {
      what: `a page of a bare node's memory after ${restMinutes.toFixed(1)} minutes`,
      unit: 'ns',
      ours: page.restedNs,
      baseline: { what: 'read again', value: page.againNs },
    },
    goal(line('wake-ups at rest, a minute', 'switches', own.aMinute.wakeUps, 30)),
  ];
}

async function untilNextLook(agent: FleetAgent, pid: number, settledMs: number): Promise<Rest> {
  const first = agent.status()?.lookedAt;
  const before = spentBy(pid);
  const began = performance.now();
  await passing(nextLookOf(agent) - Date.now() + settledMs);
  if (agent.status()?.lookedAt === first) throw new Error('no look came when it was to come');
  const after = spentBy(pid);
  const minutes = (performance.now() - began) / 60_000;
  const aMinute = {
    cpuMs: (after.cpuMs - before.cpuMs) / minutes,
    wakeUps: (after.wakeUps - before.wakeUps) / minutes,
  };
  return { aMinute, minutes };
}

/** Nanoseconds of processor time to read a page that was left alone, and one that was not. */
interface RestedPage {
  restedNs: number;
  againNs: number;
}

async function restedPage(sandbox: Sandbox, restMs: number): Promise<RestedPage> {
  const { stdout, stderr } = await sandbox.run(process.execPath, [control, String(Math.round(restMs))], {
    timeoutMs: restMs + 60_000,
  });
  if (stdout === '') throw new Error(`the control failed: ${stderr}`);
  const page: RestedPage = JSON.parse(stdout);
  return page;
}

function nextLookOf(agent: FleetAgent): number {
  return Date.parse(agent.status()?.nextLookAt ?? '');
}

/** What is measured here is what time alone brings. */
export function passing(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
