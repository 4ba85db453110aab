/** An address as `Listen` and `<VirtualHost>` write it. */
export interface ApacheAddress {
  /** An IP address without brackets, a host name, or "*" for every address. */
  host: string;
  /** 0 for every port. */
  port: number;
}

type Read<T> = { ok: true; value: T } | { ok: false; fault: string };

/** One word of `Listen` (RFC 3986 brackets around IPv6): a port is needed, an address is not. Faults in httpd's words. */
export function listenAddress(word: string): Read<ApacheAddress> {
  const parts = addressParts(word);
  if (!parts || parts.zone || parts.port === 0) return { ok: false, fault: 'Invalid address or port' };
  if (parts.port === undefined) return { ok: false, fault: 'Port must be specified' };
  return { ok: true, value: { host: parts.host === '' ? '*' : parts.host, port: parts.port } };
}

/** One word of `<VirtualHost>`: an address is needed; without a port it means `mainPort` (0 for every port). */
export function virtualHostAddress(word: string, mainPort: number): Read<ApacheAddress> {
  const anyPort = word.endsWith(':*');
  const parts = addressParts(anyPort ? word.slice(0, -2) : word);
  if (!parts || parts.port === 0) return { ok: false, fault: 'The address or port is invalid' };
  if (parts.host === '') return { ok: false, fault: 'Missing address for VirtualHost' };
  if (parts.zone) return { ok: false, fault: 'Scope ids are not supported' };
  const host = parts.host.toLowerCase() === '_default_' ? '*' : parts.host;
  return { ok: true, value: { host, port: anyPort ? 0 : (parts.port ?? mainPort) } };
}

/** As apr_parse_addr_port: digits alone are a port. */
function addressParts(word: string): { host: string; port?: number; zone: boolean } | undefined {
  if (/^\d+$/.test(word)) return withPort('', word);
  const bracketed = /^\[([\dA-Fa-f:.]+)(%[^\]]*)?\](?::(\d+))?$/.exec(word);
  if (bracketed) return withPort(canonical(bracketed[1] ?? ''), bracketed[3], bracketed[2] !== undefined);
  const plain = /^([^:[\]]{0,253})(?::(\d+))?$/.exec(word);
  return plain ? withPort(plain[1] ?? '', plain[2]) : undefined;
}

function withPort(host: string, digits: string | undefined, zone = false): ReturnType<typeof addressParts> {
  if (digits === undefined) return { host, zone };
  const port = Number(digits);
  return port <= 65_535 ? { host, port, zone } : undefined;
}

/** One spelling for each IPv6 address (RFC 5952), so that two can be compared. */
function canonical(address: string): string {
  const url = URL.canParse(`http://[${address}]`) ? new URL(`http://[${address}]`).hostname : undefined;
  return url === undefined ? address : url.slice(1, -1);
}
