import type { Reach } from '@certherd/handshake/outside/address';
import { answerReader } from '../../collector/scan/answers.ts';
import { createPace } from '@certherd/handshake/outside/pace';
import { createProbe, type Probe } from '../../collector/scan/probe.ts';
import { type Resolve, systemResolve } from '@certherd/handshake/outside/resolve';
import { readRoots } from '../../collector/scan/roots.ts';
import { scanTargets } from '../../collector/scan/scan.ts';
import { systemClock } from '../../collector/system/clock.ts';
import { openSandbox, type Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { startTestDns } from '../../test/helpers/testbed/test-dns.ts';
import { startBlackbox } from './blackbox.ts';
import { type Bench, type Goal, median } from './goal.ts';
import { loopSample, nameOf, opensslLoop, servedNames, withoutAuthorities } from './served-names.ts';

const count = 500;
const rounds = 5;
/** Before the processor time is compared: both are services that run for months, and V8 compiles what is asked of it often. Ours has as many each way. */
const warmingRounds = 10;
/** Then so many of each, in turns: what the machine does besides meets both. */
const turns = 8;
const limitSeconds = 4;

/** 500 names of the local nginx by the scan of the collector, resolved and judged; the loop that people write; and what two clients that do nothing else reach. */
export const scan: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const { port } = await servedNames(sandbox, count);
    const round = scanRound(port);
    const resolve = systemResolve([(await startTestDns(sandbox)).server]);
    const first: Round[] = [];
    for (let index = 1; index <= rounds; index += 1) {
      first.push(await round(resolve));
      progress(`scan: round ${index} of ${rounds}: ${Math.round(first.at(-1)?.ms ?? 0)} ms`);
    }
    const lean = await opensslLoop(sandbox, port, count, withoutAuthorities);
    const plain = await opensslLoop(sandbox, port, count, []);
    const limit = await handshakesASecond(sandbox, port);
    const took = median(first.map(({ ms }) => ms));
    const handshakes = first[0]?.handshakes ?? Number.NaN;
    return [
      {
        what: `${count} names scanned, ECDSA and RSA asked of each`,
        unit: 'ms',
        ours: took,
        baseline: { what: `openssl loop without CA loading, ${loopSample} names scaled`, value: lean },
        goal: { of: 'ratio', below: 1 / 10 },
        note: `median of ${rounds}, ${count} certificates seen each time, ${Math.round((count / took) * 1000)} a second`,
      },
      {
        what: 'the same against the plain loop',
        unit: 'ms',
        ours: took,
        baseline: { what: `openssl loop, ${loopSample} names scaled`, value: plain },
        goal: { of: 'ratio', below: 1 / 50 },
      },
      {
        what: 'one handshake of them',
        unit: 'ms',
        ours: took / handshakes,
        baseline: { what: 'of two openssl s_time at once', value: 1000 / limit },
        goal: { of: 'ratio', below: 1 / 0.8 },
        note: `${handshakes} handshakes, every second one refused by the server, which has no RSA key`,
      },
      ...(await besideBlackbox(sandbox, port, { round, resolve, first, progress })),
    ];
  } finally {
    await sandbox.close();
  }
};

interface Round {
  ms: number;
  /** Milliseconds of this process for each certificate. */
  processor: number;
  handshakes: number;
}

type ScanRound = (resolve: Resolve) => Promise<Round>;

