import { isIP } from 'node:net';

/** A host name or address, and a port. IPv6 without brackets. */
export interface Authority {
  host: string;
  port: number;
}

/** Reads HOST:PORT, IPv6 in brackets (RFC 3986 3.2). undefined when it is neither. */
export function parseAuthority(text: string): Authority | undefined {
  const whole = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const host = whole?.[1] ?? whole?.[2];
  const port = Number(whole?.[3]);
  if (!whole || !host || port > 65_535 || (whole[1] !== undefined && isIP(host) !== 6)) return undefined;
  return { host, port };
}

/** Writes what parseAuthority reads. */
export function formatAuthority({ host, port }: Authority): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** localhost and its subdomains (RFC 6761 6.3), 127.0.0.0/8 and ::1. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase();
  if (isIP(name) === 4) return name.startsWith('127.');
  return name === '::1' || name === 'localhost' || name.endsWith('.localhost');
}

/** "192.0.2.53", "2001:db8::53", "127.0.0.1:5353" or "[::1]:5353", as node:dns takes it. */
export function isNameServer(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const authority = isIP(value) === 0 ? parseAuthority(value) : undefined;
  return isIP(value) !== 0 || (authority !== undefined && isIP(authority.host) !== 0 && authority.port > 0);
}
