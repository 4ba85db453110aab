import { hostname } from 'node:os';
import { type Authority, formatAuthority } from './authority.ts';
import type { Config } from './config.ts';

/** Where the page is: with the first name that browsers know it by; at all addresses by this machine's own. */
export function webUrlOf(
  { web, webListen }: Pick<Config, 'web' | 'webListen'>,
  { port }: Pick<Authority, 'port'>,
): string {
  const everywhere = ['0.0.0.0', '::'].includes(webListen.host);
  const host = web.names[0] ?? (everywhere ? hostname() : webListen.host);
  return `${web.tls === undefined ? 'http' : 'https'}://${formatAuthority({ host, port })}`;
}
