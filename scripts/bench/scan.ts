import type { Reach } from '@certherd/handshake/outside/address';
import { answerReader } from '../../collector/scan/answers.ts';
import { createPace } from '@certherd/handshake/outside/pace';
import { createProbe } from '../../collector/scan/probe.ts';
import { systemResolve } from '@certherd/handshake/outside/resolve';
import { readRoots } from '../../collector/scan/roots.ts';
import { scanTargets } from '../../collector/scan/scan.ts';
import { systemClock } from '../../collector/system/clock.ts';
import { openSandbox, type Sandbox } from '../../test/helpers/testbed/sandbox.ts';
import { startTestDns } from '../../test/helpers/testbed/test-dns.ts';
import { blackboxProcessorTime } from './blackbox.ts';
import { type Bench, type Goal, median } from './goal.ts';
import { loopSample, nameOf, opensslLoop, servedNames, withoutAuthorities } from './served-names.ts';

const count = 500;
const rounds = 5;
const limitSeconds = 4;

/** 500 names of the local nginx by the scan of the collector, resolved and judged; the loop that people write; and what two clients that do nothing else reach. */
export const scan: Bench = async (progress) => {
  const sandbox = openSandbox();
  try {
    const { port } = await servedNames(sandbox, count);
    const dns = await startTestDns(sandbox);
    const roots = readRoots([]);
    if (!roots.ok) throw new Error(roots.failure);
    const targets = Array.from({ length: count }, (_, index) => ({ host: nameOf(index), port }));
    const ours: number[] = [];
    const processor: number[] = [];
    let handshakes = 0;
    for (let round = 0; round < rounds; round += 1) {
      const unhurried = { perSecond: 1e6, perSecondOfAddress: 1e6, atOnce: 64, atOnceOfAddress: 64 };
      const inTurn = createPace(unhurried, systemClock);
      handshakes = 0;
      const probe = createProbe({
        resolve: systemResolve([dns.server]),
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
      const served = new Set<string>();
      const failures = new Set<string>();
      const usedBefore = process.cpuUsage();
      const began = performance.now();
      await scanTargets(targets, probe, ({ places, failure }) => {
        for (const one of [failure, ...places.map((place) => place.failure)]) if (one) failures.add(one.detail);
        for (const { answers } of places)
          for (const { certificates } of answers) served.add(certificates[0]?.fingerprint ?? '');
      });
      ours.push(performance.now() - began);
      const used = process.cpuUsage(usedBefore);
      processor.push((used.user + used.system) / 1000 / count);
      if (served.size !== count)
        throw new Error(`${served.size} of ${count} certificates were seen: ${[...failures].slice(0, 3).join('; ')}`);
      progress(`scan: round ${round + 1} of ${rounds}: ${Math.round(ours.at(-1) ?? 0)} ms`);
    }
    const lean = await opensslLoop(sandbox, port, count, withoutAuthorities);
    const plain = await opensslLoop(sandbox, port, count, []);
    const limit = await handshakesASecond(sandbox, port);
    const blackbox = await blackboxProcessorTime(sandbox, port, count, rounds);
    const took = median(ours);
    const beside: Goal[] =
      blackbox === undefined
        ? []
        : [
            {
              what: 'processor time of one certificate',
              unit: 'ms',
              ours: median(processor),
              baseline: { what: 'of blackbox_exporter, one handshake and nothing verified', value: blackbox },
              goal: { of: 'ratio', below: 0.8 },
              note: `both saw all ${count}; ours resolved, asked twice and judged`,
            },
          ];
    if (blackbox === undefined) progress('scan: prometheus-blackbox-exporter is not here: ./scripts/setup test');
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
      ...beside,
    ];
  } finally {
    await sandbox.close();
  }
};

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
