import { Buffer } from 'node:buffer';
import forge from 'node-forge';

/** One node of a parsed ASN.1 value, as node-forge holds it. */
export type Node = forge.asn1.Asn1;

/** Object identifiers by the hexadecimal of their DER content, which is what oidOf gives. */
export const oids = {
  /** RFC 5652: id-data, id-signedData, id-encryptedData */
  data: '2a864886f70d010701',
  signedData: '2a864886f70d010702',
  encryptedData: '2a864886f70d010706',
  /** RFC 7292: the bags of PKCS#12 */
  keyBag: '2a864886f70d010c0a0101',
  shroudedKeyBag: '2a864886f70d010c0a0102',
  certBag: '2a864886f70d010c0a0103',
  safeContentsBag: '2a864886f70d010c0a0106',
  /** RFC 2985: x509Certificate */
  x509Certificate: '2a864886f70d01091601',
} as const;

/** Parses DER, and BER as containers use it (indefinite lengths). Undefined when it is neither, or nested over 256 deep. */
export function parseAsn1(bytes: Uint8Array): Node | undefined {
  try {
    return forge.asn1.fromDer(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  } catch {
    return undefined;
  }
}

/** The children of a constructed value, else none. */
export function partsOf(node: Node | undefined): Node[] {
  return Array.isArray(node?.value) ? node.value : [];
}

/** The child at the end of a path of positions. */
export function partAt(node: Node | undefined, ...path: number[]): Node | undefined {
  return path.reduce<Node | undefined>((at, index) => partsOf(at)[index], node);
}

/** The content of an OCTET STRING or other primitive; BER's strings in pieces are put together. */
export function contentOf(node: Node | undefined): Buffer | undefined {
  if (!node) return undefined;
  if (!Array.isArray(node.value)) return Buffer.from(node.value, 'latin1');
  const pieces = node.value.map((piece) =>
    Array.isArray(piece.value) ? undefined : Buffer.from(piece.value, 'latin1'),
  );
  return pieces.includes(undefined) ? undefined : Buffer.concat(pieces.filter((piece) => piece !== undefined));
}

/** Hexadecimal content of an OBJECT IDENTIFIER; empty for anything else. */
export function oidOf(node: Node | undefined): string {
  return node?.type === forge.asn1.Type.OID && !Array.isArray(node.value)
    ? Buffer.from(node.value, 'latin1').toString('hex')
    : '';
}

/** A non-negative INTEGER up to 2^47; undefined for anything else. */
export function integerOf(node: Node | undefined): number | undefined {
  if (node?.type !== forge.asn1.Type.INTEGER || Array.isArray(node.value)) return undefined;
  const bytes = Buffer.from(node.value, 'latin1');
  if (bytes.length === 0 || bytes.length > 6 || (bytes[0] ?? 0) > 0x7f) return undefined;
  return bytes.readUIntBE(0, bytes.length);
}

/** Is this the context-specific tag [number]? */
export function isTagged(node: Node | undefined, number: number): boolean {
  const tag: number | undefined = node?.type;
  return node?.tagClass === forge.asn1.Class.CONTEXT_SPECIFIC && tag === number;
}

/** The DER of one node. node-forge writes it anew, which for DER gives the same bytes. */
export function derOf(node: Node): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1');
}
