import { createHash } from 'node:crypto';
import { setImmediate as othersTurn } from 'node:timers/promises';
import { Gauge, Registry } from 'prom-client';
import { labelBook } from '../../collector/evaluate/labels.ts';
import { textStream } from '../../collector/serve/api/json-stream.ts';
import { metricsText } from '../../collector/serve/metrics.ts';
import { keepLabels } from '../../collector/serve/metrics/certificate-labels.ts';
import type { CollectorCounts } from '../../collector/serve/metrics/own-health.ts';
import { certificate, endpoint, snapshot } from '../../test/collector/helpers/example-snapshot.ts';
import { partsOf } from '../../test/collector/helpers/parts-of.ts';
import { type Bench, median } from './goal.ts';

const hostCount = 556;
const certificatesOfHost = 20;
const rounds = 7;

/** The text of 100,000 series: of a fleet by the collector's stream, and of the same series by prom-client, which has them ready in its registry. */
export const metrics: Bench = async (progress) => {
  const now = Date.now();
  const parts = fleetOf(now);
  const book = labelBook([]);
  const labels = keepLabels(50_000);
  const make = () =>
    textStream(metricsText({ parts, targets: [], book }, { counts: noCounts(now), labelsOf: labels(), now }), Date.now);
  const text = await make().reduce((whole: string, chunk: string) => whole + chunk, '');
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const registry = registryOf(text);
  const theirs = await registry.metrics();
  const theirLines = theirs.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length < 100_000) throw new Error(`only ${lines.length} series`);
  if (new Set(lines.map(seriesOf)).size !== theirLines.length)
    throw new Error(`${theirLines.length} series by prom-client, and ${lines.length} by the collector`);
  const ours: number[] = [];
  const baseline: number[] = [];
  const stalls: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let began = process.cpuUsage();
    for await (const _ of make());
    ours.push(milliseconds(began));
    const longest = watchLoop();
    for await (const _ of make());
    stalls.push(await longest());
    began = process.cpuUsage();
    await registry.metrics();
    baseline.push(milliseconds(began));
    progress(
      `metrics: round ${round + 1} of ${rounds}: ${Math.round(ours.at(-1) ?? 0)} ms, prom-client ${Math.round(baseline.at(-1) ?? 0)} ms`,
    );
  }
  const took = { what: 'prom-client, its registry full already', value: median(baseline) };
  return [
    {
      what: `${lines.length} series as text`,
      unit: 'ms of processor time',
      ours: median(ours),
      baseline: took,
      goal: { of: 'ratio', below: 0.25 },
      note: `median of ${rounds}, ${(text.length / 1e6).toFixed(0)} MB`,
    },
    {
      what: 'the longest that everything else waits meanwhile',
      unit: 'ms of processor time',
      ours: Math.max(...stalls),
      baseline: took,
      goal: { of: 'ours', below: 50 },
      note: `the longest of ${rounds} rounds; with prom-client everything waits for all of it`,
    },
  ];
};

/** Hosts with 20 certificates each, every one in a file and served. */
function fleetOf(now: number) {
  const presence = { connected: true, silent: false, heardAt: now, observedAt: now };
  const all = [];
  const hosts = [];
  for (let host = 0; host < hostCount; host += 1) {
    const own = Array.from({ length: certificatesOfHost }, (_, index) => {
      const name = `name-${index}.host-${host}.example.com`;
      const mark = `${host}/${index}`;
      const serialNumber = createHash('sha256').update(mark).digest('hex').slice(0, 36);
      return certificate(mark, {
        subject: `CN=${name}`,
        issuer: "C=US, O=Let's Encrypt, CN=R13",
        subjectAltNames: [name, `www.${name}`],
        serialNumber,
      });
    });
    const endpoints = own.map((one) =>
      endpoint(one, {
        id: `${one.subjectAltNames[0]}@0.0.0.0:443/ecdsa`,
        serverName: one.subjectAltNames[0] ?? '',
        tlsVersion: 'TLSv1.3',
        reachedAt: { 'on-disk': '2026-11-20T10:00:00.000Z', served: '2026-11-20T10:00:02.000Z' },
      }),
    );
    const files = own.map((one, index) => ({
      path: `/etc/letsencrypt/live/name-${index}/fullchain.pem`,
      fingerprints: [one.fingerprint],
      modifiedAt: '2026-11-20T10:00:00.000Z',
    }));
    all.push(...own.map((one) => ({ certificate: one, firstSeenAt: now, basis: 'der' as const })));
    const [first] = own;
    if (!first) continue;
    const told = snapshot(first, { certificates: own, files, endpoints, lineages: [], deployments: [] });
    hosts.push({
      agentId: `agent-${host}`,
      name: `host-${host}.example.com`,
      agentVersion: '0.1.0',
      enrolledAt: now,
      heardAt: now,
      conflictAt: undefined,
      revokedAt: undefined,
      snapshot: { digest: '', observedAt: now, receivedAt: now, ...told },
    });
  }
  const rule = { pattern: '*', scope: 'name', source: 'command', setBy: 'bench', setAt: now } as const;
  const labels = ['owner', 'team', 'environment', 'platform'].map((key, id) => ({
    ...rule,
    id,
    key,
    value: `${key}-1`,
  }));
  const facts = { hosts, certificates: all, events: [], labels, listed: [], targets: [], eventsTotal: 0 };
  return partsOf(facts, () => presence, now);
}

/** prom-client's registry with the same series as the text. */
function registryOf(text: string): Registry {
  const registry = new Registry();
  const gauges = new Map<string, [names: Set<string>, samples: [Record<string, string>, number][]]>();
  for (const line of text.split('\n')) {
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === '') continue;
    const [names, samples] = gauges.get(name) ?? [new Set<string>(), []];
    gauges.set(name, [names, samples]);
    const read = Object.fromEntries(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, one]) => [key, one]),
    );
    for (const key of Object.keys(read)) names.add(key);
    samples.push([read, Number(value)]);
  }
  for (const [name, [names, samples]] of gauges) {
    const gauge = new Gauge({ name, help: name, labelNames: [...names], registers: [registry] });
    for (const [labels, value] of samples) gauge.set(labels, value);
  }
  return registry;
}

/** Most processor time of this thread between two turns of everything else, in milliseconds, until the returned function is called. */
function watchLoop(): () => Promise<number> {
  let longest = 0;
  let running = true;
  const watching = (async () => {
    while (running) {
      const before = process.threadCpuUsage();
      await othersTurn();
      const { user, system } = process.threadCpuUsage(before);
      longest = Math.max(longest, (user + system) / 1000);
    }
    return longest;
  })();
  return () => {
    running = false;
    return watching;
  };
}

function seriesOf(line: string): string {
  return line.slice(0, line.lastIndexOf(' '));
}

function milliseconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

function noCounts(now: number): CollectorCounts {
  return {
    version: '0.1.0',
    startedAt: now,
    use: { cpuSeconds: 0, residentBytes: 0 },
    eventsTotal: 0,
    agentsConnected: hostCount,
    agentsWaiting: 0,
    pagesConnected: 0,
    refusals: new Map(),
    channels: [],
  };
}
