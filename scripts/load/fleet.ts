import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join as joinPath } from 'node:path';
import type { Join } from '@certherd/protocol/join';
import { type Counts, nothing, type Order, type Share, sum } from './messages.ts';

/** Of one process: its descriptors are bounded, often to 20,000. */
const mostAgents = 8_000;

/** Many simulated agents, in several processes. */
export interface Fleet {
  counts: () => Promise<Counts>;
  /** Those that are enrolled connect, and stay. */
  connect: () => void;
  /** Process ids of the load itself. */
  pids: number[];
  /** They end their sessions in good order, and the processes end. */
  stop: () => Promise<void>;
}

export interface FleetOptions {
  /** One for each agent. */
  joins: readonly Join[];
  certificates: number;
  renewalsPerHour: number;
  /** Undefined: one for each 8,000 agents, and two at least. */
  processes?: number | undefined;
}

/** Starts the processes and enrols the agents; `counts` tells how far it is. */
export function startFleet({ joins, certificates, renewalsPerHour, processes }: FleetOptions): Fleet {
  const wanted = processes ?? Math.max(2, Math.ceil(joins.length / mostAgents));
  const size = Math.ceil(joins.length / wanted);
  const shares = Array.from({ length: wanted }, (_, index): Share => {
    const from = index * size;
    return { from, joins: joins.slice(from, from + size), certificates, renewalsPerHour, abreast: 8 };
  }).filter((share) => share.joins.length > 0);
  const children = shares.map((share) => {
    const child = fork(joinPath(import.meta.dirname, 'worker.ts'), { env: plainEnvironment(), stdio: 'inherit' });
    tell(child, { order: 'work', share });
    return child;
  });
  const counters = children.map(counter);
  return {
    counts: async () => sum(await Promise.all(counters.map((count) => count()))),
    connect: () => children.forEach((child) => tell(child, { order: 'connect' })),
    pids: children.flatMap(({ pid }) => pid ?? []),
    async stop() {
      const alive = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
      await Promise.all(
        alive.map(async (child) => {
          const ended = once(child, 'exit');
          tell(child, { order: 'stop' });
          const impatient = setTimeout(() => child.kill('SIGKILL'), 20_000);
          await ended;
          clearTimeout(impatient);
        }),
      );
    },
  };
}

/** Asks one process. Of one that is gone nothing is connected: its agents are missing from the sum. */
function counter(child: ChildProcess): () => Promise<Counts> {
  let answer: (counts: Counts) => void = () => {};
  child.on('message', (counts: Counts) => answer(counts));
  child.once('exit', () => answer(nothing));
  return () =>
    new Promise((resolve) => {
      answer = resolve;
      if (child.connected) tell(child, { order: 'count' });
      else resolve(nothing);
    });
}

function tell(child: ChildProcess, order: Order): void {
  if (child.connected) child.send(order);
}

/** Certificates of the environment's would be read for every connection. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { SSL_CERT_FILE: _, SSL_CERT_DIR: __, NODE_EXTRA_CA_CERTS: ___, ...rest } = process.env;
  return rest;
}
