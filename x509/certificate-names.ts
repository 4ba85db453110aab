import { Buffer } from 'node:buffer';

/**
 * Splits the text that X509Certificate.subjectAltName gives: "DNS:a, IP Address:::1, URI:\"x\\u002cy\"". Node quotes a
 * value as a JSON string when it holds a comma, a quote or a byte that is not printable ASCII, so ", " always separates.
 * dNSName and iPAddress come back plain, the latter in the form of RFC 5952; every other kind keeps its prefix.
 */
export function parseSubjectAltName(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  return text.split(', ').map(readEntry);
}

/** Node's "CN=a\nO=b" on one line. Node has escaped control characters by then, so no value holds a line break. */
export function joinAttributes(text: string | undefined): string {
  return (text ?? '').split('\n').join(', ');
}

function readEntry(entry: string): string {
  const colon = entry.indexOf(':');
  const kind = entry.slice(0, colon);
  const value = unquote(entry.slice(colon + 1));
  if (kind === 'DNS') return value;
  if (kind === 'IP Address') return canonicalAddress(value) ?? `${kind}:${value}`;
  return `${kind}:${value}`;
}

function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'string' ? decodeBytes(parsed) : value;
  } catch {
    return value;
  }
}

/** Node reads bytes as Latin-1; where they are UTF-8 they were meant so. */
function decodeBytes(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.toString('latin1') !== text) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return text;
  }
}

/** OpenSSL prints 2001:DB8:0:0:0:0:0:1; people and configs write 2001:db8::1. Undefined when it is no address. */
function canonicalAddress(address: string): string | undefined {
  if (/^[\d.]+$/.test(address)) return address;
  if (!/^[\dA-Fa-f:]+$/.test(address)) return undefined;
  return URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
}
