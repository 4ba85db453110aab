import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { event } from '../../test/collector/helpers/example-snapshot.ts';
import { begin, enrol, type Wire } from '../../test/collector/helpers/wire-agent.ts';
import { openSandbox } from '../../test/helpers/testbed/sandbox.ts';
import { percentile } from './fleet/reader.ts';
import { makeJoins, type Served, serve } from './fleet/served.ts';
import { spentBy } from './footprint/process-cost.ts';
import type { Bench, Goal } from './goal.ts';
import { fillStore } from './page/filled-store.ts';
import { firstView } from './page/first-view.ts';
import { type OpenPages, openPages } from './page/open-pages.ts';

const certificates = 20;
const pagesOpen = 100;
const eventsTimed = 60;
const loadMs = 8_000;
const updatesEachSecond = 1_000;
const frameEvents = 50;

/**
 * What people have open: how soon a page hears of an event, what a stream of changes to a hundred pages costs, how long the loop is held while large answers
 * are given, and what the first view weighs. 1,000 hosts of 20 certificates each; --whole: 10,000.
 */
export const page: Bench = async (progress, whole) => {
  const hosts = whole ? 10_000 : 1_000;
  const sandbox = openSandbox();
  const folder = sandbox.folder('page');
  let served: Served | undefined;
  let pages: OpenPages | undefined;
  let wire: Wire | undefined;
  try {
    progress(`page: ${hosts} hosts are put into the database`);
    await fillStore(join(folder, 'data'), hosts, certificates);
    served = await serve(folder);
    progress('page: the collector reads them');
    const began = performance.now();
    await (await fetch(new URL('/api/v1/hosts?limit=1', served.web))).text();
    const readMs = performance.now() - began;
    const view = await firstView(served.web);
    const [ticket] = await makeJoins(folder, 1);
    if (!ticket) throw new Error('no join string was made');
    wire = await begin(ticket, await enrol(ticket, 'bench'));
    let seq = 0;
    const send = (count: number, summary: string) => {
      const events = Array.from({ length: count }, () => event((seq += 1), { summary }));
      wire?.send({ type: 'events', epoch: 'epoch-0001', events });
    };
    const lines = [await holding(served, hosts)];
    progress('page: a stream of events, with no page open');
    // The first seconds are those of a young process.
    await stream(served, send);
    const alone = await stream(served, send);
    pages = await openPages(served.web, pagesOpen);
    lines.push(await delays(pages, send));
    progress(`page: the same stream, with ${pagesOpen} pages open`);
    const bytes = pages.bytes();
    const followed = await stream(served, send);
    const told = (pages.bytes() - bytes) / pagesOpen / (loadMs / 1000) / 1024;
    return [
      ...lines,
      {
        what: `${updatesEachSecond} events a second told to ${pagesOpen} pages`,
        unit: '% of a core',
        ours: followed - alone,
        baseline: { what: 'keeping them, with no page open', value: alone },
        goal: { of: 'ours', below: 10 },
        note: `${told.toFixed(0)} KB a second to each page`,
      },
      {
        what: 'the first view, compressed',
        unit: 'KB',
        ours: view.bytes / 1024,
        baseline: { what: 'a hundred', value: 100 },
        goal: { of: 'ours', below: 100 },
        note: `${view.files} files`,
      },
      {
        what: `${hosts} hosts are read at the start`,
        unit: 's',
        ours: readMs / 1000,
        baseline: { what: 'a thousand hosts a second', value: hosts / 1000 },
      },
      await keptHeap(join(folder, 'kept')),
    ];
  } finally {
    wire?.close();
    pages?.close();
    await served?.end('SIGKILL');
    await sandbox.close();
  }
};

/** From the sending of an event until a page has it. */
async function delays(pages: OpenPages, send: (count: number, summary: string) => void): Promise<Goal> {
  const ms: number[] = [];
  for (let turn = 0; turn < eventsTimed; turn += 1) {
    const summary = `timed ${turn} of ${eventsTimed}`;
    const heard = pages.heard(summary);
    const sent = performance.now();
    send(1, summary);
    for (const at of await heard) ms.push(at - sent);
    await pause(20 + (turn % 7) * 13);
  }
  return {
    what: `an event until a page has it, ${pagesOpen} pages open, p95`,
    unit: 'ms',
    ours: percentile(ms, 0.95),
    baseline: { what: 'p50', value: percentile(ms, 0.5) },
    goal: { of: 'ours', below: 250 },
    note: `the longest ${Math.max(...ms).toFixed(0)} ms`,
  };
}

/** How long one turn of the loop is while the largest answers are given, in processor time: the machine may have other things to do. */
async function holding(served: Served, hosts: number): Promise<Goal> {
  let bytes = 0;
  await served.ask('count-turns');
  const began = performance.now();
  const broken: string[] = [];
  for (const path of ['/metrics', '/api/v1/estate'])
    try {
      for await (const chunk of (await fetch(new URL(path, served.web))).body ?? []) bytes += chunk.byteLength;
    } catch {
      broken.push(path);
    }
  const seconds = (performance.now() - began) / 1000;
  const { held } = await served.ask('delay');
  await served.ask('count-turns');
  await pause(2_000);
  const rest = await served.ask('delay');
  return {
    what: `the longest turn of the loop while /metrics and /api/v1/estate of ${hosts} hosts are answered`,
    unit: 'ms of processor',
    ours: held,
    baseline: { what: 'at rest', value: rest.held },
    goal: { of: 'ours', below: 20 },
    // On a machine that is too busy to read a scrape within its thirty seconds.
    note: `${(bytes / 2 ** 20).toFixed(0)} MB of text in ${seconds.toFixed(1)} s${broken.map((path) => `; ${path} was broken off`).join('')}`,
  };
}

/** Of the estate alone, whose hosts have a lineage and a server block for each certificate. */
async function keptHeap(data: string): Promise<Goal> {
  const script = join(import.meta.dirname, 'page/kept-heap.ts');
  const argv = ['--expose-gc', script, data, '1000', String(certificates)];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  const value = Number(stdout) / 1024;
  return {
    what: `heap that the kept estate has for each host of ${certificates} certificates`,
    unit: 'KB',
    ours: value,
    baseline: { what: 'for each certificate', value: value / certificates },
  };
}

/** Percent of a core that the collector takes while events come evenly. */
async function stream(served: Served, send: (count: number, summary: string) => void): Promise<number> {
  const began = performance.now();
  const before = spentBy(served.pid).cpuMs;
  const everyMs = (frameEvents / updatesEachSecond) * 1000;
  for (let frame = 1; frame * everyMs <= loadMs; frame += 1) {
    send(frameEvents, 'one of a stream');
    await pause(Math.max(0, began + frame * everyMs - performance.now()));
  }
  return ((spentBy(served.pid).cpuMs - before) / (performance.now() - began)) * 100;
}
