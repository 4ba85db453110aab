import { isIP } from 'node:net';
import { isLoopback } from '../authority.ts';

/**
 * Is this Host header (RFC 9110 7.2) one that a page of this listener would send? A name from outside that was
 * made to resolve to this machine (DNS rebinding) is not. The address that a connection came to is: no name led there.
 */
export function isOwnHost(
  header: string | undefined,
  listenHost: string,
  { names = [], localAddress }: { names?: readonly string[]; localAddress?: string | undefined } = {},
): boolean {
  const whole = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/.exec(header ?? '');
  const host = (whole?.[1] ?? whole?.[2])?.toLowerCase();
  if (host === undefined) return false;
  const reached = localAddress?.replace(/^::ffff:(?=[\d.]+$)/, '').toLowerCase();
  return (
    isLoopback(host) ||
    host === listenHost.toLowerCase() ||
    names.includes(host) ||
    (isIP(host) !== 0 && host === reached)
  );
}
