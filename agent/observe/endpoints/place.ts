/** "203.0.113.5:443", "[::1]:443"; a unix socket as it is. */
export function addressAndPort({ address, port }: { address: string; port: number }): string {
  if (port === 0) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** A server name at a listener, as one word: "shop.example.test@203.0.113.5:443". */
export function placeOf({
  serverName,
  listener,
}: {
  serverName: string;
  listener: { address: string; port: number };
}): string {
  return `${serverName}@${addressAndPort(listener)}`;
}

/** A listener at all addresses of a family: "0.0.0.0" or "::". */
export function isAtAllAddresses({ address }: { address: string }): boolean {
  return address === '0.0.0.0' || address === '::';
}
