import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { decodePem, isCertificateLabel, readPemBlocks } from './pem.ts';
import type { Roots } from './trust-path.ts';

/** Where systems keep all their roots in one file: Debian and Ubuntu, Red Hat, SUSE, Alpine. */
export const systemRootFiles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;

/** The certificates in a PEM file; what cannot be read is left out. */
export function rootsIn(bytes: Uint8Array): X509Certificate[] {
  return derIn(bytes).flatMap((der) => openedOrNot(der) ?? []);
}

/** DER of what a PEM file calls certificates; none of it was opened. */
export function derIn(bytes: Uint8Array): Uint8Array[] {
  return readPemBlocks(bytes)
    .filter(({ label }) => isCertificateLabel(label))
    .flatMap((block) => {
      const der = decodePem(block);
      return der.ok ? [der.value] : [];
    });
}

/** What is not there may have any name, without end; but the chains of a host mostly end at one or two CAs of its own. */
const mostAbsent = 16;

/** Of these roots, DER, each is opened when it is asked for: a system has 150 of them, which take 1.3 MB opened, and chains end in a few. */
export function rootsWhenAsked(ders: readonly Uint8Array[]): Roots {
  const opened = new Map<string, readonly X509Certificate[]>();
  const absent = new Set<string>();
  return {
    get: (subject) => {
      const known = opened.get(subject);
      if (known) return known;
      if (absent.has(subject)) return [];
      const named = ders.filter(mayBe(subject)).flatMap((der) => openedOrNot(der) ?? []);
      const found = named.filter((certificate) => certificate.subject === subject);
      if (found.length > 0) opened.set(subject, found);
      else {
        if (absent.size >= mostAbsent) absent.clear();
        absent.add(subject);
      }
      return found;
    },
  };
}

/** Is its last attribute in these bytes? True for all where it is not written as it stands there: escaped, beside another, beyond ASCII. */
function mayBe(subject: string): (der: Uint8Array) => boolean {
  const value = /^[^\\+#]*$/.test(subject) && /=([ -~]+)$/.exec(subject)?.[1];
  if (!value) return () => true;
  // BMPString has two bytes a character, UniversalString four (X.680 41): the others are zeros.
  return (der) => Buffer.from(der).toString('latin1').replaceAll('\0', '').includes(value);
}

/** Undefined: no certificate. */
export function openedOrNot(der: Uint8Array | undefined): X509Certificate | undefined {
  try {
    return der && new X509Certificate(der);
  } catch {
    return undefined;
  }
}
