import { setTimeout as pause } from 'node:timers/promises';
import type { Agents } from './agents.ts';
import type { SoakedCollector } from './collector.ts';
import type { Link } from './link.ts';

export interface Stage {
  collector: SoakedCollector;
  agents: Agents;
  link: Link;
  /** The collector's database is on a small disk of its own. */
  hasSmallDisk: boolean;
  /** 0 to 1, from the seed. */
  random: () => number;
}

/** Something goes wrong, and is over when it resolves: nothing is left to mend. */
export interface Fault {
  name: string;
  befall: (stage: Stage) => Promise<void>;
}

const someProcess = ({ agents, random }: Stage) => Math.floor(random() * agents.processes);
const aWhile = ({ random }: Stage, mostMs = 6_000) => pause(1_000 + random() * (mostMs - 1_000));

export const faults: readonly Fault[] = [
  {
    name: 'the collector is killed, again and again',
    async befall(stage) {
      for (let times = 1 + Math.floor(stage.random() * 2); times > 0; times--) {
        await pause(stage.random() * 1_500);
        await stage.collector.end('SIGKILL');
        await stage.collector.start();
      }
    },
  },
  {
    name: 'the collector is restarted in good order',
    async befall({ collector, random }) {
      await collector.end('SIGTERM');
      await pause(random() * 2_000);
      await collector.start();
    },
  },
  {
    name: 'the collector stands still',
    async befall(stage) {
      stage.collector.signal('SIGSTOP');
      await aWhile(stage, 10_000);
      stage.collector.signal('SIGCONT');
    },
  },
  {
    name: 'agents are killed',
    async befall(stage) {
      for (let times = 2; times > 0; times--) {
        const index = someProcess(stage);
        await pause(stage.random() * 1_500);
        await stage.agents.kill(index, 'SIGKILL');
        stage.agents.start(index);
      }
    },
  },
  {
    name: 'agents stand still',
    async befall(stage) {
      const pid = stage.agents.pid(someProcess(stage));
      process.kill(pid, 'SIGSTOP');
      await aWhile(stage, 10_000);
      process.kill(pid, 'SIGCONT');
    },
  },
  {
    name: 'the link is cut',
    async befall(stage) {
      stage.link.cut();
      await aWhile(stage);
      stage.link.mend();
    },
  },
  {
    name: 'connections fall silent, and neither end is told',
    async befall(stage) {
      stage.link.fallSilent();
      await aWhile(stage, 10_000);
      stage.link.mend();
    },
  },
  {
    name: "the collector's disk is full",
    async befall(stage) {
      stage.collector.fillDisk();
      await pause(5_000 + stage.random() * 5_000);
      stage.collector.makeRoom();
    },
  },
  {
    name: 'the link is cut while the collector is killed and agents are too',
    async befall(stage) {
      const index = someProcess(stage);
      stage.link.cut();
      await Promise.all([stage.collector.end('SIGKILL'), stage.agents.kill(index, 'SIGKILL')]);
      stage.agents.start(index);
      await aWhile(stage, 3_000);
      await stage.collector.start();
      stage.link.mend();
    },
  },
];
