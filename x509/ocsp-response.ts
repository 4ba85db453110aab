import { Buffer } from 'node:buffer';
import type { Instant } from '@certherd/protocol/certificate';
import { maxStapleBytes } from '@certherd/protocol/version';
import { type Element, elementsOf, within } from './der-elements.ts';
import { timeAt } from './plain-certificate.ts';
import { tags } from './plain-der.ts';

/** What an answer says of a certificate (RFC 6960 2.2). */
export type OcspStatus = 'good' | 'revoked' | 'unknown';

/** Why an answer cannot be believed: a closed list. */
export type OcspFailureReason =
  /** more than 16 KiB */
  | 'too-large'
  /** no OCSPResponse, or not plain DER */
  | 'malformed'
  /** the responder says that it has none: tryLater, unauthorized and their like */
  | 'not-successful'
  /** a kind of response, signature or critical extension that is not known here, or a certificate in odd DER; SHA-1 signs nothing any more */
  | 'unsupported'
  /** of another certificate, or of one of another issuer */
  | 'other-certificate'
  /** neither sent nor trusted: there is nobody by whom it could be proved */
  | 'issuer-absent'
  /** neither the issuer nor a certificate that came with it is its signer */
  | 'signer-absent'
  /** the issuer did not entitle its signer (id-kp-OCSPSigning), or not for now */
  | 'signer-not-entitled'
  /** the signature is not the signer's */
  | 'signature-wrong';

export type OcspResult<T> = { ok: true; value: T } | { ok: false; reason: OcspFailureReason };

/** SingleResponse (RFC 6960 4.2.1). */
export interface SingleResponse {
  /** CertID: the OID of its hash in hexadecimal, both hashes, and the content of the serial number. */
  hash: string;
  issuerNameHash: Buffer;
  issuerKeyHash: Buffer;
  serialNumber: Buffer;
  status: OcspStatus;
  thisUpdate: Instant;
  /** Absent: newer answers are there at all times. */
  nextUpdate?: Instant;
  revokedAt?: Instant;
}

/** BasicOCSPResponse. */
export interface BasicResponse {
  /** DER of ResponseData: what is signed. */
  signed: Buffer;
  /** DER of the signer's name, or the SHA-1 of its key. */
  signer: { name: Buffer } | { keyHash: Buffer };
  producedAt: Instant;
  responses: readonly SingleResponse[];
  /** The OID of the signature's algorithm in hexadecimal. */
  algorithm: string;
  signature: Buffer;
  /** DER of certificates that came with it. */
  certificates: readonly Buffer[];
}

/** Of one certificate a server staples one; some responders answer for a whole chain. */
const mostResponses = 32;
const mostCertificates = 4;

/** Reads an OCSPResponse as it comes from a responder, or stapled. Nothing in it is proved. */
export function readOcspResponse(der: Uint8Array): OcspResult<BasicResponse> {
  if (der.length > maxStapleBytes) return { ok: false, reason: 'too-large' };
  const [outer, ...behind] = elementsOf(Buffer.from(der.buffer, der.byteOffset, der.byteLength)) ?? [];
  const [status, wrapped, ...more] = within(outer, tags.sequence);
  if (status?.tag !== enumerated || status.content.length !== 1 || behind.length + more.length > 0) return malformed;
  if (status.content[0] !== successful) return { ok: false, reason: 'not-successful' };
  const [type, octets] = within(within(wrapped, explicit0)[0], tags.sequence);
  if (type?.tag !== tags.oid || octets?.tag !== tags.octetString) return malformed;
  if (type.content.toString('hex') !== basic) return { ok: false, reason: 'unsupported' };
  return basicResponse(octets.content);
}

const malformed = { ok: false, reason: 'malformed' } as const;
const enumerated = 0x0a;
const successful = 0;
const explicit0 = 0xa0;
const explicit1 = 0xa1;
const explicit2 = 0xa2;
/** id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1 */
const basic = '2b0601050507300101';

