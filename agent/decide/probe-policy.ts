import { addressBytes, isInRange } from '@certherd/handshake/outside/address';
import type { Target } from '@certherd/handshake/outside/ask-places';

/** What a collector may have this host look at: names, wildcards ("*.example.com": what lies below it) and ranges of addresses, each at one port. */
export interface AllowedPlace {
  /** In lower case. */
  place: string;
  port: number;
}

/** "shop.example.com", "*.example.com:8443", "10.20.0.0/16:443", "[2001:db8::/32]:443"; without a port: 443. */
export function allowedPlace(written: string): AllowedPlace {
  const [, bracketed, bare = '', port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(written) ?? [];
  return { place: (bracketed ?? bare).toLowerCase(), port: port === undefined ? 443 : Number(port) };
}

/** Undefined: this host may look there. Else why not, in words. */
export function whyNotLook({ host, port }: Target, allowed: readonly AllowedPlace[]): string | undefined {
  if (allowed.length === 0) return 'its agent looks nowhere: agent.toml has no [probe] allow';
  if (allowed.some((one) => one.port === port && isMeant(one.place, host))) return undefined;
  return `[probe] allow in its agent.toml does not name ${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function isMeant(place: string, host: string): boolean {
  if (addressBytes(host)) return isInRange(host, place);
  return place.startsWith('*.') ? host.endsWith(place.slice(1)) && host.length >= place.length : place === host;
}
