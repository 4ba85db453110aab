import type { Deployment } from '@certherd/protocol/snapshot';

/** The server block that a deployment belongs to: a block with two certificates has two of them. */
export function blockOf({ configFile, line }: Pick<Deployment, 'configFile' | 'line'>): string {
  return `${configFile}:${line}`;
}
