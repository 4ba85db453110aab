import { Buffer } from 'node:buffer';
import { type Failure, failed, type Result, success } from '@certherd/protocol/failure';
import { type Bundle, bundleOf, containerBlock, maxCertificates } from './bundle.ts';
import { openCertificate, type ReadCertificate } from '@certherd/x509/certificate';
import { contentOf, derOf, isTagged, type Node, oidOf, oids, parseAsn1, partAt, partsOf } from './container-asn1.ts';
import { decrypt, fullBudget } from './container-password.ts';
import { keyBelongsTo } from './private-key.ts';

/** A container's content. Only `inspect` loads this file: node-forge is too large for a process that stays. */
export interface Container extends Bundle {
  /** Position of the certificate that the first readable private key belongs to, -1 for none of them; absent without such a key. */
  keyOf?: number;
}

/** Reads PKCS#7 (RFC 2315, degenerate or signed), DER or PEM. Failures as readBundle's. */
export function readPkcs7(bytes: Uint8Array): Container {
  const block: Result<Uint8Array> = containerBlock(bytes) ?? success(bytes);
  if (!block.ok) return empty('pkcs7', block.failure);
  const root = parseAsn1(block.value);
  if (!root) return empty('pkcs7', { reason: 'malformed', detail: 'a damaged PKCS#7 container' });
  if (oidOf(partAt(root, 0)) !== oids.signedData)
    return empty('pkcs7', {
      reason: 'no-certificate',
      detail: 'a PKCS#7 container of a kind that holds no certificates',
    });
  const set = partsOf(partAt(root, 1, 0)).find((part) => isTagged(part, 0));
  return certificatesIn('pkcs7', partsOf(set), (node) => openNode(node, block.value), 0);
}

/**
 * Reads PKCS#12 (RFC 7292), DER or BER, trying the passwords in order. Failures as readBundle's and 'password-needed'.
 * Its MAC is not checked: anybody who can write the file can make one, and what is read here is shown, not trusted.
 */
export function readPkcs12(bytes: Uint8Array, passwords: readonly string[]): Container {
  const root = parseAsn1(bytes);
  const kind = oidOf(partAt(root, 1, 0));
  if (kind === oids.signedData) return empty('pkcs12', { reason: 'unsupported', detail: 'sealed with a public key' });
  const safes = openSafe(contentOf(partAt(root, 1, 1, 0)));
  if (kind !== oids.data || !safes) return empty('pkcs12', damaged);
  const opener: Opener = { passwords: [...passwords], budget: fullBudget() };
  const bags: Bag[] = [];
  const failures: Failure[] = [];
  for (const safe of partsOf(safes)) {
    const content = openContent(safe, opener);
    if (content.ok) bags.push(...bagsIn(content.value));
    else failures.push(content.failure);
  }

  const keys = bags.filter(({ type }) => type === oids.keyBag || type === oids.shroudedKeyBag);
  const found = bags.filter(({ type }) => type === oids.certBag);
  const container = certificatesIn('pkcs12', found, ({ value }) => openBag(value), keys.length);
  const [failure = container.failure] = failures;
  const keyOf = keys[0] && compareKey(keys[0], container.certificates, opener);
  return { ...container, ...(failure ? { failure } : {}), ...(keyOf === undefined ? {} : { keyOf }) };
}

interface Opener {
  /** The one that opened something comes first from then on. */
  passwords: string[];
  budget: ReturnType<typeof fullBudget>;
}

interface Bag {
  type: string;
  value: Node | undefined;
}

const damaged: Failure = { reason: 'malformed', detail: 'a damaged PKCS#12 container' };

function empty(format: 'pkcs7' | 'pkcs12', failure: Failure): Container {
  return { format, certificates: [], keys: 0, leafRead: false, failure };
}

function certificatesIn<T>(
  format: 'pkcs7' | 'pkcs12',
  found: readonly T[],
  read: (one: T) => Result<ReadCertificate>,
  keys: number,
): Container {
  if (found.length === 0)
    return { ...empty(format, { reason: 'no-certificate', detail: 'the container holds no certificate' }), keys };
  const entries = found
    .slice(0, maxCertificates)
    .map((one, index) => ({ place: () => `certificate ${index + 1}`, read: read(one) }));
  return bundleOf(format, entries, keys, found.length);
}

function openNode(node: Node, original: Uint8Array): Result<ReadCertificate> {
  const der = derOf(node);
  // written anew by node-forge: only if these are the very bytes of the file is the fingerprint its own
  return Buffer.from(original).includes(der) ? openCertificate(der) : failed('malformed', 'not plain DER');
}

function openSafe(bytes: Buffer | undefined): Node | undefined {
  return bytes && parseAsn1(bytes);
}

/** ContentInfo: plain data, or encryptedData (RFC 5652 8). */
function openContent(safe: Node, opener: Opener): Result<Node> {
  const type = oidOf(partAt(safe, 0));
  let bytes: Buffer | undefined;
  if (type === oids.data) {
    bytes = contentOf(partAt(safe, 1, 0));
  } else if (type === oids.encryptedData) {
    const sealed = partAt(safe, 1, 0, 1);
    const encrypted = contentOf(partAt(sealed, 2));
    if (!encrypted) return { ok: false, failure: damaged };
    const opened = open(partAt(sealed, 1), encrypted, opener);
    if (!opened.ok) return opened;
    bytes = opened.value;
  } else {
    return failed('unsupported', 'a part that is sealed with a public key');
  }
  const content = openSafe(bytes);
  return content ? success(content) : { ok: false, failure: damaged };
}

function open(algorithm: Node | undefined, encrypted: Buffer, opener: Opener): Result<Buffer> {
  const opened = decrypt(algorithm, encrypted, opener.passwords, opener.budget);
  if (!opened.ok) return opened;
  const { content, password } = opened.value;
  opener.passwords = [password, ...opener.passwords.filter((other) => other !== password)];
  return success(content);
}

/** SafeContents may hold SafeContents. */
function bagsIn(contents: Node | undefined): Bag[] {
  return partsOf(contents).flatMap((bag) => {
    const type = oidOf(partAt(bag, 0));
    const value = partAt(bag, 1, 0);
    return type === oids.safeContentsBag ? bagsIn(value) : [{ type, value }];
  });
}

function openBag(value: Node | undefined): Result<ReadCertificate> {
  if (oidOf(partAt(value, 0)) !== oids.x509Certificate) return failed('unsupported', 'not an X.509 certificate');
  return openCertificate(contentOf(partAt(value, 1, 0)) ?? new Uint8Array());
}

function compareKey(bag: Bag, certificates: readonly ReadCertificate[], opener: Opener): number | undefined {
  const key = bag.type === oids.keyBag ? bag.value && derOf(bag.value) : openKey(bag.value, opener);
  if (!key) return undefined;
  const answers = certificates.map(({ der }) => keyBelongsTo(key, der));
  key.fill(0);
  return answers.some(({ ok }) => ok) ? answers.findIndex((answer) => answer.ok && answer.value) : undefined;
}

/** EncryptedPrivateKeyInfo (RFC 5958 3). */
function openKey(value: Node | undefined, opener: Opener): Buffer | undefined {
  const encrypted = contentOf(partAt(value, 1));
  const opened = encrypted && open(partAt(value, 0), encrypted, opener);
  return opened?.ok ? opened.value : undefined;
}
