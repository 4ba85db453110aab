import { type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { startAgent } from '../../agent/agent.ts';
import { defaultConfig } from '../../agent/config.ts';
import type { Ports } from '../../agent/ports.ts';
import type { Status } from '../../agent/status.ts';
import { systemLooking } from '../../agent/system/looking.ts';
import { systemState } from '../../agent/system/state.ts';
import { watchFiles } from '../../agent/watch/file-changes.ts';
import { type Minted, mint } from '../../test/helpers/mint.ts';
import { startNginx } from '../../test/helpers/testbed/nginx.ts';
import { openSandbox, type Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { until } from '../../test/helpers/testbed/until.ts';
import { type Goal, median } from './goal.ts';
import { type Content, contentOf, type Lineage, makeLineages, sitesOf, swapLinks, writeArchive } from './lineages.ts';

const lineages = 20;
const changes = 20;
/** What agent.ts waits for after a change: certbot writes several files in one go. */
const settleMs = 120;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Everything is asked anew this often, so that what a reload brought is seen before the next change. */
const rescanMs = 1_500;

/** Milliseconds after the change. */
interface Times {
  /** The look began that saw it. */
  look: number;
  /** The agent's memory, which is written first once a look is judged, names the new certificate. */
  decided: number;
  /** Of that, between the look's first handshake and its last. */
  handshakes: number;
  /** A bare fs.watch on the changed directory called back. */
  bare: number;
}

interface Host {
  lineages: Lineage[];
  issuer: Minted;
  /** Of the last look that changed the agent's memory. */
  watcher: { lookedAt: () => number; decided: () => { at: number; text: string }; handshakesMs: () => number };
  /** nginx loads what is configured, and a look has seen all of it served. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A change at one of 20 lineages until the agent, in this process, has judged what follows from it: each time on a host that served
 * until then what was configured, as one does where the last renewal was brought to its end.
 */
export async function changeToDecision(progress: (text: string) => void): Promise<Goal[]> {
  const sandbox = openSandbox();
  try {
    const host = await startHost(sandbox);
    const goals: Goal[] = [];
    for (const [what, change] of Object.entries({ 'link swap': swapLinks, 'write in place': writeInPlace })) {
      const times: Times[] = [];
      for (let index = 0; index < changes; index += 1) {
        const lineage = host.lineages[index % lineages];
        if (lineage) times.push(await timed(host, lineage, change));
        progress(
          `watching: ${what} ${index + 1} of ${changes}: decided after ${Math.round(times.at(-1)?.decided ?? 0)} ms`,
        );
      }
      goals.push(...goalsOf(what, times));
    }
    await host.stop();
    return goals;
  } finally {
    await sandbox.close();
  }
}

function goalsOf(what: string, times: Times[]): Goal[] {
  const baseline = { what: 'bare fs.watch callback', value: median(times.map(({ bare }) => bare)) };
  const line = (to: string, of: (times: Times) => number, more = ''): Goal => {
    const after = times.map((each) => of(each) - settleMs);
    return {
      what: `${what} to ${to}, without the ${settleMs} ms of settling`,
      unit: 'ms',
      ours: median(after),
      baseline,
      goal: { of: 'ours', below: 50 },
      note: `median of ${times.length}, worst ${Math.max(...after).toFixed(0)} ms${more}`,
    };
  };
  const asked = median(times.map(({ handshakes }) => handshakes)).toFixed(0);
  return [
    line('the look', ({ look }) => look),
    line('the decision', ({ decided }) => decided, `, of which ${asked} ms are handshakes`),
  ];
}

async function timed(
  host: Host,
  lineage: Lineage,
  change: (lineage: Lineage, content: Content) => void,
): Promise<Times> {
  const leaf = await mint({ names: [lineage.name], issuer: host.issuer });
  const fingerprint = leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase();
  await host.settle();
  let bare = Number.NaN;
  const watchers: FSWatcher[] = [lineage.live, lineage.archive].map((directory) =>
    watch(directory, () => {
      if (Number.isNaN(bare)) bare = performance.now();
    }),
  );
  try {
    const content = contentOf(leaf, host.issuer);
    change(lineage, content);
    const changed = performance.now();
    await until('it is decided', () => host.watcher.decided().text.includes(fingerprint), { everyMs: 1 });
    return {
      look: host.watcher.lookedAt() - changed,
      decided: host.watcher.decided().at - changed,
      handshakes: host.watcher.handshakesMs(),
      bare: bare - changed,
    };
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

function writeInPlace(lineage: Lineage, content: Content): void {
  writeArchive(lineage, content);
}

async function startHost(sandbox: Sandbox): Promise<Host> {
  const root = sandbox.folder('letsencrypt');
  const { lineages: found, issuer } = await makeLineages(root, lineages);
  const port = await sandbox.port();
  const nginx = await startNginx(sandbox, { httpPort: await sandbox.port(), sites: { all: sitesOf(found, port) } });
  const stateDirectory = sandbox.folder('state');
  const looking = systemLooking();
  const state = systemState(stateDirectory);
  let lookBegan = 0;
  let handshakes = { first: Number.NaN, last: Number.NaN };
  let handshakesMs = 0;
  let dials = 0;
  let lookedAt = 0;
  let decided = { at: 0, text: '' };
  let allServed = { lookBegan: 0, isSo: false };
  const ports: Ports = {
    ...looking,
    // the first thing that a look lists
    files: {
      ...looking.files,
      list: (path) => {
        if (path === join(root, 'renewal')) {
          lookBegan = performance.now();
          dials = 0;
          handshakes = { first: Number.NaN, last: Number.NaN };
        }
        return looking.files.list(path);
      },
    },
    dial: async (target) => {
      if (Number.isNaN(handshakes.first)) handshakes.first = performance.now();
      dials += 1;
      const answer = await looking.dial(target);
      handshakes.last = performance.now();
      return answer;
    },
    state: {
      ...state,
      write: (name, text) => {
        if (name === 'memory.json') {
          decided = { at: performance.now(), text };
          lookedAt = lookBegan;
          handshakesMs = handshakes.last - handshakes.first;
        }
        if (name === 'status.json') {
          const { endpoints }: Partial<Status> = JSON.parse(text);
          allServed = { lookBegan, isSo: dials >= lineages && endpoints?.served === lineages };
        }
        return state.write(name, text);
      },
    },
    act: () => Promise.reject(new Error('nothing is done in mode observe')),
    openCollectorSocket: () => Promise.reject(new Error('not enrolled')),
    openHttps: () => {
      throw new Error('no CA is there to be asked');
    },
    log,
  };
  const defaults = defaultConfig({ hostName: 'bench', isRoot: true, stateHome: stateDirectory });
  const config = {
    ...defaults,
    mode: 'observe' as const,
    rescanMs,
    stateDirectory,
    certbot: { ...defaults.certbot, configDirectory: root },
    nginx: { ...defaults.nginx, config: nginx.configFile },
  };
  const host = { name: 'bench', agentVersion: '0', platform: 'bench', bootId: 'b' };
  const agent = startAgent(
    config,
    host,
    ports,
    (changed) => watchFiles(log, changed),
    () => 'epoch-of-the-bench',
  );
  await until('the first look', () => decided.at > 0 && state.read('status.json'));
  const settle = async () => {
    const before = nginx.workers();
    await nginx.reload();
    await until('new workers took over', () => nginx.workers().every((worker) => !before.includes(worker)));
    const reloaded = performance.now();
    await until('a look saw everything served', () => allServed.isSo && allServed.lookBegan > reloaded, { everyMs: 1 });
  };
  return {
    lineages: found,
    issuer,
    settle,
    watcher: { lookedAt: () => lookedAt, decided: () => decided, handshakesMs: () => handshakesMs },
    stop: () => agent.stop(),
  };
}
