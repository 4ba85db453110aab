import { Buffer } from 'node:buffer';
import { type Element, elementsOf, within } from './der-elements.ts';
import { tags } from './plain-der.ts';

/** Parts of a certificate (RFC 5280 4.1) as they stand in its DER, of which OCSP takes hashes; node:crypto gives none of them so. */
export interface CertificateParts {
  /** The content of the INTEGER. */
  serialNumber: Buffer;
  /** Names, with tag and length. */
  issuer: Buffer;
  subject: Buffer;
  /** The bits of subjectPublicKey. */
  publicKey: Buffer;
  /** extnValue's content by the content of its OID in hexadecimal. */
  extensions: ReadonlyMap<string, Buffer>;
}

/** Undefined: it is not written so. */
export function certificateParts(der: Uint8Array): CertificateParts | undefined {
  const [certificate] = elementsOf(Buffer.from(der.buffer, der.byteOffset, der.byteLength)) ?? [];
  const [signed] = within(certificate, tags.sequence);
  const fields = within(signed, tags.sequence);
  const [serial, , issuer, , subject, keyInfo, ...rest] = fields[0]?.tag === version ? fields.slice(1) : fields;
  const [, key] = within(keyInfo, tags.sequence);
  if (serial?.tag !== tags.integer || issuer?.tag !== tags.sequence || subject?.tag !== tags.sequence) return undefined;
  if (key?.tag !== tags.bitString || key.content[0] !== 0) return undefined;
  const wrapped = rest.find(({ tag }) => tag === tags.extensions);
  return {
    serialNumber: serial.content,
    issuer: issuer.whole,
    subject: subject.whole,
    publicKey: key.content.subarray(1),
    extensions: new Map(within(within(wrapped, tags.extensions)[0], tags.sequence).map(named)),
  };
}

/** [0] of TBSCertificate. */
const version = 0xa0;

/** Its content, behind what may say that it is critical. */
function named(extension: Element): [string, Buffer] {
  const parts = within(extension, tags.sequence);
  return [parts[0]?.content.toString('hex') ?? '', parts.at(-1)?.content ?? Buffer.alloc(0)];
}

const tlsFeature = Buffer.from('2b06010505070118', 'hex');
const statusRequest = 5;

/** Does the certificate demand that a server staples an OCSP answer to it (RFC 7633: status_request among its TLS features)? */
export function demandsStaple(der: Uint8Array): boolean {
  // few do: most certificates are told by looking for the name of the extension
  if (!Buffer.from(der.buffer, der.byteOffset, der.byteLength).includes(tlsFeature)) return false;
  const value = certificateParts(der)?.extensions.get(tlsFeature.toString('hex'));
  const [list] = (value && elementsOf(value)) ?? [];
  return within(list, tags.sequence).some(
    ({ tag, content }) => tag === tags.integer && content.length === 1 && content[0] === statusRequest,
  );
}
