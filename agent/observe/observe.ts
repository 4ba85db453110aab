import path from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment, FileObservation, Lineage } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import type { Steps } from '../formats/steps.ts';
import type { LookPorts } from '../ports.ts';
import {
  type CertificateFile,
  keyKindDiffers,
  keyMatches,
  observeCertificateFile,
  readAsPem,
} from './certificate-file.ts';
import { changedBetween } from './changed-between.ts';
import { askEndpoints, type Asks } from './endpoints/ask-endpoints.ts';
import { lineageSteps } from './lineage.ts';
import type { LookMemory } from './look-memory.ts';
import { observeRehearsals, rootsActDirectory } from './rehearsals.ts';
import { namedByCertificate, serverSteps } from './servers.ts';
import { observeRunningNginx } from './nginx-running.ts';
import { observeOwnRights } from './own-rights.ts';
import { observeServerProcesses } from './server-processes.ts';
import { type Observations, certificatesByFingerprint } from './observations.ts';
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

export interface LookOptions {
  /** How long the handshakes wait while certbot rewrites its links. */
  patienceMs?: number;
  /** There is no more time for that. */
  isOver?: () => boolean;
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
    probe = true,
    onTargets,
    memory,
    asks = 'everything',
  }: LookOptions = {},
): Promise<Observations> {
  const ports = memory ? { ...machine, files: memory.files } : machine;
  const began = ports.clock.monotonic();
  let seen = await observeFiles(ports, config, host);
  while (seen.settling.length > 0 && ports.clock.monotonic() - began < patienceMs && !isOver()) {
    await new Promise<void>((resolve) => void ports.clock.after(settleStepMs, resolve));
    seen = await observeFiles(ports, config, host);
  }
  const { endpoints, certificates, notAsked, askedAt, served, carriesOver } = await askEndpoints(ports, config, seen, {
    probe,
    asks,
    ...(onTargets && { onTargets }),
    ...(memory && { memory }),
  });
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
  const running = observeRunningNginx(ports, config, whole);
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
  const slice = slices(clock);
  const certbot = await inSlices(slice, lineageSteps(files, config.certbot.configDirectory));
  const servers = await inSlices(
    slice,
    serverSteps(files, config, () => readingBudget(clock)),
  );
  const read = new Map<string, CertificateFile>();
  const lineageOf = lineageFinder(files, certbot.lineages);
  const deployments: Deployment[] = [];
  for (const deployment of servers.deployments) {
    if (slice.isOver()) await slice.next();
    if (deployment.failure) {
      deployments.push(deployment);
      continue;
    }
    const found = read.get(deployment.certificatePath) ?? observeCertificateFile(files, deployment.certificatePath);
    read.set(deployment.certificatePath, found);
    const file = deployment.server === 'other' ? found : readAsPem(found);
    const named = namedByCertificate(deployment, file.certificates[0]);
    deployments.push(completed(files, named, file, lineageOf(deployment.certificatePath)));
  }
  await slice.next();
  const now = clock.now();
  const certificates = distinct([...certbot.certificates, ...[...read.values()].flatMap((file) => file.certificates)]);
  await slice.next();
  const foreignKeys = deployments.filter(({ server, keyMatches: fits, keyPath, certificatePath }) => {
    const leaf = read.get(certificatePath)?.leafDer;
    return server === 'nginx' && fits === false && leaf !== undefined && keyKindDiffers(files, keyPath, leaf);
  });
  const rehearsals = observeRehearsals(files, [config.stateDirectory, rootsActDirectory], now);
  const unsettled = [...certbot.settling, ...changedBetween(certbot.lineages, deployments)];
  return {
    at: now,
    host: {
      name: host.name,
      agentVersion: host.agentVersion,
      platform: host.platform,
      mode: config.mode,
      lookSeconds: config.rescanMs / 1000,
    },
    certificates,
    files: distinctFiles([...certbot.files, ...[...read.values()].map((file) => file.observation)]),
    lineages: certbot.lineages,
    servers: servers.servers,
    deployments,
    endpoints: [],
    ...noUpkeep,
    certbot: {
      directory: certbot.certbot.ok
        ? certbot.certbot.value === 'absent'
          ? 'absent'
          : 'present'
        : certbot.certbot.failure,
      binary: files.resolve(config.certbot.binary).ok ? 'present' : 'absent',
    },
    settling: certbot.lineages
      .filter((lineage) => {
        const atMostMs = unsettled.includes(lineage.name) ? settlingMs : isBehind(lineage) ? linkingMs : 0;
        return atMostMs > 0 && Math.abs(now - writtenAt(files, lineage)) < atMostMs;
      })
      .map((lineage) => lineage.name),
    ...(foreignKeys.length > 0 && { foreignKeys: foreignKeys.map(({ id }) => id) }),
    ...(certbot.archives.length > 0 && { archives: certbot.archives }),
    ...(rehearsals.size > 0 && { rehearsals }),
    brokenChains: [...read.values()]
      .filter(({ chain, observation }) => chain?.complete === false && !servers.chainedElsewhere.has(observation.path))
      .map((file) => file.observation.path),
  };
}

/** A deployment with what its files hold, and the lineage that they belong to. With `configured` a failure is the key's. */
function completed(
  files: LookPorts['files'],
  deployment: Deployment,
  file: CertificateFile,
  lineage: Lineage | undefined,
): Deployment {
  const { keyPath } = deployment;
  const key = file.leafDer && keyPath !== '' ? keyMatches(files, keyPath, file.leafDer) : undefined;
  const configured = file.certificates[0]?.fingerprint;
  const keyMissing =
    key && !key.ok && ['not-found', 'link-broken', 'permission-denied'].includes(key.failure.reason)
      ? key.failure
      : undefined;
  const failure = configured ? keyMissing : file.observation.failure;
  return {
    ...deployment,
    ...(configured && { configured }),
    ...(lineage && { lineage: lineage.name }),
    ...(key?.ok && { keyMatches: key.value }),
    ...(failure && { failure }),
  };
}

/** By name (live/NAME) or, through links, by the directory that the lineage's own files are in; of several the first one. */
function lineageFinder(files: LookPorts['files'], lineages: Lineage[]): (path: string) => Lineage | undefined {
  const byName = new Map<string, Lineage>();
  const byTarget = new Map<string, Lineage>();
  for (const lineage of lineages.toReversed()) {
    byName.set(path.dirname(lineage.certificatePath), lineage);
    const own = files.resolve(lineage.certificatePath);
    if (own.ok) byTarget.set(path.dirname(own.value), lineage);
  }
  return (certificatePath) => {
    if (lineages.length === 0) return undefined;
    const named = byName.get(path.dirname(certificatePath));
    const target = files.resolve(certificatePath);
    const held = target.ok ? byTarget.get(path.dirname(target.value)) : undefined;
    return named && held ? lineages.find((lineage) => lineage === named || lineage === held) : (named ?? held);
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

function distinct(certificates: Certificate[]): Certificate[] {
  const byFingerprint = certificatesByFingerprint({ certificates });
  return [...byFingerprint.values()].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

function distinctFiles(files: FileObservation[]): FileObservation[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
