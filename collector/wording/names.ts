import type { Certificate } from '@certherd/protocol/certificate';
import type { EndpointView } from '../serve/estate.ts';

/** What people call a certificate: its subjectAltNames, else its common name, else its subject. Raw. */
export function namesOf({ subjectAltNames, subject }: Pick<Certificate, 'subjectAltNames' | 'subject'>): string[] {
  if (subjectAltNames.length > 0) return subjectAltNames;
  return [attribute(subject, 'CN') ?? (subject === '' ? 'no name' : subject)];
}

/** Who issued it, short: common name and organisation where there are any, else the text as found. Raw. */
export function issuerName(issuer: string): string {
  const parts = [attribute(issuer, 'CN'), attribute(issuer, 'O')].filter((part) => part !== undefined);
  return parts.length > 0 ? parts.join(', ') : issuer;
}

/** The organisation that issued it, whichever of its keys signed: the same for all of a CA's certificates. Raw. */
export function authorityName({ issuer, subject }: Pick<Certificate, 'issuer' | 'subject'>): string {
  if (issuer === subject) return 'itself (self-signed)';
  const name = attribute(issuer, 'O') ?? attribute(issuer, 'CN') ?? issuer;
  return name === '' ? 'no name' : name.replace(/\\(.)/g, '$1');
}

/** "192.0.2.1:443", "[::]:443", "unix:/run/site.sock". Raw. */
export function listenerName({ address, port }: Pick<EndpointView, 'address' | 'port'>): string {
  if (port === 0) return address;
  return address.includes(':') && !address.startsWith('[') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Enough of a fingerprint to tell two apart by eye. */
export function shortFingerprint(fingerprint: string): string {
  return fingerprint.slice(0, 8);
}

/** One attribute of a name that is written "C=US, O=Example, CN=Example R1"; a comma inside a value is escaped. */
function attribute(text: string, type: string): string | undefined {
  const found = new RegExp(String.raw`(?:^|(?<!\\), )${type}=((?:\\.|[^\\,])*)`, 'i').exec(text);
  return found?.[1];
}
