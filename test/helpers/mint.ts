import 'reflect-metadata';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export type KeyKind = 'ec' | 'ec384' | 'rsa' | 'ed25519';

/** A certificate made for a test, with its private key in every form that a test may write to a file. */
export interface Minted {
  der: Buffer;
  pem: string;
  /** PKCS#8 PEM. */
  keyPem: string;
  key: KeyObject;
  x509: X509Certificate;
}

export interface MintRequest {
  /** dNSName or iPAddress entries; an address is told by its look. Default: none. */
  names?: readonly string[];
  /** Entries of any kind, after `names`. */
  altNames?: readonly { type: 'dns' | 'ip' | 'email' | 'url' | 'dn' | 'id'; value: string }[];
  /** Attributes in order, raw: [['O', 'Example'], ['CN', 'a']]. Default: CN = the first name, or nothing. */
  subject?: readonly (readonly [string, string])[];
  /** Default: an hour ago. */
  notBefore?: Date;
  /** Default: 90 days after notBefore. */
  notAfter?: Date;
  /** Kind of a fresh key, or an existing private key. Default: 'ec'. */
  key?: KeyKind | KeyObject;
  /** Who signs; default: the certificate signs itself. */
  issuer?: Minted;
  /** A CA certificate (basicConstraints CA:TRUE, keyCertSign). */
  authority?: boolean;
  /** May sign OCSP answers for its issuer (extendedKeyUsage OCSPSigning). */
  ocspSigning?: boolean;
  /** Demands a stapled OCSP answer (RFC 7633). */
  mustStaple?: boolean;
  /** Hexadecimal. Default: random. */
  serialNumber?: string;
}

/** A fresh private key. RSA takes some 50-300 ms: share it within a test file where the key does not matter. */
export function mintKey(kind: KeyKind): KeyObject {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  if (kind === 'ed25519') return generateKeyPairSync('ed25519').privateKey;
  return generateKeyPairSync('ec', { namedCurve: kind === 'ec384' ? 'P-384' : 'P-256' }).privateKey;
}

/** One certificate. */
export async function mint(request: MintRequest = {}): Promise<Minted> {
  const names = request.names ?? [];
  const key = typeof request.key === 'object' ? request.key : mintKey(request.key ?? 'ec');
  const pair = await webPair(key);
  const signer = request.issuer ? await webPair(request.issuer.key) : pair;
  const subject = nameOf(request.subject ?? (names[0] === undefined ? [] : [['CN', names[0]]]));
  const notBefore = request.notBefore ?? new Date(Date.now() - 3_600_000);
  const made = await x509.X509CertificateGenerator.create(
    {
      ...(request.serialNumber === undefined ? {} : { serialNumber: request.serialNumber }),
      subject,
      issuer: request.issuer ? new x509.X509Certificate(new Uint8Array(request.issuer.der)).subjectName : subject,
      notBefore,
      notAfter: request.notAfter ?? new Date(notBefore.getTime() + 90 * 86_400_000),
      publicKey: pair.publicKey,
      signingKey: signer.privateKey,
      ...(signer.algorithm.name === 'ECDSA' ? { signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } } : {}),
      extensions: await extensionsOf(request, pair.publicKey, signer.publicKey),
    },
    crypto,
  );
  return minted(Buffer.from(made.rawData), key);
}

/** A root, an intermediate and a leaf; `fullchain` is what certbot writes: leaf and intermediate, PEM. */
export async function mintChain(
  request: MintRequest = {},
): Promise<{ root: Minted; intermediate: Minted; leaf: Minted; fullchain: string; chain: string }> {
  const life = {
    notBefore: new Date(Date.UTC(2020, 0, 1)),
    notAfter: new Date(Date.UTC(2049, 0, 1)),
    authority: true,
  };
  const root = await mint({ ...life, subject: [['CN', 'Test Root']] });
  const intermediate = await mint({ ...life, subject: [['CN', 'Test Intermediate']], issuer: root });
  const leaf = await mint({ names: ['shop.example.test'], ...request, issuer: intermediate });
  return { root, intermediate, leaf, fullchain: leaf.pem + intermediate.pem, chain: intermediate.pem };
}

/** The same certificate under a public key algorithm that nobody knows: node's publicKey throws on it. */
export function withUnknownKey(from: Minted): Buffer {
  const der = Buffer.from(from.der);
  const ecPublicKey = Buffer.from('06072a8648ce3d0201', 'hex');
  const at = der.indexOf(ecPublicKey);
  if (at < 0) throw new Error('withUnknownKey needs an EC certificate');
  der[at + ecPublicKey.length - 1] = 0x7f;
  return der;
}

/** PEM text of any bytes under any label. */
export function toPem(label: string, bytes: Uint8Array): string {
  const body =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${body.map((line) => `${line}\n`).join('')}-----END ${label}-----\n`;
}

function minted(der: Buffer, key: KeyObject): Minted {
  return {
    der,
    pem: toPem('CERTIFICATE', der),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    key,
    x509: new X509Certificate(der),
  };
}

function nameOf(attributes: readonly (readonly [string, string])[]): x509.Name {
  return new x509.Name(attributes.map(([type, value]) => ({ [type]: [{ utf8String: value }] })));
}

async function extensionsOf(request: MintRequest, own: CryptoKey, signer: CryptoKey): Promise<x509.Extension[]> {
  const authority = request.authority ?? false;
  const altNames = [
    ...(request.names ?? []).map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
    // an IA5String of UTF-8 bytes: forbidden, seen in the wild, and the way in for bidi controls
    ...(request.altNames ?? []).map(({ type, value }) => ({
      type,
      value: type === 'dn' ? value : Buffer.from(value, 'utf8').toString('latin1'),
    })),
  ];
  return [
    new x509.BasicConstraintsExtension(authority, undefined, true),
    // the generator wants an enum where the flags are added up: a plain extension takes the bits
    new x509.Extension('2.5.29.15', true, Buffer.from(authority ? '03020106' : '03020780', 'hex')),
    await x509.SubjectKeyIdentifierExtension.create(own, false, crypto),
    await x509.AuthorityKeyIdentifierExtension.create(signer, false, crypto),
    ...(altNames.length > 0 ? [new x509.SubjectAlternativeNameExtension(altNames)] : []),
    ...(request.ocspSigning ? [new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.9'])] : []),
    ...(request.mustStaple ? [new x509.Extension('1.3.6.1.5.5.7.1.24', false, Buffer.from('3003020105', 'hex'))] : []),
  ];
}

type SigningAlgorithm = RsaHashedImportParams | EcKeyImportParams | { name: 'Ed25519' };

/** WebCrypto's view of a key: what the generator signs with. */
async function webPair(key: KeyObject): Promise<CryptoKeyPair & { algorithm: SigningAlgorithm }> {
  const type = key.asymmetricKeyType;
  const algorithm: SigningAlgorithm =
    type === 'rsa'
      ? { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
      : type === 'ec'
        ? { name: 'ECDSA', namedCurve: key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'P-384' : 'P-256' }
        : { name: 'Ed25519' };
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    algorithm,
    privateKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, true, ['sign']),
    publicKey: await crypto.subtle.importKey('spki', new Uint8Array(spki), algorithm, true, ['verify']),
  };
}
