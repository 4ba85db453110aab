import { isIP } from 'node:net';
import type { Certificate } from '@certherd/protocol/certificate';
import type { CertificateFacts } from '../../store/facts.ts';
import { attributeValues } from '../../evaluate/distinguished-name.ts';
import { pairs } from './family.ts';

/** A label with many names is cut to this many bytes, on a whole name. */
const longestList = 1024;

/** A certificate in labels of both exporters, each as flat text. */
export interface CertificateLabels {
  /** ssl_exporter's: lists are wrapped in commas, the serial number is decimal. */
  ssl: string;
  /** x509-certificate-exporter's, without those of the file: parts of a name that are not there are left out. */
  x509: string;
  /** Its life, in seconds since 1970. */
  notBefore: number;
  notAfter: number;
}

/** A certificate that is opened where its labels have to be made. */
interface Labelled extends Pick<CertificateFacts, 'basis'> {
  fingerprint: string;
  readonly certificate: Certificate;
}

interface KeptLabels {
  labels: CertificateLabels;
  /** The number of the last one that had it. */
  scrape: number;
}

export type LabelsOf = (one: Labelled) => CertificateLabels;

/**
 * Labels of certificates, and again what was made for the scrape before: making them is most of the work. Kept are those of `most`
 * certificates, some 600 bytes each; a larger fleet's others are made at each scrape.
 */
export function keepLabels(most: number): () => LabelsOf {
  // Apart: what an agent told of a certificate may not be what its DER says.
  const kept = { told: new Map<string, KeptLabels>(), der: new Map<string, KeptLabels>() };
  let scrape = 0;
  return () => {
    for (const ofBasis of Object.values(kept))
      for (const [fingerprint, one] of ofBasis) if (one.scrape < scrape) ofBasis.delete(fingerprint);
    const now = ++scrape;
    return (one) => {
      const ofBasis = kept[one.basis];
      const known = ofBasis.get(one.fingerprint);
      if (known) known.scrape = now;
      const labels = known?.labels ?? certificateLabels(one);
      if (!known && kept.told.size + kept.der.size < most) ofBasis.set(one.fingerprint, { labels, scrape: now });
      return labels;
    };
  };
}

export function certificateLabels({ certificate }: Pick<Labelled, 'certificate'>): CertificateLabels {
  const { subject, issuer, subjectAltNames, serialNumber, notBefore, notAfter } = certificate;
  const names: string[] = [];
  const addresses: string[] = [];
  const emails: string[] = [];
  for (const name of subjectAltNames)
    if (isIP(name) !== 0) addresses.push(name);
    else if (name.startsWith('email:')) emails.push(name.slice(6));
    else if (!isOfKind.test(name)) names.push(name);
  const serial = decimal(serialNumber);
  const x509: Record<string, string> = { serial_number: serial };
  for (const [whose, name] of Object.entries({ issuer, subject }))
    for (const part of ['C', 'ST', 'L', 'O', 'OU', 'CN']) {
      const value = first(name, part);
      if (value !== '') x509[`${whose}_${part}`] = value;
    }
  return {
    ssl: pairs({
      serial_no: serial,
      issuer_cn: first(issuer, 'CN'),
      cn: first(subject, 'CN'),
      dnsnames: list(names),
      ips: list(addresses),
      emails: list(emails),
      ou: list(subject.includes('OU=') ? attributeValues(subject, 'OU') : []),
    }),
    x509: pairs(x509),
    notBefore: Date.parse(notBefore) / 1000,
    notAfter: Date.parse(notAfter) / 1000,
  };
}

/** Of what is known of a certificate that was seen from outside alone. */
export function outsideLabels({ subject = '', issuer = '' }: { subject?: string; issuer?: string }): string {
  return pairs({ issuer_cn: first(issuer, 'CN'), cn: first(subject, 'CN') });
}

export function bounded(text: string): string {
  return text.length > longestList ? text.slice(0, longestList) : text;
}

/** "URI:…", "email:…": a name that is no dNSName. */
const isOfKind = /^[A-Za-z][A-Za-z ]*:/;

function first(name: string, attribute: string): string {
  return name.includes(`${attribute}=`) ? bounded(attributeValues(name, attribute)[0] ?? '') : '';
}

function decimal(hexadecimal: string): string {
  return /^[0-9A-Fa-f]+$/.test(hexadecimal) ? BigInt(`0x${hexadecimal}`).toString() : hexadecimal;
}

function list(names: readonly string[]): string {
  let text = '';
  for (const name of names) {
    if (Buffer.byteLength(text) + Buffer.byteLength(name) + 2 > longestList) break;
    text += `,${name}`;
  }
  return text === '' ? '' : `${text},`;
}
