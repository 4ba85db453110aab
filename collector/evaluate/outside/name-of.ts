/** Does a host's server name stand for this one: exactly, or as a wildcard of one label more, or as nginx's ".example.com". */
export function isNameOf(serverName: string, host: string): boolean {
  const name = serverName.toLowerCase();
  if (name === host) return true;
  const below = /^\*?(\..+)$/.exec(name)?.[1];
  return below !== undefined && (host.endsWith(below) || (name.startsWith('.') && host === below.slice(1)));
}
