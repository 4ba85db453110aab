import { isLoopback } from '../authority.ts';

/**
 * Is this Host header (RFC 9110 7.2) one that a page of this listener would send? A name from outside that was
 * made to resolve to this machine (DNS rebinding) is not.
 */
export function isOwnHost(header: string | undefined, listenHost: string): boolean {
  const whole = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(header ?? '');
  const host = whole?.[1] ?? whole?.[2];
  return host !== undefined && (isLoopback(host) || host.toLowerCase() === listenHost.toLowerCase());
}
