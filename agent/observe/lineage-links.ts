import { basename, dirname, join } from 'node:path';
import type { Failure } from '@certherd/protocol/failure';
import type { Files } from '../ports.ts';

export const kinds = ['cert', 'privkey', 'chain', 'fullchain'] as const;
export type Kind = (typeof kinds)[number];

/** Where the four live links of a lineage lead. */
export interface LiveLinks {
  /** The files behind the links that lead anywhere. */
  targets: Partial<Record<Kind, string>>;
  /** The version that fullchain.pem leads to: the N of fullchainN.pem. */
  version?: number;
  /** certbot seems to be at work: one link is gone, or the four are of different versions. */
  settling: boolean;
  failure?: Failure;
}

/**
 * Follows the four links. certbot replaces them one at a time (unlink, then symlink, in the order of `kinds`), so a link that is
 * gone while others stand, or a mixture of versions, is what a reader sees in the middle of that; nothing else is.
 * Failures: 'not-found', 'link-broken', 'links-disagree' and those of Files.resolve.
 */
export function followLinks(files: Files, links: Readonly<Record<Kind, string>>, archive: string): LiveLinks {
  const targets: LiveLinks['targets'] = {};
  const missing: string[] = [];
  let broken: Failure | undefined;
  for (const kind of kinds) {
    const target = files.resolve(links[kind]);
    if (target.ok) targets[kind] = target.value;
    else if (target.failure.reason !== 'not-found') broken ??= target.failure;
    // a link that was made in between leads somewhere by now
    else if (files.linkChangedAt(links[kind]).ok && !files.resolve(links[kind]).ok)
      broken ??= { reason: 'link-broken', detail: `${links[kind]} leads to a file that does not exist` };
    else missing.push(links[kind]);
  }

  const version = versionOf('fullchain', targets.fullchain ?? '');
  const led = { targets, ...(version === undefined ? {} : { version }) };
  if (broken) return { ...led, settling: false, failure: broken };
  if (missing.length > 0) {
    const failure: Failure = { reason: 'not-found', detail: `${missing.join(', ')}: no such file` };
    return { ...led, settling: missing.length < kinds.length || isBeingRewritten(files, links), failure };
  }
  const misplaced = findMisplaced(files, links, targets, archive);
  if (misplaced) return { ...led, settling: false, failure: misplaced };
  const disagreement = findDisagreement(files, targets);
  return disagreement ? { ...led, settling: true, failure: disagreement } : { ...led, settling: false };
}

/**
 * Each link may have been looked for at the very moment when it was gone. One listing cannot miss all four, and while certbot
 * works it also shows the previous_*.pem links that it keeps for going back.
 */
function isBeingRewritten(files: Files, links: Readonly<Record<Kind, string>>): boolean {
  const names = files.list(dirname(links.fullchain));
  if (!names.ok) return false;
  const own = kinds.map((kind) => basename(links[kind]));
  return names.value.some((name) => own.includes(name) || name.startsWith('previous_'));
}

/** The N of KINDN.pem. */
export function versionOf(kind: Kind, path: string): number | undefined {
  const name = basename(path);
  const [, digits] = /^[a-z]+(\d{1,9})\.pem$/.exec(name) ?? [];
  return digits !== undefined && name.startsWith(`${kind}${digits}.`) ? Number(digits) : undefined;
}

/** certbot refuses a lineage whose links are not links, or lead anywhere but to numbered files in its archive. */
function findMisplaced(
  files: Files,
  links: Readonly<Record<Kind, string>>,
  targets: LiveLinks['targets'],
  archive: string,
): Failure | undefined {
  const home = files.resolve(archive);
  for (const kind of kinds) {
    const target = targets[kind] ?? '';
    if (versionOf(kind, target) === undefined)
      return { reason: 'link-broken', detail: `${links[kind]} is not a link to a numbered file in ${archive}` };
    if (home.ok && dirname(target) !== home.value)
      return { reason: 'links-disagree', detail: `${links[kind]} leads to ${target}, outside of ${archive}` };
  }
  return undefined;
}

function findDisagreement(files: Files, targets: LiveLinks['targets']): Failure | undefined {
  const versions = kinds.map((kind) => versionOf(kind, targets[kind] ?? ''));
  const version = versions.at(-1);
  const different = kinds.filter((kind, index) => {
    if (versions[index] === version) return false;
    return kind !== 'privkey' || !isReusedKey(files, targets, version);
  });
  if (different.length === 0) return undefined;
  const list = kinds.map((kind, index) => `${kind}${versions[index]}`).join(', ');
  return { reason: 'links-disagree', detail: `the live links lead to different versions: ${list}` };
}

/** With reuse_key certbot makes privkeyN.pem in the archive a link to the earlier key: both lead to one file. */
function isReusedKey(files: Files, targets: LiveLinks['targets'], version: number | undefined): boolean {
  const { privkey, fullchain } = targets;
  if (privkey === undefined || fullchain === undefined || version === undefined) return false;
  const own = files.resolve(join(dirname(fullchain), `privkey${version}.pem`));
  return own.ok && own.value === privkey;
}
