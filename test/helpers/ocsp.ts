import { createHash, type KeyObject, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateParts } from '../../x509/certificate-parts.ts';
import { bits, oid, sequence, text, tlv } from './der.ts';
import type { Minted } from './mint.ts';
import type { Sandbox } from './testbed/sandbox.ts';

export interface OcspRequest {
  leaf: Minted;
  issuer: Minted;
  /** Default: the issuer. */
  signer?: Minted;
  /** Default: good. */
  says?: 'good' | 'unknown' | { revokedAt: Date };
  /** `openssl ocsp`'s further arguments: "-rcid sha256", "-resp_key_id", "-ndays 1". */
  more?: readonly string[];
}

/** An answer that `openssl ocsp` makes, of now. */
export async function opensslOcsp(sandbox: Sandbox, request: OcspRequest): Promise<Buffer> {
  const { leaf, issuer, signer = issuer, says = 'good', more = [] } = request;
  const folder = sandbox.folder(`ocsp-${createHash('sha256').update(JSON.stringify(request)).digest('hex')}`);
  const at = (name: string) => join(folder, name);
  writeFileSync(at('leaf.pem'), leaf.pem);
  writeFileSync(at('ca.pem'), issuer.pem);
  writeFileSync(at('signer.pem'), signer.pem);
  writeFileSync(at('signer.key'), signer.keyPem);
  const { serialNumber } = leaf.x509;
  const [state, revoked] = typeof says === 'object' ? ['R', digits(says.revokedAt).slice(2)] : ['V', ''];
  writeFileSync(
    at('index.txt'),
    says === 'unknown' ? '' : `${state}\t490101000000Z\t${revoked}\t${serialNumber}\tunknown\t/CN=x\n`,
  );
  const files = [
    '-index',
    at('index.txt'),
    '-rsigner',
    at('signer.pem'),
    '-rkey',
    at('signer.key'),
    '-CA',
    at('ca.pem'),
  ];
  const ask = ['-issuer', at('ca.pem'), ...more, '-cert', at('leaf.pem'), '-no_nonce', '-noverify'];
  const ran = await sandbox.run('openssl', ['ocsp', ...files, ...ask, '-respout', at('answer.der')]);
  if (ran.exit !== 0) throw new Error(`openssl ocsp failed: ${ran.stderr}`);
  return readFileSync(at('answer.der'));
}

/** Parts of an answer in DER; what is left out is ordinary: good, of now, by the issuer. */
export interface OcspParts {
  leaf: Minted;
  issuer: Minted;
  key?: KeyObject;
  /** CertStatus. */
  status?: Buffer;
  thisUpdate?: Date;
  /** Undefined: none. */
  nextUpdate?: Date | undefined;
  /** singleExtensions. */
  extensions?: readonly Buffer[];
  certificates?: readonly Buffer[];
  /** Of the signature. */
  algorithm?: Buffer;
}

/** `openssl ocsp` makes answers of now alone, and none that is odd: this makes both. The key is of P-256. */
export function rawOcsp(parts: OcspParts): Buffer {
  const { leaf, issuer, key = issuer.key, thisUpdate = new Date(), certificates = [] } = parts;
  const about = certificateParts(leaf.der);
  const by = certificateParts(issuer.der);
  if (!about || !by) throw new Error('not minted');
  const sha1 = (bytes: Buffer) => tlv(0x04, createHash('sha1').update(bytes).digest());
  const id = sequence(
    sequence(oid('1.3.14.3.2.26'), tlv(0x05)),
    sha1(by.subject),
    sha1(by.publicKey),
    tlv(0x02, about.serialNumber),
  );
  const one = sequence(
    id,
    parts.status ?? tlv(0x80),
    time(thisUpdate),
    ...('nextUpdate' in parts && !parts.nextUpdate
      ? []
      : [tlv(0xa0, time(parts.nextUpdate ?? new Date(Date.now() + 86_400_000)))]),
    ...(parts.extensions ? [tlv(0xa1, sequence(...parts.extensions))] : []),
  );
  const data = sequence(tlv(0xa1, by.subject), time(thisUpdate), sequence(one));
  const basic = sequence(
    data,
    sequence(parts.algorithm ?? oid('1.2.840.10045.4.3.2')),
    bits(sign('sha256', data, key)),
    ...(certificates.length > 0 ? [tlv(0xa0, sequence(...certificates))] : []),
  );
  return sequence(tlv(0x0a, Buffer.from([0])), tlv(0xa0, sequence(oid('1.3.6.1.5.5.7.48.1.1'), tlv(0x04, basic))));
}

/** GeneralizedTime. */
export function time(date: Date): Buffer {
  return text(0x18, digits(date));
}

/** "20261128103000Z" */
function digits(date: Date): string {
  return date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
}