function basicResponse(bytes: Buffer): OcspResult<BasicResponse> {
  const [outer] = elementsOf(bytes) ?? [];
  const [data, algorithm, signature, certificates] = within(outer, tags.sequence);
  const fields = within(data, tags.sequence);
  const [signer, producedAt, list, extensions] = fields[0]?.tag === explicit0 ? fields.slice(1) : fields;
  const [oid] = within(algorithm, tags.sequence);
  const responses = within(list, tags.sequence);
  const produced = instantIn(producedAt);
  const id = signerIn(signer);
  if (!data || !produced || !id || oid?.tag !== tags.oid || signature?.tag !== tags.bitString) return malformed;
  if (signature.content[0] !== 0 || responses.length === 0 || responses.length > mostResponses) return malformed;
  const read = responses.map(singleResponse);
  const known = read.flatMap((one) => one ?? []);
  if (known.length < read.length) return malformed;
  const held = within(within(certificates, explicit0)[0], tags.sequence);
  if (held.length > mostCertificates) return malformed;
  const isOdd = [extensions, ...responses.map(extensionsOf)].some(hasCritical);
  if (isOdd) return { ok: false, reason: 'unsupported' };
  return {
    ok: true,
    value: {
      signed: data.whole,
      signer: id,
      producedAt: produced,
      responses: known,
      algorithm: oid.content.toString('hex'),
      signature: signature.content.subarray(1),
      certificates: held.map(({ whole }) => whole),
    },
  };
}

/** ResponderID. */
function signerIn(element: Element | undefined): BasicResponse['signer'] | undefined {
  const [name] = within(element, explicit1);
  if (name?.tag === tags.sequence) return { name: name.whole };
  const [key] = within(element, explicit2);
  return key?.tag === tags.octetString ? { keyHash: key.content } : undefined;
}

function singleResponse(element: Element): SingleResponse | undefined {
  const [id, status, thisUpdate, next] = within(element, tags.sequence);
  const [algorithm, name, key, serial] = within(id, tags.sequence);
  const [hash] = within(algorithm, tags.sequence);
  const updatedAt = instantIn(thisUpdate);
  const told = status && statusIn(status);
  if (hash?.tag !== tags.oid || name?.tag !== tags.octetString || key?.tag !== tags.octetString) return undefined;
  if (serial?.tag !== tags.integer || !updatedAt || !told) return undefined;
  const nextUpdate = next?.tag === explicit0 ? instantIn(within(next, explicit0)[0]) : undefined;
  if (next?.tag === explicit0 && !nextUpdate) return undefined;
  return {
    hash: hash.content.toString('hex'),
    issuerNameHash: name.content,
    issuerKeyHash: key.content,
    serialNumber: serial.content,
    ...told,
    thisUpdate: updatedAt,
    ...(nextUpdate && { nextUpdate }),
  };
}

/** CertStatus: [0] NULL, [1] RevokedInfo, [2] NULL. */
function statusIn(element: Element): Pick<SingleResponse, 'status' | 'revokedAt'> | undefined {
  if (element.tag === 0x80 && element.content.length === 0) return { status: 'good' };
  if (element.tag === 0x82 && element.content.length === 0) return { status: 'unknown' };
  const revokedAt = instantIn(within(element, explicit1)[0]);
  return revokedAt === undefined ? undefined : { status: 'revoked', revokedAt };
}

function extensionsOf(response: Element): Element | undefined {
  return within(response, tags.sequence)
    .slice(3)
    .find(({ tag }) => tag === explicit1);
}

/** None is known here, and one that is critical may say that all is different (RFC 6960 4.4). */
function hasCritical(extensions: Element | undefined): boolean {
  return within(within(extensions, explicit1)[0], tags.sequence).some((one) => {
    const [, critical] = within(one, tags.sequence);
    return critical?.tag === tags.boolean && critical.content[0] !== 0;
  });
}

/** A GeneralizedTime as RFC 5280 4.1.2.5.2 has it. */
function instantIn(element: Element | undefined): Instant | undefined {
  if (element?.tag !== tags.generalizedTime) return undefined;
  return timeAt({ bytes: element.whole, at: 0 }, element.whole.length);
}
