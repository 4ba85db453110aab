import path from 'node:path';
import type { Lineage } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import type { Steps } from '../formats/steps.ts';
import type { LookPorts } from '../ports.ts';
import { askEndpoints, type Asks } from './endpoints/ask-endpoints.ts';
import type { LookMemory } from './look-memory.ts';
import { observeRehearsals, rootsActDirectory } from './rehearsals.ts';
import { observeRunningNginx } from './nginx-running.ts';
import { observeOwnRights } from './own-rights.ts';
import { observeServerProcesses } from './server-processes.ts';
import type { Observations } from './observations.ts';
import { distinct, onDiskSteps } from './on-disk.ts';
import { readingBudget } from './reading-budget.ts';
import { inSlices, slices } from './slices.ts';
import { needsIntermediate } from './trust.ts';
import { readTrustedRoots } from './trusted-roots.ts';
import { noUpkeep, stillKnown, upkeepSteps } from './upkeep.ts';

/** certbot swaps its links within milliseconds; what still disagrees after this is broken, not settling. */
const settlingMs = 60_000;

/** certbot writes a version into its archive, and moves the links to it within milliseconds. */
const linkingMs = 2_000;

/** While links disagree, look at them again this often. */
const settleStepMs = 150;

/** A watched directory that comes and goes must not keep a look from its end. */
const readingsInARow = 3;

export interface LookOptions {
  /** How long the handshakes wait while certbot rewrites its links. */
  patienceMs?: number;
  /** There is no more time for that. */
  isOver?: () => boolean;
  /** Watches where these were read. True: somewhere for the first time, where a change before gave no sign, so that they are read again. */
  watch?: (seen: Observations) => Promise<boolean>;
  /** False: no connection is made. */
  probe?: boolean;
  /** Told once how many endpoints are to be asked. */
  onTargets?: (count: number) => void;
  /** Of the looks before. */
  memory?: LookMemory;
  /** Of the endpoints; by what an earlier look saw of them, where there is a memory. */
  asks?: Asks;
}

/** One look at the whole host: files, lineages, configs, who renews, and a handshake with every endpoint. */
export async function observeHost(
  machine: LookPorts,
  config: Config,
  host: { name: string; agentVersion: string; platform: string },
  {
    patienceMs = settlingMs,
    isOver = () => false,
    watch = () => Promise.resolve(false),
    probe = true,
    onTargets,
    memory,
    asks = 'everything',
  }: LookOptions = {},
): Promise<Observations> {
  const ports = memory ? { ...machine, files: memory.files } : machine;
  const seen = await filesAtRest(ports, config, host, { patienceMs, isOver, watch });
  const asking = { probe, asks, ...(onTargets && { onTargets }), ...(memory && { memory }) };
  const asked = await askEndpoints(ports, config, seen, asking);
  const { endpoints, certificates, notAsked, askedAt, served, carriesOver, walked } = asked;
  const issued = new Map(seen.lineages.map((lineage) => [lineage.name, lineage.issued]));
  const lineageOf = new Map(seen.deployments.map((deployment) => [deployment.id, deployment.lineage]));
  const whole = {
    ...seen,
    certificates: distinct([...seen.certificates, ...certificates]),
    notAsked,
    ...(askedAt !== undefined && { askedAt }),
    endpoints: endpoints.map((endpoint) => {
      const newest = endpoint.configured && issued.get(lineageOf.get(endpoint.deployment ?? '') ?? '');
      return newest ? { ...endpoint, issued: newest } : endpoint;
    }),
  };
  const trusted = { extraRoots: config.extraRoots, bundled: () => ports.bundledRoots() };
  const roots = readTrustedRoots(ports.files, trusted, memory?.roots);
  if (memory) memory.roots = roots;
  const slice = slices(ports.clock);
  const known = memory?.upkeep && (carriesOver ? memory.upkeep : stillKnown(memory.upkeep, seen.at));
  const upkeep = await inSlices(slice, upkeepSteps(ports, config, whole, { served, roots }, '/', known));
  if (memory) memory.upkeep = { trust: upkeep.trust, roots, renewers: upkeep.machinery };
  const brokenChains = await inSlices(
    slice,
    keptSteps(whole.brokenChains, (file) => needsIntermediate(ports.files, file, roots, seen.at)),
  );
  const running = observeRunningNginx(ports, config, whole, { walked, holders: memory?.holders });
  const rights = observeOwnRights(ports.proc);
  const processes = observeServerProcesses(ports.proc, seen.servers, ports.clock.now());
  return {
    ...whole,
    ...upkeep,
    brokenChains,
    ...(running && { running }),
    ...(rights && { rights }),
    ...(processes.length > 0 && { processes }),
  };
}

