import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { toPem } from './mint.ts';

/** id-ml-dsa-65 (RFC 9881): both the kind of the key and of the signature. */
const mlDsa65 = Buffer.from('300b0609608648016503040312', 'hex');

/**
 * A self-signed certificate with an ML-DSA-65 key, PEM. The generator of mint.ts signs through WebCrypto, which has no such
 * key here: so its DER (RFC 5280 4.1) is put together by hand, with a name and the names that it stands for.
 */
export function mintMlDsa(names: readonly string[]): { der: Buffer; pem: string; keyPem: string } {
  const { privateKey } = generateKeyPairSync('ml-dsa-65');
  const name = tlv(0x30, tlv(0x31, tlv(0x30, oid('550403'), tlv(0x0c, Buffer.from(names[0] ?? 'x')))));
  const now = Date.now();
  const signed = tlv(
    0x30,
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([0x11])),
    mlDsa65,
    name,
    tlv(0x30, ...[now - 3_600_000, now + 90 * 86_400_000].map((at) => tlv(0x17, Buffer.from(utcTime(at))))),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      tlv(0x30, tlv(0x30, oid('551d11'), tlv(0x04, tlv(0x30, ...names.map((each) => tlv(0x82, Buffer.from(each))))))),
    ),
  );
  const der = tlv(0x30, signed, mlDsa65, tlv(0x03, Buffer.from([0]), sign(null, signed, privateKey)));
  return {
    der,
    pem: toPem('CERTIFICATE', der),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function tlv(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

/** YYMMDDHHMMSSZ */
function utcTime(at: number): string {
  return `${new Date(at).toISOString().slice(2, 19).replaceAll(/[-:T]/g, '')}Z`;
}
