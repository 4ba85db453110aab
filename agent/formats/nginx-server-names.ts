import type { Server } from '@certherd/protocol/snapshot';
import { type ListenerTable, placeOf } from './nginx-listeners.ts';

/**
 * The first server name that nginx cannot put into its tables, which it builds for each address where several servers
 * are told apart by name (ngx_http_server_names): "www.*.test", "a..test". It names no line for it.
 */
export function impossibleName({ listeners }: ListenerTable): Server['failure'] {
  for (const listener of listeners.values()) {
    if (listener.kind === 'mail' || listener.servers.length < 2) continue;
    const name = listener.servers.flatMap(({ names }) => names).find(isImpossible);
    if (name === undefined) continue;
    const detail = `invalid server name or wildcard "${name.toLowerCase()}" on ${placeOf(listener)}`;
    return { reason: 'syntax', detail: detail.slice(0, 2000) };
  }
  return undefined;
}

/** As ngx_hash_add_key: at most one "*", as the first or the last label, and no empty label inside. */
function isImpossible(name: string): boolean {
  if (name.startsWith('~') || name === '') return false;
  if (name.includes('..') || name.includes('\0')) return true;
  const stars = name.split('*').length - 1;
  return stars > 1 || (stars === 1 && !/^\*\.[^]|[^]\.\*$/.test(name));
}
