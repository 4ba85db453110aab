import type { Certificate } from '@certherd/protocol/certificate';
import type { KeptVersion } from '../observe/kept-versions.ts';
import { uncoveredNames } from './coverage.ts';

/** What one place (a server name at a listener) showed, whatever kinds of key it was asked for. */
export interface Shown {
  place: string;
  /** The lineages whose certificates it is to present, each with the leaf that is configured. */
  lineages: ReadonlyMap<string, string>;
  /** Fingerprints of the leaves that were presented. */
  leaves: ReadonlySet<string>;
}

/**
 * Lineages whose earlier certificate was presented before and which have another one configured, each with the leaves that were
 * presented: a reload changes what their clients get, and can be taken back.
 */
export function lineagesAtStake(
  before: readonly Shown[],
  kept: ReadonlyMap<string, readonly KeptVersion[]>,
): Map<string, ReadonlySet<string>> {
  const stake = new Map<string, ReadonlySet<string>>();
  for (const { lineages, leaves } of before) {
    for (const [name, configured] of lineages) {
      const earlier = (kept.get(name) ?? []).filter(
        ({ leaf }) => leaf !== undefined && leaf.fingerprint !== configured && leaves.has(leaf.fingerprint),
      );
      if (earlier.length === 0) continue;
      const known = stake.get(name) ?? new Set<string>();
      stake.set(name, new Set([...known, ...earlier.flatMap(({ leaf }) => leaf?.fingerprint ?? [])]));
    }
  }
  return stake;
}

/**
 * Which of them the reload broke: a place that presented the earlier certificate now presents neither that nor the new one. Where
 * the earlier one goes on nothing is broken for anybody, and putting it back would only hide why the reload had no effect. Nothing
 * follows from a place that was not asked again.
 */
export function brokenLineages(
  stake: ReadonlyMap<string, ReadonlySet<string>>,
  before: readonly Shown[],
  after: readonly Shown[],
): string[] {
  const now = new Map(after.map((shown) => [shown.place, shown.leaves]));
  return [...stake].flatMap(([name, earlier]) => {
    const isBroken = before.some(({ place, lineages, leaves }) => {
      const configured = lineages.get(name);
      const old = [...leaves].filter((leaf) => earlier.has(leaf));
      const shown = now.get(place);
      if (configured === undefined || old.length === 0 || !shown) return false;
      return ![...old, configured].some((leaf) => shown.has(leaf));
    });
    return isBroken ? [name] : [];
  });
}

/** Which of them a server's refusal names, by one of their files. */
export function namedLineages(message: string, filesOf: ReadonlyMap<string, readonly string[]>): string[] {
  return [...filesOf].filter(([, files]) => files.some((file) => isNamed(message, file))).map(([lineage]) => lineage);
}

/** Between what cannot belong to a longer path. */
function isNamed(message: string, file: string): boolean {
  for (let at = message.indexOf(file); at >= 0; at = message.indexOf(file, at + 1)) {
    const around = `${message.charAt(at - 1)}${message.charAt(at + file.length)}`;
    if (!/[\w/-]/.test(around)) return true;
  }
  return false;
}

/**
 * The version to link back: of `candidates` (in order of preference) the first that a server could serve now, for all of `names`.
 * The failure is why the first one cannot be.
 */
export function versionToRestore(
  candidates: readonly KeptVersion[],
  names: readonly string[],
  now: number,
): { ok: true; value: KeptVersion & { leaf: Certificate } } | { ok: false; failure: string } {
  let first: string | undefined;
  for (const candidate of candidates) {
    const { leaf } = candidate;
    const objection = objectionTo(candidate, names, now);
    if (leaf && objection === undefined) return { ok: true, value: { ...candidate, leaf } };
    first ??= `version ${candidate.version} ${objection}`;
  }
  return { ok: false, failure: first ?? 'the archive holds no earlier version' };
}

function objectionTo({ leaf, failure, keyMatches }: KeptVersion, names: readonly string[], now: number) {
  if (failure || !leaf) return `cannot be read: ${failure?.detail ?? 'it has no certificate'}`;
  if (keyMatches !== true) return 'has a private key that does not belong to it';
  if (Date.parse(leaf.notAfter) <= now) return `ended at ${leaf.notAfter}`;
  if (Date.parse(leaf.notBefore) > now) return `begins at ${leaf.notBefore}`;
  const missing = uncoveredNames(leaf, names);
  return missing.length > 0 ? `does not name ${missing.slice(0, 5).join(', ')}` : undefined;
}
