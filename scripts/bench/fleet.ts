import { setTimeout as pause } from 'node:timers/promises';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { type Fleet, startFleet } from '../load/fleet.ts';
import type { Counts } from '../load/messages.ts';
import { memoryOf, spentBy } from './footprint/process-cost.ts';
import { percentile, type Readings, startReader } from './fleet/reader.ts';
import { makeJoins, type Served, serve } from './fleet/served.ts';
import type { Bench, Goal } from './goal.ts';

const certificates = 20;
const idleMs = 20_000;
/** Longer than an agent waits between two tries. */
const patienceMs = 330_000;
/** The whole fleet is the issue's; the usual one takes three minutes; CERTHERD_AGENTS names another number. */
const sizes = { whole: 10_000, usual: 1_000 };

/**
 * A fleet of 20 certificates each on one collector: what an agent costs in memory and at rest, and what a restart costs, where all of them
 * come back at once while the page is read. Agents are simulated by scripts/load: real keys, TLS and protocol. --whole: 10,000 agents.
 */
export const fleet: Bench = async (progress, whole) => {
  const agents = Number(process.env['CERTHERD_AGENTS'] ?? (whole ? sizes.whole : sizes.usual));
  const sandbox = openSandbox();
  const folder = sandbox.folder('fleet');
  let served: Served | undefined;
  let load: Fleet | undefined;
  try {
    served = await serve(folder);
    load = startFleet({ joins: await makeJoins(folder, agents), certificates, renewalsPerHour: 0 });
    progress(`fleet: ${agents} agents enrol`);
    await all(load, agents, 'enrolled', progress);
    load.connect();
    await all(load, agents, 'connected', progress);
    const lines: Goal[] = [];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      progress(`fleet: the collector is ended by ${signal} and started again`);
      const before = await load.counts();
      await served.end(signal);
      served = await serve(folder, served);
      lines.push(...(await storm(served, load, { agents, before, signal, progress })));
    }
    progress('fleet: at rest');
    lines.push(...(await atRest(served, load, agents)));
    progress('fleet: memory, of two processes that nobody reads from');
    await served.end('SIGTERM');
    served = await serve(folder, served);
    await all(load, agents, 'connected', progress);
    const full = await anonymousMb(served);
    await load.stop();
    load = undefined;
    await served.end('SIGTERM');
    served = await serve(folder, served);
    const empty = await anonymousMb(served);
    lines.unshift({
      what: `memory of the collector for each of ${agents} connected agents`,
      unit: 'KB',
      ours: ((full - empty) * 1024) / agents,
      baseline: { what: 'a TLS socket alone', value: 52 },
      goal: { of: 'ours', below: 72 },
      note: `${full.toFixed(0)} MB with them, ${empty.toFixed(0)} without, both just started`,
    });
    return lines;
  } finally {
    await load?.stop();
    await served?.end('SIGKILL');
    await sandbox.close();
  }
};

interface Storm {
  agents: number;
  before: Counts;
  signal: string;
  progress: (text: string) => void;
}

/** All agents come back at once, while the page and the API are read. */
async function storm(served: Served, load: Fleet, { agents, before, signal, progress }: Storm): Promise<Goal[]> {
  await served.ask('begin');
  const began = performance.now();
  const spentBefore = spentBy(served.pid).cpuMs;
  const paths = ['/', '/api/v1/events', '/healthz'];
  const readers = paths.map((path) => startReader(served.web, path, 50));
  const estate = startReader(served.web, '/api/v1/estate', 15_000);
  const after = await all(load, agents, 'connected', progress);
  const seconds = (performance.now() - began) / 1000;
  const spent = spentBy(served.pid).cpuMs - spentBefore;
  const delay = await served.ask('delay');
  const read = await Promise.all(readers.map((stop) => stop()));
  const whole = await estate();
  const ms = read.flatMap((one) => one.ms);
  const failed = read.reduce((sum, one) => sum + one.failed, 0);
  const lost = Object.entries(after.failures).map(([why, count]) => count - (before.failures[why] ?? 0));
  const tries = lost.reduce((sum, one) => sum + one, 0) + after.welcomes - before.welcomes;
  const title = `after ${signal}`;
  return [
    {
      what: `${title}: all ${agents} agents are back`,
      unit: 's',
      ours: seconds,
      baseline: { what: 'of the processor', value: spent / 1000 },
      goal: { of: 'ours', below: 60 },
      note: `${(agents / seconds).toFixed(0)} a second, ${tries} tries`,
    },
    {
      what: `${title}: event loop delay meanwhile, p99`,
      unit: 'ms',
      ours: delay.p99,
      baseline: { what: 'p50', value: delay.p50 },
      goal: { of: 'ours', below: 250 },
      note: `the longest ${delay.longest.toFixed(0)} ms`,
    },
    {
      what: `${title}: page, events and health meanwhile, p99`,
      unit: 'ms',
      ours: percentile(ms, 0.99),
      baseline: { what: 'p50', value: percentile(ms, 0.5) },
      goal: { of: 'ours', below: 200 },
      note: `${ms.length} answers, ${failed} failed`,
    },
    estateLine(`${title}: the whole estate meanwhile, p99`, whole),
  ];
}

function estateLine(what: string, { ms, failed }: Readings): Goal {
  return {
    what,
    unit: 'ms',
    ours: percentile(ms, 0.99),
    baseline: { what: 'p50', value: percentile(ms, 0.5) },
    note: `${ms.length} answers, ${failed} failed`,
  };
}

async function atRest(served: Served, load: Fleet, agents: number): Promise<Goal[]> {
  const began = performance.now();
  const before = spentBy(served.pid).cpuMs;
  await pause(idleMs);
  const spent = spentBy(served.pid).cpuMs - before;
  const passed = performance.now() - began;
  const { connected } = await load.counts();
  if (connected !== agents) throw new Error(`${connected} of ${agents} agents are connected at rest`);
  return [
    {
      what: `processor at rest, a heartbeat each 15 s`,
      unit: 'ms a second',
      ours: spent / (passed / 1000),
      baseline: { what: 'a whole core', value: 1000 },
      note: `${((spent / (passed / 60_000) / agents) * 1000).toFixed(0)} µs a minute for each agent`,
    },
  ];
}

/** Once what is garbage was collected. */
async function anonymousMb(served: Served): Promise<number> {
  for (let turn = 0; turn < 3; turn++) await served.ask('collect-garbage');
  return memoryOf(served.pid).anonymous;
}

/** Waits until every single agent is there, as long as it takes; fails when for some minutes not one more came. */
async function all(
  load: Fleet,
  agents: number,
  what: 'enrolled' | 'connected',
  progress: (text: string) => void,
): Promise<Counts> {
  const began = performance.now();
  let told = 0;
  let most = { count: 0, at: began };
  for (;;) {
    const counts = await load.counts();
    const count = counts[what];
    const now = performance.now();
    if (count === agents) return counts;
    if (count > most.count) most = { count, at: now };
    if (now - most.at > patienceMs)
      throw new Error(`${count} of ${agents} agents ${what}, and no more: ${JSON.stringify(counts.failures)}`);
    const seconds = (now - began) / 1000;
    if (seconds > told + 5) progress(`fleet: ${count} of ${agents} ${what}, ${seconds.toFixed(0)} s`);
    if (seconds > told + 5) told = seconds;
    await pause(100);
  }
}
