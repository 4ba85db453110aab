import manifest from './package.json' with { type: 'json' };

// Written in by scripts/package/bundle.ts. A clone has neither.
declare const builtVersion: string | undefined;
declare const builtCommit: string | undefined;

export const agentVersion: string = typeof builtVersion === 'string' ? builtVersion : manifest.version;

/** The commit that a binary was made from, `-changed` at its end if the tree was not that commit's; else `unknown`. */
export const agentCommit: string = typeof builtCommit === 'string' ? builtCommit : 'unknown';
