import { rootCertificates } from 'node:tls';

/** Mozilla's roots as Node carries them, PEM: for a host that has no list of its own. */
export function bundledRoots(): readonly string[] {
  return rootCertificates;
}