/** Before anything is asked: what follows from files is read until they are watched, and certbot has written what it writes. */
async function filesAtRest(
  ports: LookPorts,
  config: Config,
  host: { name: string; agentVersion: string; platform: string },
  { patienceMs, isOver, watch }: Required<Pick<LookOptions, 'patienceMs' | 'isOver' | 'watch'>>,
): Promise<Observations> {
  const began = ports.clock.monotonic();
  for (let again = 1; ; ) {
    const seen = await observeFiles(ports, config, host);
    const isNew = await watch(seen);
    if (isOver()) return seen;
    if (isNew && again++ < readingsInARow) continue;
    if (seen.settling.length === 0 || ports.clock.monotonic() - began >= patienceMs) return seen;
    await new Promise<void>((resolve) => void ports.clock.after(settleStepMs, resolve));
  }
}

/** The same look without a single connection: what is issued and what is configured. */
export async function observeFiles(
  { files, clock }: Pick<LookPorts, 'files' | 'clock'>,
  config: Config,
  host: { name: string; agentVersion: string; platform: string } = {
    name: config.hostName,
    agentVersion: '',
    platform: '',
  },
): Promise<Observations> {
  const steps = onDiskSteps(files, config, () => readingBudget(clock));
  const { unsettled, ...disk } = await inSlices(slices(clock), steps);
  const now = clock.now();
  const rehearsals = observeRehearsals(files, [config.stateDirectory, rootsActDirectory], now);
  return {
    at: now,
    host: {
      name: host.name,
      agentVersion: host.agentVersion,
      platform: host.platform,
      mode: config.mode,
      lookSeconds: config.rescanMs / 1000,
    },
    ...disk,
    endpoints: [],
    ...noUpkeep,
    settling: disk.lineages
      .filter((lineage) => {
        const atMostMs = unsettled.includes(lineage.name) ? settlingMs : isBehind(lineage) ? linkingMs : 0;
        return atMostMs > 0 && Math.abs(now - writtenAt(files, lineage)) < atMostMs;
      })
      .map((lineage) => lineage.name),
    ...(rehearsals.size > 0 && { rehearsals }),
  };
}

/** The links lead to an earlier version than the newest one in the archive. */
function isBehind({ failure, liveVersion = 0, issuedVersion = 0 }: Lineage): boolean {
  return !failure && liveVersion < issuedVersion;
}

/** When certbot last wrote to the lineage: its live or its archive directory changed. */
function writtenAt(files: LookPorts['files'], lineage: Lineage): number {
  const target = files.resolve(lineage.certificatePath);
  const directories = [path.dirname(lineage.certificatePath), ...(target.ok ? [path.dirname(target.value)] : [])];
  return Math.max(
    0,
    ...directories
      .map((directory) => files.linkChangedAt(directory))
      .map((changed) => (changed.ok ? changed.value : 0)),
  );
}

function* keptSteps<T>(items: readonly T[], keep: (item: T) => boolean): Steps<T[]> {
  const kept: T[] = [];
  for (const item of items) {
    if (keep(item)) kept.push(item);
    yield;
  }
  return kept;
}
