import path from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Deployment, FileObservation, Lineage } from '@certherd/protocol/snapshot';
import type { Config } from '../config.ts';
import type { Steps } from '../formats/steps.ts';
import type { Files } from '../ports.ts';
import {
  type CertificateFile,
  keyKindDiffers,
  keyMatches,
  type KnownFiles,
  observeCertificateFile,
  readAsPem,
} from './certificate-file.ts';
import { changedBetween } from './changed-between.ts';
import { lineageSteps } from './lineage.ts';
import { certificatesByFingerprint, type Observations } from './observations.ts';
import type { ReadingBudget } from './reading-budget.ts';
import { namedByCertificate, type ServersObservation, serverSteps } from './servers.ts';
import { keptSteps } from './standing-work.ts';

/** What certbot keeps and what the servers' configs name: by files alone, so that nothing of it changes while they do not. */
export interface OnDisk
  extends Pick<
    Observations,
    | 'archives'
    | 'brokenChains'
    | 'certbot'
    | 'certificates'
    | 'deployments'
    | 'files'
    | 'foreignKeys'
    | 'lineages'
    | 'servers'
  > {
  /** Names of lineages that certbot may be rewriting, as far as their files tell. */
  unsettled: string[];
}

/** Reads all of it, or takes what a look before made of the same. `budget`: for each server's config. */
export function* onDiskSteps(files: KnownFiles, config: Config, budget: () => ReadingBudget): Steps<OnDisk> {
  const servers = yield* serverSteps(files, config, budget);
  return yield* keptSteps(files.kept?.works.onDisk, files, (noted) => readingSteps(noted, config, servers), {
    basis: [servers],
    mayStand: ({ unsettled }) => unsettled.length === 0,
  });
}

function* readingSteps(files: KnownFiles, config: Config, servers: ServersObservation): Steps<OnDisk> {
  const certbot = yield* lineageSteps(files, config.certbot.configDirectory);
  const read = new Map<string, CertificateFile>();
  const lineageOf = lineageFinder(files, certbot.lineages);
  const deployments: Deployment[] = [];
  for (const deployment of servers.deployments) {
    yield;
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
  yield;
  const certificates = distinct([...certbot.certificates, ...[...read.values()].flatMap((file) => file.certificates)]);
  yield;
  const foreignKeys = deployments.filter(({ server, keyMatches: fits, keyPath, certificatePath }) => {
    const leaf = read.get(certificatePath)?.leafDer;
    return server === 'nginx' && fits === false && leaf !== undefined && keyKindDiffers(files, keyPath, leaf);
  });
  return {
    certificates,
    files: distinctFiles([...certbot.files, ...[...read.values()].map((file) => file.observation)]),
    lineages: certbot.lineages,
    servers: servers.servers,
    deployments,
    certbot: {
      directory: certbot.certbot.ok
        ? certbot.certbot.value === 'absent'
          ? 'absent'
          : 'present'
        : certbot.certbot.failure,
      binary: files.resolve(config.certbot.binary).ok ? 'present' : 'absent',
    },
    ...(foreignKeys.length > 0 && { foreignKeys: foreignKeys.map(({ id }) => id) }),
    ...(certbot.archives.length > 0 && { archives: certbot.archives }),
    brokenChains: [...read.values()]
      .filter(({ chain, observation }) => chain?.complete === false && !servers.chainedElsewhere.has(observation.path))
      .map((file) => file.observation.path),
    unsettled: [...certbot.settling, ...changedBetween(certbot.lineages, deployments)],
  };
}

/** A deployment with what its files hold, and the lineage that they belong to. With `configured` a failure is the key's. */
function completed(
  files: KnownFiles,
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
function lineageFinder(files: Files, lineages: Lineage[]): (path: string) => Lineage | undefined {
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

/** Each once, in the order of their fingerprints. */
export function distinct(certificates: Certificate[]): Certificate[] {
  const byFingerprint = certificatesByFingerprint({ certificates });
  return [...byFingerprint.values()].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

function distinctFiles(files: FileObservation[]): FileObservation[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
