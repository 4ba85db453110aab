import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Join, parseJoin } from '@certherd/protocol/join';
import { startFleet } from './load/fleet.ts';
import type { Counts } from './load/messages.ts';

const usage = `usage: npm run load -- --joins FILE [--agents N] [--certificates N] [--renewals N] [--seconds N] [--processes N]

Simulates a fleet against a real collector: each agent has a key of its own, enrols with a token, and speaks the real protocol over TLS with the
real agent's own code for it (connect, snapshot, heartbeats, events, reconnects). Only its host is made up.

  --joins FILE       join strings, one a line; - reads them from standard input. Made by: certherd-collector token create --count N
  --agents N         only the first N of them (default: all)
  --certificates N   of each agent's host (default: 20)
  --renewals N       that each agent makes in an hour (default: 1)
  --seconds N        to stay connected once all are (default: until Ctrl-C)
  --processes N      that make the load (default: one for each 8,000 agents, and two at least)

Enrolled hosts stay in the collector: use one that is for tests alone.
Exit: 0 all agents were connected at the end and everything they told was acked; 1 not so; 2 wrong usage.`;

const options = readOptions();
const fleet = startFleet(options);
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => (interrupted = true));
const began = performance.now();
const latencies: number[] = [];

let counts = await watch('enrolled', ({ enrolled, turnedAway, agents }) => enrolled + turnedAway === agents);
fleet.connect();
counts = await watch('connected', ({ connected, enrolled }) => connected === enrolled);
const until = performance.now() + (options.seconds ?? Infinity) * 1000;
counts = await watch('connected', () => performance.now() >= until);
// What is on its way at this moment has its time to be acked.
for (let turn = 0; turn < 50 && (counts.waiting > 0 || counts.connected < counts.enrolled); turn++)
  counts = await look();
await fleet.stop();
conclude(counts);

/** Shows how far it is, until it is there or somebody had enough. */
async function watch(what: 'enrolled' | 'connected', isDone: (counts: Counts) => boolean): Promise<Counts> {
  let shown = '';
  for (;;) {
    const now = await look();
    const line = `load: ${now[what]} of ${now.agents} ${what}, ${now.acked} events acked, ${now.waiting} wait`;
    if (line !== shown) process.stderr.write(`${line}, ${Math.round((performance.now() - began) / 1000)} s\n`);
    shown = line;
    if (isDone(now) || interrupted) return now;
    await pause(1000);
  }
}

async function look(): Promise<Counts> {
  await pause(100);
  const now = await fleet.counts();
  latencies.push(...now.connectMs);
  return now;
}

function conclude({ agents, enrolled, connected, welcomes, acked, waiting, failures }: Counts): void {
  const sorted = latencies.toSorted((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  console.log(`load: ${agents} agents, ${enrolled} enrolled, ${connected} connected, ${welcomes} sessions`);
  console.log(`load: ${acked} events acked, ${waiting} not`);
  console.log(`load: to a session: median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
  for (const [why, count] of Object.entries(failures)) console.log(`load: ${count} times: ${why}`);
  process.exitCode = agents > 0 && connected === agents && waiting === 0 ? 0 : 1;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        joins: { type: 'string' },
        agents: { type: 'string' },
        certificates: { type: 'string', default: '20' },
        renewals: { type: 'string', default: '1' },
        seconds: { type: 'string' },
        processes: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      return process.exit(0);
    }
    if (values.joins === undefined) throw new Error('--joins is missing');
    const all = readJoins(values.joins);
    const agents = values.agents === undefined ? all.length : number('agents', values.agents);
    if (agents > all.length) throw new Error(`--agents ${agents}, but there are ${all.length} join strings`);
    return {
      joins: all.slice(0, agents),
      certificates: number('certificates', values.certificates),
      renewalsPerHour: number('renewals', values.renewals, 0),
      seconds: values.seconds === undefined ? undefined : number('seconds', values.seconds, 0),
      processes: values.processes === undefined ? undefined : number('processes', values.processes),
    };
  } catch (error) {
    console.error(`load: ${error instanceof Error ? error.message : String(error)}; see npm run load -- --help`);
    return process.exit(2);
  }
}

function readJoins(file: string): Join[] {
  const lines = readFileSync(file === '-' ? 0 : file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new Error(`${file}: no join string`);
  return lines.map((line, index) => {
    const join = parseJoin(line);
    if (!join.ok) throw new Error(`${file}:${index + 1}: ${join.failure}`);
    return join.value;
  });
}

function number(name: string, text: string, least = 1): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least)
    throw new Error(`--${name}: expected a number from ${least}, found ${text}`);
  return value;
}
