import { Resolver } from 'node:dns';
import { isIP } from 'node:net';
import { type Result } from '@certherd/protocol/failure';
import type { NotTold, OutsideFailure } from '@certherd/protocol/look';

/** The addresses behind a name, IPv6 first; `leftOut`: so many more are not asked. */
export interface Addresses {
  addresses: string[];
  leftOut: number;
  /** The family of which no resolver told, while the other one has addresses. */
  notTold?: NotTold;
}

export type Resolve = (host: string) => Promise<Result<Addresses, OutsideFailure>>;

/** Of each family that many addresses of a name are asked: what stands behind one name is rarely more, and never without end. */
export const mostOfFamily = 8;

const timeoutMs = 3000;
/** Names at the same time: a resolver that is asked for hundreds at once loses some of the questions. */
const namesAtOnce = 16;

/** Both families by c-ares, whose answers have a deadline; the machine's own hosts file is not asked. `servers`: in place of the system's. */
export function systemResolve(servers: readonly string[] = []): Resolve {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const inTurn = atMost(namesAtOnce);
  return async (host) =>
    isIP(host) === 0 ? inTurn(() => resolved(host)) : { ok: true, value: { addresses: [host], leftOut: 0 } };

  async function resolved(host: string): Promise<Result<Addresses, OutsideFailure>> {
    const [v6, v4] = await Promise.all([
      answer((tell) => resolver.resolve6(host, tell)),
      answer((tell) => resolver.resolve4(host, tell)),
    ]);
    const found = [v6, v4].map((one) => (one.ok ? [...new Set(one.value)].sort() : []));
    const addresses = found.flatMap((list) => list.slice(0, mostOfFamily));
    if (addresses.length > 0) {
      const [code6, code4] = [notToldBy(v6), notToldBy(v4)];
      const family = code6 === undefined ? ('ipv4' as const) : ('ipv6' as const);
      const code = code6 ?? code4;
      return {
        ok: true,
        value: {
          addresses,
          leftOut: found.flat().length - addresses.length,
          ...(code !== undefined && {
            notTold: { family, detail: `no resolver tells of ${host} in ${family} (${code})` },
          }),
        },
      };
    }
    const code = [v6, v4]
      .map((one) => (one.ok ? undefined : one.code))
      .find((one) => one !== undefined && !isNone(one));
    return code === undefined
      ? { ok: false, failure: { reason: 'no-address', detail: `${host} has no address in the DNS` } }
      : { ok: false, failure: { reason: 'not-resolved', detail: `no resolver tells of ${host} (${code})` } };
  }
}

/** Runs tasks in their order, so many at the same time. */
function atMost(count: number): <T>(task: () => Promise<T>) => Promise<T> {
  let free = count;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}

type Answer = { ok: true; value: string[] } | { ok: false; code: string };

/** A name that has addresses of the other family exists: that it does not (RFC 8020) is then no answer either. */
function notToldBy(answer: Answer): string | undefined {
  return answer.ok || answer.code === 'EBADNAME' ? undefined : answer.code;
}

/** There is no such name. */
function isNone(code: string): boolean {
  return code === 'ENOTFOUND' || code === 'EBADNAME';
}

type Told = (error: NodeJS.ErrnoException | null, addresses: string[]) => void;

/** One promise for each question: node's own `dns/promises` makes two, and throws. */
function answer(ask: (told: Told) => void): Promise<Answer> {
  return new Promise((tell) => {
    try {
      ask((error, value) => tell(error ? withoutAddresses(error) : { ok: true, value }));
    } catch (error) {
      // a name that c-ares takes for none is told so at once
      tell(withoutAddresses(error));
    }
  });
}

/** "It has none" is an answer; that nobody answers is not. */
function withoutAddresses(error: unknown): Answer {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return code === 'ENODATA' ? { ok: true, value: [] } : { ok: false, code };
}
