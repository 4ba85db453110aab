import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import type { Result } from '@certherd/protocol/failure';
import { rootsIn, systemRootFiles } from '@certherd/x509/roots';
import { type Roots, rootsBySubject } from '@certherd/x509/trust-path';
import { codeOf } from '../failure.ts';

/**
 * The roots that chains are judged by: the system's (the first of its usual files, else those that Node carries), and those of PEM
 * files beside them. The failure names the file that cannot be used.
 */
export function readRoots(extraFiles: readonly string[]): Result<Roots, string> {
  const system = systemRootFiles.map(read).find((bytes) => bytes.ok);
  const found = system?.ok ? rootsIn(system.value) : rootCertificates.flatMap((pem) => rootsIn(Buffer.from(pem)));
  for (const file of extraFiles) {
    const bytes = read(file);
    if (!bytes.ok) return { ok: false, failure: `${file}: cannot be read (${bytes.failure})` };
    const roots = rootsIn(bytes.value);
    if (roots.length === 0) return { ok: false, failure: `${file}: no certificate in PEM is in it` };
    found.push(...roots);
  }
  return { ok: true, value: rootsBySubject(found) };
}

function read(file: string): Result<Uint8Array, string> {
  try {
    return { ok: true, value: readFileSync(file) };
  } catch (error) {
    return { ok: false, failure: codeOf(error) || 'unknown error' };
  }
}
