import { Resolver } from 'node:dns/promises';
import { failed, type FailureReason, type Result, success } from '@certherd/protocol/failure';
import type { CaaRecord, Names } from '../ports.ts';

const timeoutMs = 3000;

/** DNS by c-ares, so that the answers are those of the resolvers and not of this host's own files alone. */
export function systemNames(servers: readonly string[] = []): Names {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 });
  const wrong = settled(resolver, servers);
  if (wrong !== undefined) {
    const refuse = () => Promise.resolve(failed('malformed', `name_servers: ${wrong}`));
    return { addresses: refuse, caa: refuse };
  }
  return {
    addresses: async (name) => {
      const [v6, v4] = await Promise.all([
        answer(name, () => resolver.resolve6(name)),
        answer(name, () => resolver.resolve4(name)),
      ]);
      const found = [v6, v4].flatMap((one) => (one.ok ? one.value : []));
      const refused = [v6, v4].find((one) => !one.ok);
      return found.length > 0 || !refused ? success(found) : refused;
    },
    caa: (name) => answer(name, async () => (await resolver.resolveCaa(name)).map(recordOf)),
  };
}

/** What Node has against these addresses. */
function settled(resolver: Resolver, servers: readonly string[]): string | undefined {
  try {
    if (servers.length > 0) resolver.setServers(servers);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Node gives the tag as the name of a field beside `critical` (and, since 22, `type`). */
function recordOf(found: { critical: number }): CaaRecord {
  const [tag = '', value = ''] = Object.entries(found).find(([name]) => name !== 'critical' && name !== 'type') ?? [];
  return { critical: (found.critical & 0x80) !== 0, tag, value: String(value) };
}

/** "There is none" is an answer; that nobody answers is not. */
async function answer<T>(name: string, ask: () => Promise<T[]>): Promise<Result<T[]>> {
  try {
    return success(await ask());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (['ENODATA', 'ENOTFOUND', 'EBADNAME'].includes(code)) return success([]);
    return failed(reasonOf(code), `no resolver tells of ${name} (${code})`);
  }
}

/** 'unreachable': the servers of the name itself fail, for a CA too. The rest is between this host and its resolvers. */
function reasonOf(code: string): FailureReason {
  if (code === 'ESERVFAIL') return 'unreachable';
  return code === 'ECONNREFUSED' ? 'connection-refused' : 'timed-out';
}
