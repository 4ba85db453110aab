import { dirname, isAbsolute, join } from 'node:path';
import type { Certificate } from '@certherd/protocol/certificate';
import type { Failure } from '@certherd/protocol/failure';
import type { Lineage } from '@certherd/protocol/snapshot';
import { readRenewalConfig } from '../formats/certbot-renewal.ts';
import type { Files } from '../ports.ts';
import { keyMatches, observeCertificateFile } from './certificate-file.ts';
import { type Kind, kinds, versionOf } from './lineage-links.ts';

/** One version in certbot's archive, as far as it could be served. */
export interface KeptVersion {
  version: number;
  leaf?: Certificate;
  keyMatches?: boolean;
  /** Why it is not whole: a file is missing, cut off or unreadable, or its certificate files disagree. */
  failure?: Failure;
}

/** The archive of a lineage and the four links that lead there. */
export interface KeptVersions {
  lineage: string;
  /** As certbot names it, links not followed. */
  directory: string;
  links: Readonly<Record<Kind, string>>;
  /** Newest first. */
  versions: KeptVersion[];
  /** The version that each link leads to; absent where it leads nowhere. A key that several versions share is fullchain's. */
  linked: Partial<Record<Kind, number>>;
}

/** certbot keeps every version for ever; what is older than these has long ended. */
const versionsLookedAt = 10;

/** Reads the newest versions that certbot keeps of a lineage, each with the comparison of its key. */
export function observeKeptVersions(files: Files, configDirectory: string, lineage: Lineage): KeptVersions {
  const content = files.read(lineage.renewalConfig);
  const config = content.ok ? readRenewalConfig(content.value.bytes) : undefined;
  const named = config?.archiveDirectory;
  const directory = named !== undefined && isAbsolute(named) ? named : join(configDirectory, 'archive', lineage.name);
  const live = dirname(lineage.certificatePath);
  const beside = (path: string | undefined, name: string) =>
    path !== undefined && dirname(path) === live ? path : join(live, name);
  const links = {
    cert: beside(config?.cert, 'cert.pem'),
    privkey: lineage.keyPath,
    chain: beside(config?.chain, 'chain.pem'),
    fullchain: lineage.certificatePath,
  };
  const listed = files.list(directory);
  const names = listed.ok ? listed.value : [];
  const versions = names
    .map((name) => versionOf('cert', name))
    .filter((version) => version !== undefined)
    .sort((a, b) => b - a)
    .slice(0, versionsLookedAt);
  return {
    lineage: lineage.name,
    directory,
    links,
    versions: versions.map((version) => observeVersion(files, directory, names, version)),
    linked: linkedVersions(files, links, directory),
  };
}

function linkedVersions(files: Files, links: KeptVersions['links'], directory: string): KeptVersions['linked'] {
  const linked: KeptVersions['linked'] = {};
  for (const kind of kinds) {
    const target = files.resolve(links[kind]);
    const version = target.ok ? versionOf(kind, target.value) : undefined;
    if (version !== undefined) linked[kind] = version;
  }
  // with reuse_key certbot makes privkeyN.pem a link to the earlier key
  const own = files.resolve(join(directory, `privkey${linked.fullchain}.pem`));
  const key = files.resolve(links.privkey);
  if (linked.fullchain !== undefined && own.ok && key.ok && own.value === key.value) linked.privkey = linked.fullchain;
  return linked;
}

function observeVersion(files: Files, directory: string, names: string[], version: number): KeptVersion {
  const path = (kind: Kind) => join(directory, `${kind}${version}.pem`);
  const absent = kinds.map((kind) => `${kind}${version}.pem`).filter((name) => !names.includes(name));
  if (absent.length > 0)
    return { version, failure: { reason: 'not-found', detail: `${directory} has no ${absent.join(', ')}` } };
  const read = (['fullchain', 'cert', 'chain'] as const).map((kind) => observeCertificateFile(files, path(kind)));
  const [fullchain, cert] = read;
  const leaf = fullchain?.certificates[0];
  const key = fullchain?.leafDer ? keyMatches(files, path('privkey'), fullchain.leafDer) : undefined;
  const failure =
    read.find(({ observation }) => observation.failure)?.observation.failure ??
    (cert?.certificates[0]?.fingerprint === leaf?.fingerprint ? undefined : differing(path)) ??
    (key?.ok === false ? key.failure : undefined);
  return {
    version,
    ...(leaf && { leaf }),
    ...(key?.ok && { keyMatches: key.value }),
    ...(failure && { failure }),
  };
}

function differing(path: (kind: Kind) => string): Failure {
  return { reason: 'links-disagree', detail: `${path('cert')} and ${path('fullchain')} hold different certificates` };
}
