import path from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment, FileObservation, Lineage } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import type { LookPorts } from '../ports.ts';
import { type CertificateFile, keyMatches, observeCertificateFile } from './certificate-file.ts';
import { endpointTargets, observeEndpoints } from './endpoint.ts';
import { observeLineages } from './lineage.ts';
import { namedByCertificate, observeServers } from './servers.ts';
import { observeRunningNginx } from './nginx-running.ts';
import { type Observations, certificatesByFingerprint } from './observations.ts';
import { keepingCertificates, needsIntermediate, type ServedCertificates } from './trust.ts';
import { readTrustedRoots } from './trusted-roots.ts';
import { noUpkeep, observeUpkeep } from './upkeep.ts';

/** certbot swaps its links within milliseconds; what still disagrees after this is broken, not settling. */
const settlingMs = 60_000;

/** While links disagree, look at them again this often. */
const settleStepMs = 150;

export interface LookOptions {
  /** How long the handshakes wait while certbot rewrites its links. */
  patienceMs?: number;
  /** There is no more time for that. */
  isOver?: () => boolean;
  /** False: no connection is made. */
  probe?: boolean;
}

/** One look at the whole host: files, lineages, configs, who renews, and a handshake with every endpoint. */
export async function observeHost(
  ports: LookPorts,
  config: Config,
  host: { name: string; agentVersion: string; platform: string },
  { patienceMs = settlingMs, isOver = () => false, probe = true }: LookOptions = {},
): Promise<Observations> {
  const began = ports.clock.monotonic();
  let seen = observeFiles(ports, config, host);
  while (seen.settling.length > 0 && ports.clock.monotonic() - began < patienceMs && !isOver()) {
    await new Promise<void>((resolve) => void ports.clock.after(settleStepMs, resolve));
    seen = observeFiles(ports, config, host);
  }
  const byFingerprint = certificatesByFingerprint(seen);
  const algorithmOf = (fingerprint: string) => byFingerprint.get(fingerprint)?.algorithm;
  const targets = probe ? endpointTargets(seen.deployments) : [];
  const served: ServedCertificates = new Map();
  const dial = keepingCertificates(ports.dial, served);
  const { endpoints, certificates } = await observeEndpoints(dial, targets, algorithmOf, config.probeTimeoutMs);
  const issued = new Map(seen.lineages.map((lineage) => [lineage.name, lineage.issued]));
  const lineageOf = new Map(seen.deployments.map((deployment) => [deployment.id, deployment.lineage]));
  const whole = {
    ...seen,
    certificates: distinct([...seen.certificates, ...certificates]),
    endpoints: endpoints.map((endpoint) => {
      const newest = endpoint.configured && issued.get(lineageOf.get(endpoint.deployment ?? '') ?? '');
      return newest ? { ...endpoint, issued: newest } : endpoint;
    }),
  };
  const roots = readTrustedRoots(ports.files, { extraRoots: config.extraRoots, bundled: () => ports.bundledRoots() });
  const running = observeRunningNginx(ports, config, whole);
  return {
    ...whole,
    brokenChains: whole.brokenChains.filter((file) => needsIntermediate(ports.files, file, roots, seen.at)),
    ...observeUpkeep(ports, config, whole, { served, roots }, '/'),
    ...(running && { running }),
  };
}

/** The same look without a single connection: what is issued and what is configured. */
export function observeFiles(
  { files, clock }: Pick<LookPorts, 'files' | 'clock'>,
  config: Config,
  host: { name: string; agentVersion: string; platform: string } = {
    name: config.hostName,
    agentVersion: '',
    platform: '',
  },
): Observations {
  const certbot = observeLineages(files, config.certbot.configDirectory);
  const servers = observeServers(files, config);
  const read = new Map<string, CertificateFile>();
  const deployments = servers.deployments.map((deployment) => {
    if (deployment.failure) return deployment;
    const file = read.get(deployment.certificatePath) ?? observeCertificateFile(files, deployment.certificatePath);
    read.set(deployment.certificatePath, file);
    return completed(files, namedByCertificate(deployment, file.certificates[0]), file, certbot.lineages);
  });
  const now = clock.now();
  return {
    at: now,
    host: {
      name: host.name,
      agentVersion: host.agentVersion,
      platform: host.platform,
      mode: config.mode,
      lookSeconds: config.rescanMs / 1000,
    },
    certificates: distinct([...certbot.certificates, ...[...read.values()].flatMap((file) => file.certificates)]),
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
      .filter(
        (lineage) => certbot.settling.includes(lineage.name) && Math.abs(now - writtenAt(files, lineage)) < settlingMs,
      )
      .map((lineage) => lineage.name),
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
  lineages: Lineage[],
): Deployment {
  const lineage = lineages.find((candidate) => belongsTo(files, deployment.certificatePath, candidate));
  const key = file.leafDer && keyMatches(files, deployment.keyPath, file.leafDer);
  const configured = file.certificates[0]?.fingerprint;
  const keyMissing =
    key && !key.ok && ['not-found', 'link-broken'].includes(key.failure.reason) ? key.failure : undefined;
  const failure = configured ? keyMissing : file.observation.failure;
  return {
    ...deployment,
    ...(configured && { configured }),
    ...(lineage && { lineage: lineage.name }),
    ...(key?.ok && { keyMatches: key.value }),
    ...(failure && { failure }),
  };
}

/** By name (live/NAME) or, through links, by the directory that the lineage's own files are in. */
function belongsTo(files: LookPorts['files'], certificatePath: string, lineage: Lineage): boolean {
  if (path.dirname(certificatePath) === path.dirname(lineage.certificatePath)) return true;
  const target = files.resolve(certificatePath);
  const own = files.resolve(lineage.certificatePath);
  return target.ok && own.ok && path.dirname(target.value) === path.dirname(own.value);
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

function distinct(certificates: Certificate[]): Certificate[] {
  const byFingerprint = certificatesByFingerprint({ certificates });
  return [...byFingerprint.values()].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

function distinctFiles(files: FileObservation[]): FileObservation[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
