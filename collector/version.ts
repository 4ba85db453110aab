import manifest from './package.json' with { type: 'json' };

/** The collector's own version. */
export const collectorVersion: string = manifest.version;
