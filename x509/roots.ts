import { X509Certificate } from 'node:crypto';
import { decodePem, isCertificateLabel, readPemBlocks } from './pem.ts';

/** Where systems keep all their roots in one file: Debian and Ubuntu, Red Hat, SUSE, Alpine. */
export const systemRootFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

/** The certificates in a PEM file; what cannot be read is left out. */
export function rootsIn(bytes: Uint8Array): X509Certificate[] {
  return readPemBlocks(bytes)
    .filter(({ label }) => isCertificateLabel(label))
    .flatMap((block) => {
      const der = decodePem(block);
      const certificate = der.ok ? openedOrNot(der.value) : undefined;
      return certificate ? [certificate] : [];
    });
}

/** Undefined: no certificate. */
export function openedOrNot(der: Uint8Array | undefined): X509Certificate | undefined {
  try {
    return der && new X509Certificate(der);
  } catch {
    return undefined;
  }
}
