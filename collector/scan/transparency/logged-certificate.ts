import { createHash } from 'node:crypto';
import { readCertificate } from '@certherd/x509/certificate';
import { enter, tags } from '@certherd/x509/plain-der';
import type { LoggedDraft } from '../../store/transparency.ts';
import type { LoggedEntry } from './tile-leaf.ts';
import type { IsWatched } from './watched-names.ts';

/** Names of one certificate that are kept: those that are watched, and no more of them. */
const mostNames = 100;
const clippedTo = 1000;

/** What is kept of an entry that bears a watched name; undefined: none of it is, or it cannot be read. Strings are raw. */
export function loggedCertificate(
  { der, kind, timestamp }: LoggedEntry,
  isWatched: IsWatched,
): Omit<LoggedDraft, 'log' | 'entry'> | undefined {
  const whole = kind === 'certificate' ? der : asCertificate(der);
  const read = whole && readCertificate(whole);
  if (!read?.ok) return undefined;
  const { subjectAltNames, issuer, serialNumber, notBefore, notAfter, fingerprint } = read.value;
  const names = [...new Set(subjectAltNames.map((name) => name.toLowerCase()).filter(isWatched))];
  if (names.length === 0) return undefined;
  return {
    id: loggedId(issuer, serialNumber),
    issuer: issuer.slice(0, clippedTo),
    serialNumber,
    notBefore: Date.parse(notBefore),
    notAfter: Date.parse(notAfter),
    names: names.slice(0, mostNames).map((name) => name.slice(0, clippedTo)),
    loggedAt: timestamp,
    ...(kind === 'certificate' && { fingerprint }),
  };
}

/** By which a precertificate and the certificate that came of it are one (RFC 5280 4.1.2.2). */
function loggedId(issuer: string, serialNumber: string): string {
  return createHash('sha256').update(`${serialNumber}\n${issuer}`).digest('hex');
}

/** A TBSCertificate with an empty signature behind it, so that what reads certificates reads it. */
function asCertificate(tbs: Uint8Array): Uint8Array | undefined {
  const algorithm = algorithmOf(tbs);
  if (!algorithm) return undefined;
  const content = Buffer.concat([tbs, algorithm, Uint8Array.of(tags.bitString, 1, 0)]);
  const length = content.length;
  const head =
    length < 0x80
      ? [tags.sequence, length]
      : length < 0x1_00_00
        ? [tags.sequence, 0x82, length >> 8, length & 0xff]
        : [tags.sequence, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  if (length >= 0x80 && length < 0x1_00) return Buffer.concat([Uint8Array.of(tags.sequence, 0x81, length), content]);
  return Buffer.concat([Uint8Array.from(head), content]);
}

/** The AlgorithmIdentifier of a TBSCertificate: behind the version and the serial number (RFC 5280 4.1). */
function algorithmOf(tbs: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(tbs.buffer, tbs.byteOffset, tbs.byteLength);
  const cursor = { bytes, at: 0 };
  const end = enter(cursor, tags.sequence, bytes.length);
  if (end !== bytes.length) return undefined;
  const version = enter({ bytes, at: cursor.at }, 0xa0, end);
  const serial = { bytes, at: version < 0 ? cursor.at : version };
  const algorithmAt = enter(serial, tags.integer, end);
  if (algorithmAt < 0) return undefined;
  const behind = enter({ bytes, at: algorithmAt }, tags.sequence, end);
  return behind < 0 ? undefined : bytes.subarray(algorithmAt, behind);
}
