import { isAbsolute, join } from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import { type Failure, type Result, success } from '@certherd/protocol/failure';
import type { FileObservation, Lineage } from '@certherd/protocol/snapshot';
import { type RenewalConfig, readRenewalConfig } from '../formats/certbot-renewal.ts';
import { instantOf } from '@certherd/x509/instant';
import { atOnce, type Steps } from '../formats/steps.ts';
import type { Files } from '../ports.ts';
import { type CertificateFile, keyMatches, observeCertificateFile } from './certificate-file.ts';
import { type LineageArchive, observeLineageArchive } from './lineage-archive.ts';
import { followLinks, type Kind, kinds, type LiveLinks, versionOf } from './lineage-links.ts';

/** certbot's lineages under one config directory, all by reading: certbot itself locks its directories even to list. */
export interface LineagesObservation {
  /** 'absent': there is no renewal directory, so no certbot here. A failure: it is there and could not be read. */
  certbot: Result<'present' | 'absent'>;
  /** In the order of their names. */
  lineages: Lineage[];
  /** fullchain.pem and cert.pem of each, under their live paths. */
  files: FileObservation[];
  /** All that lineages and files refer to, each once. */
  certificates: Certificate[];
  /** Names of the lineages that certbot seems to be rewriting: look again before judging them. */
  settling: string[];
  /** For each lineage with a failure. */
  archives: LineageArchive[];
}

/**
 * Observes every lineage that has a renewal/NAME.conf in certbot's config directory ("/etc/letsencrypt"). A lineage's own
 * failures: 'link-broken', 'links-disagree', 'malformed', 'not-found', 'empty' and those of the Files port.
 */
export function observeLineages(files: Files, configDirectory: string): LineagesObservation {
  return atOnce(lineageSteps(files, configDirectory));
}

/** As observeLineages, a lineage in each step. */
export function* lineageSteps(files: Files, configDirectory: string): Steps<LineagesObservation> {
  const names = files.list(join(configDirectory, 'renewal'));
  if (!names.ok) {
    const certbot = names.failure.reason === 'not-found' ? success('absent' as const) : names;
    return { certbot, lineages: [], files: [], certificates: [], settling: [], archives: [] };
  }
  const observed: ObservedLineage[] = [];
  for (const name of names.value) {
    if (!name.endsWith('.conf') || name.length === '.conf'.length) continue;
    observed.push(observeLineage(files, configDirectory, name.slice(0, -'.conf'.length)));
    yield;
  }
  const certificates = observed.flatMap((one) => one.certificates);
  return {
    certbot: success('present'),
    lineages: observed.map(({ lineage }) => lineage),
    files: observed.flatMap((one) => one.files),
    certificates: [...new Map(certificates.map((certificate) => [certificate.fingerprint, certificate])).values()],
    settling: observed.filter(({ settling }) => settling).map(({ lineage }) => lineage.name),
    archives: observed.flatMap((one) => one.archive ?? []),
  };
}

interface ObservedLineage {
  lineage: Lineage;
  files: FileObservation[];
  certificates: Certificate[];
  settling: boolean;
  archive?: LineageArchive;
}

