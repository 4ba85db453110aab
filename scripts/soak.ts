import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Estate } from '../collector/serve/estate.ts';
import { openSandbox } from '../test/helpers/testbed/sandbox.ts';
import { startAgents } from './soak/agents.ts';
import { historyMistakes, holdingsOf, stateMistakes, storedCount } from './soak/checks.ts';
import { startCollector } from './soak/collector.ts';
import { type Fault, faults, type Stage } from './soak/faults.ts';
import { openLink } from './soak/link.ts';

const usage = `usage: npm run soak -- [--minutes N] [--seed S] [--agents N]

Agents tell a real collector of renewals all the time, while one fault after the other befalls them: processes are killed and stopped, the link is
cut or falls silent, the collector's disk is full. After each it must all be well again within a minute (or three
times as long as it lasted, since agents wait longer after each failure): what was acked is stored, nothing is there
twice, no hole is unexplained, what is shown is what is, and memory and descriptors stay as they were.

  --minutes N   how long, at least (default: 3)
  --seed S      names the order and the moments of the faults (default: a new one, which is printed)
  --agents N    how many (default: 50)

The full disk needs a file system of its own, and so the right to mount one in a namespace; without it that fault is left out, and said so.
Exit: 0 all was well after each fault; 1 not so; 2 wrong usage. The last line is "soak: N faults, M of them not survived".`;

const inNamespace = 'CERTHERD_SOAK_DISK';
const options = readOptions();
if (process.env[inNamespace] === undefined) process.exit(insideNamespace());
/** Seconds: agents that were told to come again later have 40 of them. */
const backWithin = 60;
const random = randomFrom(options.seed);
const sandbox = openSandbox();
const stage = await prepare();
let lost = 0;
let befallen = 0;
const usual = new Map<string, ReturnType<typeof holdingsOf>>();
const until = performance.now() + options.minutes * 60_000;
console.log(`soak: ${options.agents} agents, seed ${options.seed}, ${options.minutes} minutes`);
await wellAgain('all are connected', 120);
while (performance.now() < until)
  for (const fault of shuffled(faults.filter(({ name }) => stage.hasSmallDisk || !name.includes('disk')))) {
    if (performance.now() >= until) break;
    befallen += 1;
    if (!(await survives(fault))) lost += 1;
  }
const stored = storedCount(stage.collector.database);
await stage.agents.close();
await stage.collector.end('SIGKILL');
stage.link.close();
if (stage.hasSmallDisk) spawnSync('umount', [join(sandbox.directory, 'disk')]);
await sandbox.close();
console.log(`soak: ${stored} events are stored, each once`);
console.log(`soak: ${befallen} faults, ${lost} of them not survived`);
process.exit(lost === 0 && befallen > 0 ? 0 : 1);

async function prepare(): Promise<Stage> {
  const disk = sandbox.folder('disk');
  const hasSmallDisk =
    process.env[inNamespace] === 'yes' &&
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=700', 'tmpfs', disk]).status === 0;
  if (!hasSmallDisk) console.log('soak: no file system may be mounted here: the full disk is left out');
  const collector = await startCollector(disk, sandbox.folder('settings'));
  const link = await openLink(collector.agents);
  const folder = sandbox.folder('agents');
  mkdirSync(join(folder, 'agents'), { recursive: true });
  const agents = startAgents(await collector.joins(options.agents, link.authority), folder);
  return { collector, agents, link, hasSmallDisk, random };
}

/** One fault while agents tell, then rest, and a look at everything. */
async function survives(fault: Fault): Promise<boolean> {
  const began = performance.now();
  stage.agents.be('busy');
  await pause(1_000);
  const befell = performance.now();
  await fault.befall(stage);
  const lastedS = (performance.now() - befell) / 1000;
  const afterFault = historyMistakes(stage.collector.database, stage.agents.ledgers, false);
  const mistakes = [...afterFault, ...(await wellAgain(fault.name, Math.max(backWithin, 3 * lastedS)))];
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`soak: ${mistakes.length === 0 ? 'survived' : 'NOT SURVIVED'}: ${fault.name}, ${seconds} s`);
  for (const mistake of mistakes.slice(0, 10)) console.log(`soak:   ${mistake}`);
  return mistakes.length === 0;
}

