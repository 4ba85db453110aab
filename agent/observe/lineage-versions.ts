import { dirname, join } from 'node:path';
import type { Lineage } from '@certherd/protocol/snapshot';
import type { Steps } from '../formats/steps.ts';
import type { Files } from '../ports.ts';
import { observeCertificateFile } from './certificate-file.ts';
import { versionOf } from './lineage-links.ts';

/** An earlier leaf of a lineage, still in certbot's archive. */
export interface LineageVersion {
  lineage: string;
  version: number;
  fingerprint: string;
}

/** Fields of Observations that `staleCopy` judges. */
export interface LineageVersionsObserved {
  /** Those of `wanted` that are found in an archive. */
  lineageVersions: LineageVersion[];
}

/** certbot keeps every version for ever; a copy that is older than these has long expired. */
const versionsLookedAt = 20;

/**
 * Which of these fingerprints (of files outside of every lineage) are versions that certbot keeps in an archive? Nothing is
 * read where none is wanted, and the newest versions first.
 */
export function* lineageVersionSteps(
  files: Files,
  lineages: readonly Lineage[],
  wanted: readonly string[],
): Steps<LineageVersion[]> {
  const missing = new Set(wanted);
  const found: LineageVersion[] = [];
  for (const lineage of lineages) {
    if (missing.size === 0) break;
    const own = files.resolve(lineage.certificatePath);
    if (!own.ok) continue;
    const archive = dirname(own.value);
    for (const version of newestVersions(files, archive)) {
      yield;
      const [leaf] = observeCertificateFile(files, join(archive, `cert${version}.pem`)).certificates;
      if (!leaf || !missing.delete(leaf.fingerprint)) continue;
      found.push({ lineage: lineage.name, version, fingerprint: leaf.fingerprint });
    }
  }
  return found;
}

function newestVersions(files: Files, archive: string): number[] {
  const names = files.list(archive);
  if (!names.ok) return [];
  return names.value
    .map((name) => versionOf('cert', name))
    .filter((version) => version !== undefined)
    .sort((a, b) => b - a)
    .slice(0, versionsLookedAt);
}
