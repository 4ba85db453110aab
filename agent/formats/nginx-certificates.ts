import type { Failure } from '@certherd/protocol/failure';

/** A certificate and its key as one deployment names them. */
export interface CertificatePair {
  /** Absolute paths; a value that is no path stands as written, literal key or certificate text left out. */
  certificatePath: string;
  /** Empty when nginx's config names no key for the certificate. */
  keyPath: string;
  failure?: Failure;
}

/** The path as nginx builds it: the main file's directory (its conf prefix) in front of a relative one, nothing else changed. */
export function fromConfigDirectory(configFile: string, path: string): string {
  return path.startsWith('/') ? path : configFile.slice(0, configFile.lastIndexOf('/') + 1) + path;
}

/** Matches `ssl_certificate` and `ssl_certificate_key` values in their order, as ngx_ssl_certificates does. */
export function certificatePairs(configFile: string, certificates: string[], keys: string[]): CertificatePair[] {
  return certificates.map((certificate, index) => certificatePair(configFile, certificate, keys[index]));
}

/** The wire takes paths of this length; the kernel's own limit is the same (PATH_MAX). */
const maxPathLength = 4096;

function certificatePair(configFile: string, certificate: string, key: string | undefined): CertificatePair {
  const certificateKind = notAPath(certificate, ['data:']);
  const keyKind = key === undefined ? undefined : notAPath(key, ['data:', 'engine:', 'store:']);
  const pair: CertificatePair = {
    certificatePath: shown(configFile, certificate, certificateKind),
    keyPath: key === undefined ? '' : shown(configFile, key, keyKind),
  };
  const text = textWithoutPrefix(certificate, key);
  if (text !== undefined) pair.failure = { reason: 'syntax', detail: text };
  else if (certificateKind) pair.failure = unsupported('ssl_certificate', certificateKind);
  else if (keyKind) pair.failure = unsupported('ssl_certificate_key', keyKind);
  else if (key === undefined)
    pair.failure = { reason: 'syntax', detail: missingKey(pair.certificatePath).slice(0, 2000) };
  return pair;
}

/** nginx's words for a certificate without a key. */
export function missingKey(certificatePath: string): string {
  return `no "ssl_certificate_key" is defined for certificate "${certificatePath}"`;
}

/** The words for a value that is PEM text where nginx looks for a path; undefined where neither value is. */
export function textWithoutPrefix(certificate: string, key = ''): string | undefined {
  const directive = isText(certificate) ? 'ssl_certificate' : isText(key) ? 'ssl_certificate_key' : undefined;
  return directive && `"${directive}" holds the text of a key or certificate and not "data:" before it`;
}

function isText(value: string): boolean {
  return value.includes('-----BEGIN') && !value.startsWith('data:');
}

/** What a value is when it is not the path of a file: the prefix, or "variable"; undefined for a path. */
function notAPath(value: string, prefixes: string[]): string | undefined {
  return prefixes.find((prefix) => value.startsWith(prefix)) ?? (value.includes('$') ? 'variable' : undefined);
}

/** `data:` may hold a key itself, and so may a value where it was forgotten: only names of variables are shown. */
function shown(configFile: string, value: string, kind: string | undefined): string {
  if (isText(value)) return '(left out)';
  const text = kind === undefined ? fromConfigDirectory(configFile, value) : value;
  const literal = kind === 'data:' && !/^data:(?:\$\w+|\$\{\w+\})+$/.test(value);
  return literal ? 'data:(left out)' : text.slice(0, maxPathLength);
}

function unsupported(directive: string, kind: string): Failure {
  return { reason: 'unsupported', detail: `${directive} ${explanations.get(kind) ?? ''}` };
}

const explanations: ReadonlyMap<string, string> = new Map([
  ['variable', 'holds variables: nginx chooses the file at each handshake'],
  ['data:', 'holds the text itself (data:), not the path of a file'],
  ['engine:', 'names a key that an OpenSSL engine keeps (engine:), not the path of a file'],
  ['store:', 'names a key that an OpenSSL provider keeps (store:), not the path of a file'],
]);