/** Nothing new happens: within `seconds` all that was told has to be there, and shown. What is wrong still, in lines. */
async function wellAgain(what: string, seconds: number): Promise<string[]> {
  stage.agents.be('quiet');
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const mistakes = await stateNow();
    if (mistakes.length === 0) break;
    if (performance.now() > deadline) return [`${what}: not well within ${seconds.toFixed(0)} s`, ...mistakes];
    await pause(500);
  }
  return [...historyMistakes(stage.collector.database, stage.agents.ledgers, true), ...grown()];
}

async function stateNow(): Promise<string[]> {
  try {
    const standings = await stage.agents.standings();
    if (standings.length !== options.agents) return [`${standings.length} of ${options.agents} agents answer`];
    const response = await fetch(new URL('/api/v1/estate', stage.collector.web()), {
      signal: AbortSignal.timeout(5_000),
    });
    const estate: Estate = await response.json();
    return stateMistakes(estate, standings);
  } catch (error) {
    return [`the collector does not answer: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** Against the first two times that all was well, while heaps still come to their size: half as much again and 128 MB, and 16 descriptors. */
function grown(): string[] {
  const { collector, agents } = stage;
  const processes = [
    { name: 'the collector', pid: collector.pid() },
    ...Array.from({ length: agents.processes }, (_, at) => ({ name: 'agents', pid: agents.pid(at) })),
  ];
  return processes.flatMap(({ name, pid }) => {
    const now = holdingsOf(pid);
    const known = usual.get(name) ?? { megabytes: 0, descriptors: 0 };
    if (befallen < 2) {
      const { max } = Math;
      usual.set(name, {
        megabytes: max(known.megabytes, now.megabytes),
        descriptors: max(known.descriptors, now.descriptors),
      });
      return [];
    }
    return [
      ...(now.megabytes > known.megabytes * 1.5 + 128
        ? [`memory of ${name} grew from ${known.megabytes.toFixed(0)} to ${now.megabytes.toFixed(0)} MB`]
        : []),
      ...(now.descriptors > known.descriptors + 16
        ? [`descriptors of ${name} grew from ${known.descriptors} to ${now.descriptors}`]
        : []),
    ];
  });
}

/** Runs this again where a file system may be mounted that nobody else sees and nothing outlives. */
function insideNamespace(): number {
  const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const unshare = ['--mount', '--propagation', 'private', ...asRoot];
  const may = spawnSync('unshare', [...unshare, 'true']).status === 0;
  const self = [process.execPath, ...process.argv.slice(1)];
  const argv = may ? ['unshare', ...unshare, ...self] : self;
  const again = spawnSync(argv[0] ?? '', argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, [inNamespace]: may ? 'yes' : 'no', CERTHERD_SOAK_SEED: options.seed },
  });
  return again.status ?? 1;
}

function shuffled(all: readonly Fault[]): Fault[] {
  return all
    .map((fault) => ({ fault, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ fault }) => fault);
}

/** 0 to 1: the same row of numbers for the same seed. */
function randomFrom(seed: string): () => number {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32BE() / 2 ** 32;
}

function readOptions(): { minutes: number; seed: string; agents: number } {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: 'string', default: '3' },
        seed: { type: 'string', default: process.env['CERTHERD_SOAK_SEED'] ?? randomBytes(4).toString('hex') },
        agents: { type: 'string', default: '50' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      return process.exit(0);
    }
    return {
      minutes: positive('minutes', values.minutes),
      seed: values.seed,
      agents: positive('agents', values.agents),
    };
  } catch (error) {
    console.error(`soak: ${error instanceof Error ? error.message : String(error)}; see npm run soak -- --help`);
    return process.exit(2);
  }
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name}: expected a number above 0, found ${text}`);
  return value;
}