function observeLineage(files: Files, configDirectory: string, name: string): ObservedLineage {
  const renewalConfig = join(configDirectory, 'renewal', `${name}.conf`);
  const content = files.read(renewalConfig);
  const config: RenewalConfig = content.ok ? readRenewalConfig(content.value.bytes) : { autorenew: true };
  const paths = livePaths(config, join(configDirectory, 'live', name));
  const archive = absolute(config.archiveDirectory) ?? join(configDirectory, 'archive', name);

  const links = followLinks(files, paths, archive);
  const newest = findNewest(files, archive, links.version);
  const fullchain = observeCertificateFile(files, paths.fullchain, links.targets.fullchain);
  const cert = observeCertificateFile(files, paths.cert, links.targets.cert);
  const key = links.failure || !fullchain.leafDer ? undefined : matchKey(files, links, fullchain.leafDer);
  const linkChangedAt = files.linkChangedAt(paths.fullchain);
  const changedAt = linkChangedAt.ok ? instantOf(linkChangedAt.value) : undefined;

  const failure =
    (content.ok ? missingSettings(config, renewalConfig) : content.failure) ??
    links.failure ??
    newest.failure ??
    fullchain.observation.failure ??
    (key?.ok === false && !isOutOfReach(key.failure) ? key.failure : undefined);
  const issued = newest.file?.certificates[0]?.fingerprint;
  const live = fullchain.certificates[0]?.fingerprint;
  return {
    lineage: {
      name,
      renewalConfig,
      certificatePath: paths.fullchain,
      keyPath: paths.privkey,
      ...(issued === undefined ? {} : { issued }),
      ...(newest.version === undefined ? {} : { issuedVersion: newest.version }),
      ...(live === undefined ? {} : { live }),
      ...(links.version === undefined ? {} : { liveVersion: links.version }),
      ...(changedAt === undefined ? {} : { changedAt }),
      ...(key?.ok ? { keyMatches: key.value } : {}),
      ...(config.server === undefined ? {} : { acmeDirectory: config.server.slice(0, 2048) }),
      ...(config.authenticator === undefined ? {} : { authenticator: config.authenticator.slice(0, 1024) }),
      ...(config.installer === undefined ? {} : { installer: config.installer.slice(0, 1024) }),
      ...(config.autorenew ? {} : { autorenew: false }),
      ...(failure ? { failure } : {}),
    },
    files: [fullchain.observation, cert.observation],
    certificates: [fullchain, cert, newest.file].flatMap((file) => file?.certificates ?? []),
    settling: links.settling || newest.settling,
    ...(failure ? { archive: observeLineageArchive(files, name, archive, { paths, links, config }) } : {}),
  };
}

/** As the config names them; certbot writes absolute paths and refuses others. */
function livePaths(config: RenewalConfig, directory: string): Record<Kind, string> {
  const path = (kind: Kind) => absolute(config[kind]) ?? join(directory, `${kind}.pem`);
  return { cert: path('cert'), privkey: path('privkey'), chain: path('chain'), fullchain: path('fullchain') };
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) && path.length <= 4096 && !path.includes('\0') ? path : undefined;
}

function missingSettings(config: RenewalConfig, path: string): Failure | undefined {
  const missing = kinds.filter((kind) => absolute(config[kind]) === undefined);
  return missing.length === 0
    ? undefined
    : { reason: 'malformed', detail: `${path} has no absolute path for ${missing.join(', ')}` };
}

interface NewestVersion {
  version?: number;
  file?: CertificateFile;
  settling: boolean;
  failure?: Failure;
}

/** The highest certN.pem. certbot writes privkeyN, certN, chainN and fullchainN in this order, and moves the links afterwards. */
function findNewest(files: Files, archive: string, liveVersion: number | undefined): NewestVersion {
  const names = files.list(archive);
  if (!names.ok) return { settling: false, failure: names.failure };
  const versions = names.value.map((name) => versionOf('cert', name)).filter((version) => version !== undefined);
  if (versions.length === 0)
    return { settling: false, failure: { reason: 'not-found', detail: `${archive} has no certN.pem` } };
  const version = versions.reduce((most, one) => Math.max(most, one));
  const file = observeCertificateFile(files, join(archive, `cert${version}.pem`));
  const absent = kinds.map((kind) => `${kind}${version}.pem`).filter((name) => !names.value.includes(name));
  const failure: Failure | undefined =
    file.observation.failure ??
    (absent.length > 0
      ? { reason: 'not-found', detail: `${archive} has cert${version}.pem but no ${absent.join(', ')}` }
      : undefined);
  const settling = failure !== undefined && (liveVersion === undefined || version > liveVersion);
  return { version, file, settling, ...(failure ? { failure } : {}) };
}

function matchKey(files: Files, links: LiveLinks, leafDer: Uint8Array): Result<boolean> | undefined {
  return links.targets.privkey === undefined ? undefined : keyMatches(files, links.targets.privkey, leafDer);
}

/** That we may not read a key says nothing about the lineage. */
function isOutOfReach({ reason }: Failure): boolean {
  return reason === 'permission-denied' || reason === 'password-needed' || reason === 'unsupported';
}
