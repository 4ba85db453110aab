import type { SbomParts } from './sbom.ts';
import type { App, Architecture } from './targets.ts';

/** What a binary holds besides its code. */
export interface Extras {
  /** By the key that getAsset knows them by. */
  assets: ReadonlyMap<string, Uint8Array>;
  /** Files below the repository's root that they were made from. */
  inputs: string[];
  sbom: Pick<SbomParts, 'sqlite'>;
}

export async function extrasOf(_top: string, _app: App, _architecture: Architecture): Promise<Extras> {
  return { assets: new Map(), inputs: [], sbom: {} };
}