/** One scan of all names, each of which must be seen. */
function scanRound(port: number): ScanRound {
  const roots = readRoots([]);
  if (!roots.ok) throw new Error(roots.failure);
  const targets = Array.from({ length: count }, (_, index) => ({ host: nameOf(index), port }));
  /** One for each way to resolve, as a collector that serves has one. */
  const probes = new Map<Resolve, Probe>();
  let handshakes = 0;
  const probeBy = (resolve: Resolve) => {
    const unhurried = { perSecond: 1e6, perSecondOfAddress: 1e6, atOnce: 64, atOnceOfAddress: 64 };
    const inTurn = createPace(unhurried, systemClock);
    return createProbe({
      resolve,
      inTurn: (address, task) => {
        handshakes++;
        return inTurn(address, task);
      },
      read: answerReader(roots.value),
      clock: systemClock,
      allow: new Set<Reach>(['loopback']),
      versions: false,
      timeoutMs: 10_000,
    });
  };
  return async (resolve) => {
    const probe = probes.get(resolve) ?? probeBy(resolve);
    probes.set(resolve, probe);
    handshakes = 0;
    const served = new Set<string>();
    const failures = new Set<string>();
    const usedBefore = process.cpuUsage();
    const began = performance.now();
    await scanTargets(targets, probe, ({ places, failure }) => {
      for (const one of [failure, ...places.map((place) => place.failure)]) if (one) failures.add(one.detail);
      for (const { answers } of places)
        for (const { certificates } of answers) served.add(certificates[0]?.fingerprint ?? '');
    });
    const ms = performance.now() - began;
    const used = process.cpuUsage(usedBefore);
    if (served.size !== count)
      throw new Error(`${served.size} of ${count} certificates were seen: ${[...failures].slice(0, 3).join('; ')}`);
    return { ms, processor: (used.user + used.system) / 1000 / count, handshakes };
  };
}

/** Processor time beside blackbox_exporter's, in turns, of both once they are warm. It is given addresses, so that ours is told without the DNS and with it. */
async function besideBlackbox(
  sandbox: Sandbox,
  port: number,
  ours: { round: ScanRound; resolve: Resolve; first: Round[]; progress: (text: string) => void },
): Promise<Goal[]> {
  const given: Resolve = () => Promise.resolve({ ok: true, value: { addresses: ['127.0.0.1'], leftOut: 0 } });
  const took = { given: [] as number[], resolved: [] as number[], theirs: [] as number[] };
  const blackbox = await startBlackbox(sandbox, port, count);
  if (!blackbox) {
    ours.progress('scan: prometheus-blackbox-exporter is not here: ./scripts/setup test');
    return [];
  }
  for (let index = 0; index < warmingRounds + turns; index += 1) {
    const [without, whole] = [await ours.round(given), await ours.round(ours.resolve)];
    const before = blackbox.processorTime();
    await blackbox.probeAll();
    if (index < warmingRounds) continue;
    took.given.push(without.processor);
    took.resolved.push(whole.processor);
    took.theirs.push((blackbox.processorTime() - before) / count);
  }
  await blackbox.end();
  for (const [what, values] of Object.entries(took))
    ours.progress(`scan: processor time, ${what}: ${values.map((ms) => ms.toFixed(2)).join(', ')} ms`);
  const baseline = { what: 'of blackbox_exporter, given it too: one handshake', value: mean(took.theirs) };
  const cold = ours.first.map(({ processor }) => processor.toFixed(2)).join(', ');
  return [
    {
      what: 'processor time of one certificate, its address given',
      unit: 'ms',
      ours: mean(took.given),
      baseline,
      goal: { of: 'ratio', below: 0.8 },
      note: `mean of ${turns} rounds in turns with the exporter's, after ${rounds + 2 * warmingRounds} of ours and ${warmingRounds} of the exporter; ours asked twice and judged, the exporter verifies nothing`,
    },
    {
      what: 'the same with the names resolved, which is ours alone',
      unit: 'ms',
      ours: mean(took.resolved),
      baseline,
      goal: { of: 'ratio', below: 0.8 },
      note: `in the first ${rounds} rounds of the process ${cold}`,
    },
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Full handshakes that two clients make on this machine beside the server, and nothing else. */
async function handshakesASecond(sandbox: Sandbox, port: number): Promise<number> {
  const argv = ['s_time', '-connect', `127.0.0.1:${port}`, '-new', '-time', String(limitSeconds)];
  const both = await Promise.all([0, 1].map(() => sandbox.run('/usr/bin/openssl', argv, { timeoutMs: 60_000 })));
  return both.reduce((sum, { stdout }) => {
    const [, made, seconds] = /^(\d+) connections in (\d+) real seconds/m.exec(stdout) ?? [];
    if (made === undefined) throw new Error(`s_time made no connection: ${stdout}`);
    return sum + Number(made) / Number(seconds);
  }, 0);
}
