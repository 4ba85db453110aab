import { derIn, openedOrNot, rootsWhenAsked, systemRootFiles } from '@certherd/x509/roots';
import type { Roots } from '@certherd/x509/trust-path';
import type { Files } from '../ports.ts';

/** What this host trusts, and which files that came from. */
export interface TrustedRoots {
  roots: Roots;
  /** Files that were read, with the time of their last change: while these stand, nothing need be read again. */
  sources: { path: string; modifiedAt: number }[];
  /** Files of `extraRoots` that hold no readable certificate. */
  unusable: string[];
}

/**
 * The system's roots (the first of its usual files, a CA added with update-ca-certificates included; `bundled` PEM texts
 * where there is none) and those of `extraRoots`, absolute paths of PEM files. Gives `before` back while no file changed.
 */
export function readTrustedRoots(
  files: Files,
  options: { extraRoots: readonly string[]; bundled: () => readonly string[] },
  before?: TrustedRoots,
): TrustedRoots {
  const system = systemRootFiles.find((path) => files.resolve(path).ok);
  const paths = [...(system === undefined ? [] : [system]), ...options.extraRoots];
  const sources = paths.flatMap((path) => {
    const real = files.resolve(path);
    const changed = real.ok ? files.linkChangedAt(real.value) : real;
    return changed.ok ? [{ path, modifiedAt: changed.value }] : [];
  });
  if (before && before.unusable.length === 0 && JSON.stringify(before.sources) === JSON.stringify(sources))
    return before;
  const found: Uint8Array[] = [];
  const unusable: string[] = [];
  for (const path of paths) {
    const content = files.read(path);
    const roots = content.ok ? derIn(content.value.bytes) : [];
    if (!roots.some((der) => openedOrNot(der))) unusable.push(path);
    found.push(...roots);
  }
  const systemRead = system !== undefined && !unusable.includes(system);
  if (!systemRead) found.push(...options.bundled().flatMap((pem) => derIn(new TextEncoder().encode(pem))));
  return { roots: rootsWhenAsked(found), sources, unusable: unusable.filter((path) => path !== system) };
}

/** The same roots as PEM texts, for a TLS client of our own; what cannot be read is left out. `more`: PEM files beside the system's. */
export function readRootTexts(files: Files, bundled: () => readonly string[], more: readonly string[]): string[] {
  const textOf = (path: string | undefined) => {
    const content = path === undefined ? undefined : files.read(path);
    return content?.ok ? [new TextDecoder().decode(content.value.bytes)] : [];
  };
  const system = textOf(systemRootFiles.find((path) => files.resolve(path).ok));
  return [...(system.length > 0 ? system : bundled()), ...more.flatMap(textOf)];
}
