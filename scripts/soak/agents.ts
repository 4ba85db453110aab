import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Standing as Connection } from '../load/simulated-agent.ts';

export type WorkerOrder =
  | { order: 'work'; from: number; joins: string[]; folder: string; ledger: string }
  | { order: 'busy' | 'quiet' | 'count' };

/** One agent as it is itself: the ground truth. */
export interface Standing extends Connection {
  name: string;
  agentId: string;
  /** Fingerprints of what its endpoints serve, in their order. */
  served: string[];
}

/** The soak's agents, in processes of ten. */
export interface Agents {
  processes: number;
  ledgers: string[];
  pid: (index: number) => number;
  /** Renewals come, or rest. */
  be: (mode: 'busy' | 'quiet') => void;
  /** Everybody that answers, within a second. */
  standings: () => Promise<Standing[]>;
  kill: (index: number, signal: NodeJS.Signals) => Promise<void>;
  start: (index: number) => void;
  close: () => Promise<void>;
}

const perProcess = 10;

export function startAgents(joins: readonly string[], folder: string): Agents {
  const count = Math.ceil(joins.length / perProcess);
  const ledgers = Array.from({ length: count }, (_, index) => join(folder, `ledger-${index}`));
  const children: ChildProcess[] = [];
  let mode: 'busy' | 'quiet' = 'quiet';
  const tell = (child: ChildProcess | undefined, order: WorkerOrder) => {
    if (child?.connected) child.send(order);
  };
  const start = (index: number) => {
    const child = fork(join(import.meta.dirname, 'worker.ts'), { stdio: 'inherit' });
    const from = index * perProcess;
    const own = joins.slice(from, from + perProcess);
    tell(child, { order: 'work', from, joins: own, folder: join(folder, 'agents'), ledger: ledgers[index] ?? '' });
    tell(child, { order: mode });
    children[index] = child;
  };
  const kill = async (index: number, signal: NodeJS.Signals) => {
    const child = children[index];
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  for (let index = 0; index < count; index++) start(index);
  return {
    processes: count,
    ledgers,
    pid: (index) => children[index]?.pid ?? 0,
    be(next) {
      mode = next;
      for (const child of children) tell(child, { order: next });
    },
    standings: async () =>
      (
        await Promise.all(
          children.map((child) => {
            const answer = new Promise<Standing[]>((resolve) => {
              const late = setTimeout(() => resolve([]), 1000);
              child.once('message', (standings: Standing[]) => {
                clearTimeout(late);
                resolve(standings);
              });
            });
            tell(child, { order: 'count' });
            return answer;
          }),
        )
      ).flat(),
    kill,
    start,
    close: async () => {
      await Promise.all(children.map((_, index) => kill(index, 'SIGKILL')));
    },
  };
}
