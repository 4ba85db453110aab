import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Result } from '@certherd/protocol/failure';
import type { OutsideFailure } from './seen.ts';

/** The addresses behind a name, IPv6 first; `leftOut`: so many more are not asked. */
export interface Addresses {
  addresses: string[];
  leftOut: number;
}

export type Resolve = (host: string) => Promise<Result<Addresses, OutsideFailure>>;

/** Of each family that many addresses of a name are asked: what stands behind one name is rarely more, and never without end. */
export const mostOfFamily = 8;

const timeoutMs = 3000;

/** Both families by c-ares, whose answers have a deadline; the machine's own hosts file is not asked. `servers`: in place of the system's. */
export function systemResolve(servers: readonly string[] = []): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  return async (host) => {
    if (isIP(host) !== 0) return { ok: true, value: { addresses: [host], leftOut: 0 } };
    const [v6, v4] = await Promise.all([answer(() => resolver.resolve6(host)), answer(() => resolver.resolve4(host))]);
    const found = [v6, v4].map((one) => (one.ok ? [...new Set(one.value)].sort() : []));
    const addresses = found.flatMap((list) => list.slice(0, mostOfFamily));
    if (addresses.length > 0)
      return { ok: true, value: { addresses, leftOut: found.flat().length - addresses.length } };
    const code = [v6, v4].map((one) => (one.ok ? undefined : one.code)).find((one) => one !== undefined);
    return code === undefined
      ? { ok: false, failure: { reason: 'no-address', detail: `${host} has no address in the DNS` } }
      : { ok: false, failure: { reason: 'not-resolved', detail: `no resolver tells of ${host} (${code})` } };
  };
}

type Answer = { ok: true; value: string[] } | { ok: false; code: string };

/** "There is none" is an answer; that nobody answers is not. */
async function answer(ask: () => Promise<string[]>): Promise<Answer> {
  try {
    return { ok: true, value: await ask() };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return ['ENODATA', 'ENOTFOUND', 'EBADNAME'].includes(code) ? { ok: true, value: [] } : { ok: false, code };
  }
}
